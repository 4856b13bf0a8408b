/**
 * What a database holds, read at one moment and restored as a broker would, except that no time passes: nothing expires,
 * nothing is written, nothing is sent.
 */
import { defaultLimits } from '../../core/limits.ts'
import type { CoreRecord, Seq } from '../../core/record.ts'
import { Restore } from '../../core/rest/restore.ts'
import type { Snapshot } from '../../core/rest/snapshot-round.ts'
import type { Session } from '../../core/session/session.ts'
import { CoreState } from '../../core/state.ts'
import { readBlock } from '../../store/record-codec.ts'
import { CorruptError } from '../../store/rest-bytes.ts'
import { decodeSnapshot } from '../../store/snapshot-codec.ts'
import type { Database, StoredBlock } from '../../store/sqlite/database.ts'
import { shard } from '../../store/store.ts'

const readBytes = 4 * 1024 * 1024
const readSnapshots = 2000

export interface StoredState {
  readonly core: CoreState
  readonly sessions: readonly { readonly session: Session; readonly wasConnected: boolean }[]
  /** Place of the last record there ever was. */
  readonly head: Seq
}

/**
 * Call inside a transaction, so that it is the state of one moment.
 *
 * @throws CorruptError that says where.
 */
export function loadStoredState(database: Database): StoredState {
  const core = new CoreState({
    limits: { ...defaultLimits },
    asksAuthentication: false,
    authenticationMethods: new Set(),
    asksAuthorization: false,
    responseTopicPrefix: null,
    whenQueueFull: 'spill',
    isDurable: true,
  })
  const restore = new Restore(core)
  eachSnapshot(database, (snapshot, at) => restore.snapshot(snapshot, at))
  eachRecord(database, (seq, record) => restore.record(seq, record))
  restore.forgetAcknowledged()
  const head = Math.max(core.lastSeq, database.head(shard))
  return { core, sessions: [...restore.sessions()], head }
}

/** Every record that is left, in order. @throws CorruptError that says where. */
export function eachRecord(database: Database, onRecord: (seq: Seq, record: CoreRecord) => void): void {
  for (let after = 0; ; ) {
    const blocks = database.blocks(shard, after, readBytes)
    for (const block of blocks) {
      decodeAt(database, `table log: block ${block.first} (records ${block.first} to ${block.last})`, () =>
        readBlock(bufferOf(block), block.first, onRecord),
      )
      after = block.first
    }
    if (blocks.length === 0) return
  }
}

/** Every snapshot, those of Sessions first. @throws CorruptError that says where. */
export function eachSnapshot(database: Database, onSnapshot: (snapshot: Snapshot, at: Seq) => void): void {
  for (let after = ''; ; ) {
    const rows = database.snapshots(shard, after, readSnapshots)
    for (const { key, at, bytes } of rows) {
      const buffer = Buffer.from(bytes ?? [])
      decodeAt(database, `table snapshot: "${key}"`, () => onSnapshot(decodeSnapshot(key, buffer), at))
      after = key
    }
    if (rows.length === 0) return
  }
}

/** The records with these seqs, by seq, those that are there. */
export function recordsAt(database: Database, seqs: readonly Seq[]): Map<Seq, CoreRecord> {
  const wanted = new Set(seqs)
  const found = new Map<Seq, CoreRecord>()
  let last = 0
  for (const seq of [...wanted].sort((one, other) => one - other)) {
    if (seq <= last) continue
    const block = database.blockOf(shard, seq)
    if (block === null) continue
    last = block.last
    readBlock(bufferOf(block), block.first, (at, record) => {
      if (wanted.has(at)) found.set(at, record)
    })
  }
  return found
}

function decodeAt(database: Database, place: string, decode: () => void): void {
  try {
    decode()
  } catch (error) {
    if (!(error instanceof CorruptError)) throw error
    throw new CorruptError(`${database.path}: ${place}: ${error.message}`)
  }
}

function bufferOf({ bytes }: Pick<StoredBlock, 'bytes'>): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
