/**
 * Reads what can be read of a damaged database, row by row, and says of the rest what can be told.
 *
 * A row counts if SQLite can read it, its checksum fits and its bytes are what the format says.
 */
import { DatabaseSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import type { CoreRecord, Seq } from '../../core/record.ts'
import type { Snapshot } from '../../core/rest/snapshot-round.ts'
import { readBlock } from '../record-codec.ts'
import { CorruptError } from '../rest-bytes.ts'
import { decodeSnapshot } from '../snapshot-codec.ts'
import type { Database } from './database.ts'
import { isDamage } from './open-database.ts'

/** A row, or several, that could not be kept. */
export interface Lost {
  readonly table: 'log' | 'snapshot' | 'head' | 'claim'
  /** What it is, as far as it is known: a block with its first and last record, or the key of a snapshot. */
  readonly block: { readonly first: Seq; readonly last: Seq } | null
  readonly key: string | null
  readonly reason: string
  /** Records of a block that could still be read. They are not kept: nothing says that they are what was written. */
  readonly records: readonly { readonly seq: Seq; readonly record: CoreRecord }[]
  /** A snapshot that could still be read. It is not kept either. */
  readonly snapshot: Snapshot | null
}

type Row = Record<string, unknown>

/** How far beyond a row that cannot be read the next one is looked for. */
const probesMax = 100_000

/** Copies everything that can be read from the file at `path` to an empty database; calls `onLost` for the rest. */
export function salvage(path: string, target: Database, onLost: (lost: Lost) => void): void {
  const connection = new DatabaseSync(path, { timeout: 5000, readOnly: true })
  try {
    const heads = new Map<number, Seq>()
    const reach = (shard: number, seq: Seq): void => {
      heads.set(shard, Math.max(seq, heads.get(shard) ?? 0))
    }
    target.transaction(() => {
      salvageLog(connection, target, reach, onLost)
      salvageSnapshots(connection, target, reach, onLost)
      for (const row of rows(connection, 'head', onLost)) reach(Number(row.shard), Number(row.seq))
      for (const row of rows(connection, 'claim', onLost)) {
        // The columns' types in a STRICT table.
        target.claim(String(row.key), row.value as Uint8Array, 0, row.endsAtMs as number | null)
      }
      for (const [shard, seq] of heads) target.setHead(shard, seq)
    })
  } finally {
    connection.close()
  }
}

function salvageLog(
  connection: DatabaseSync,
  target: Database,
  reach: (shard: number, seq: Seq) => void,
  onLost: (lost: Lost) => void,
): void {
  for (const row of rows(connection, 'log', onLost)) {
    const block = {
      first: Number(row.first),
      last: Number(row.last),
      records: Number(row.records),
      bytes: bytesOf(row),
    }
    const shard = Number(row.shard)
    reach(shard, block.last)
    const records: { seq: Seq; record: CoreRecord }[] = []
    let reason: string | null = null
    try {
      readBlock(Buffer.from(block.bytes.buffer), block.first, (seq, record) => records.push({ seq, record }))
    } catch (error) {
      if (!(error instanceof CorruptError)) throw error
      reason = error.message
    }
    if (crc32(block.bytes) !== Number(row.checksum)) reason = 'the checksum does not fit its bytes'
    else if (records.length !== block.records || records.at(-1)?.seq !== block.last)
      reason ??= 'it does not hold what it should'
    if (reason === null) target.insertBlock(shard, block)
    else onLost({ table: 'log', block, key: null, reason, records, snapshot: null })
  }
}

function salvageSnapshots(
  connection: DatabaseSync,
  target: Database,
  reach: (shard: number, seq: Seq) => void,
  onLost: (lost: Lost) => void,
): void {
  for (const row of rows(connection, 'snapshot', onLost)) {
    const key = String(row.key)
    const bytes = bytesOf(row)
    const shard = Number(row.shard)
    reach(shard, Number(row.at))
    let snapshot: Snapshot | null = null
    let reason: string | null = null
    try {
      snapshot = decodeSnapshot(key, Buffer.from(bytes.buffer))
    } catch (error) {
      if (!(error instanceof CorruptError)) throw error
      reason = error.message
    }
    if (crc32(bytes) !== Number(row.checksum)) reason = 'the checksum does not fit its bytes'
    if (reason === null) target.putSnapshot(shard, { key, at: Number(row.at), bytes })
    else onLost({ table: 'snapshot', block: null, key, reason, records: [], snapshot })
  }
}

/** Every row that SQLite can read, by its place in the file; those it cannot are passed over, one place after the other. */
function* rows(connection: DatabaseSync, table: Lost['table'], onLost: (lost: Lost) => void): Generator<Row> {
  const next = connection.prepare(`SELECT rowid AS place, * FROM ${table} WHERE rowid > ? ORDER BY rowid LIMIT 1`)
  let probes = 0
  for (let place = table === 'head' ? -2 : 0; ; ) {
    let row: Row | undefined
    try {
      row = next.get(place)
    } catch (error) {
      if (!isDamage(error)) throw error
      if (probes === 0) onLost(unreadable(connection, table, place, error))
      probes += 1
      place += 1
      if (probes > probesMax) return
      continue
    }
    if (row === undefined) return
    probes = 0
    place = Number(row.place)
    yield row
  }
}

/** What lies behind `place` cannot be read; its short columns perhaps can. */
function unreadable(connection: DatabaseSync, table: Lost['table'], place: number, error: unknown): Lost {
  const reason = `SQLite cannot read it: ${error instanceof Error ? error.message : String(error)}`
  const lost = { table, block: null, key: null, reason, records: [], snapshot: null }
  const columns = table === 'log' ? 'first, last' : 'key'
  if (table === 'head') return lost
  try {
    const sql = `SELECT ${columns} FROM ${table} NOT INDEXED WHERE rowid > ? ORDER BY rowid LIMIT 1`
    const row = connection.prepare(sql).get(place)
    if (row === undefined) return lost
    if (table === 'log') return { ...lost, block: { first: Number(row.first), last: Number(row.last) } }
    return { ...lost, key: String(row.key) }
  } catch (nested) {
    if (!isDamage(nested)) throw nested
    return lost
  }
}

/** In a buffer of their own. */
function bytesOf(row: Row): Uint8Array<ArrayBuffer> {
  // The column's type in a STRICT table.
  return Uint8Array.from(row.bytes as Uint8Array)
}
