/**
 * The durable store of a single machine: SQLite, in a thread of its own.
 *
 * A batch becomes one transaction; while it is being written the next one fills, so that one sync serves all that came
 * meanwhile. This side encodes and decodes; the thread reads and writes.
 */
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { CoreRecord, Seq } from '../../core/record.ts'
import type { Snapshot } from '../../core/rest/snapshot-round.ts'
import { ByteWriter } from '../../protocol/byte-writer.ts'
import { readBlock, writeRecordBytes } from '../record-codec.ts'
import { CorruptError } from '../rest-bytes.ts'
import { decodeSnapshot, encodeSnapshotInSteps, snapshotKey } from '../snapshot-codec.ts'
import { type Store, StoreRefusedError } from '../store.ts'
import { databaseName, repairAdvice } from './data-directory.ts'
import type { StoredBlock } from './database.ts'
import type { Block, ErrorReply, FromThread, Request, SnapshotRow, ThreadOptions } from './messages.ts'
import type { PrivateFiles } from './private-files.ts'

/** What is promised, and how much room is left. */
export interface SqliteOptions {
  /** `fsync`: an append is on the disk when it resolves. `interval`: at the latest `intervalMs` later. Default `fsync`. */
  readonly durability?: 'fsync' | 'interval'
  /** Milliseconds; default 100. */
  readonly intervalMs?: number
  /** Bytes of the file system that stay free: below, no message that needs a record is taken in. Default 64 MiB. */
  readonly freeBytesMin?: number
  /** An upgrade of the format may lose what it says; without this it refuses. Default false. */
  readonly acceptLoss?: boolean
}

/** Bytes of records in one row. */
const blockSize = 256 * 1024
/** What is read in one go while loading. */
const loadBytes = 4 * 1024 * 1024
const loadSnapshots = 2000

interface HandedOver {
  readonly bytes: Uint8Array<ArrayBuffer> | Float64Array<ArrayBuffer> | null
}

interface Waiting {
  resolve(value: unknown): void
  reject(error: Error): void
}

export class SqliteStore implements Store {
  readonly isDurable = true
  onRoom: ((hasRoom: boolean) => void) | null = null
  onFailure: ((error: Error) => void) | null = null
  readonly #threadOptions: ThreadOptions
  readonly #waiting = new Map<number, Waiting>()
  readonly #writer = new ByteWriter(blockSize)
  #worker: Worker | null = null
  #lastId = 0
  #failure: Error | null = null
  #isClosing = false
  #files: PrivateFiles = { closed: [], open: [] }

  /** `directory` is created when the store is opened, if it is missing. */
  constructor(directory: string, options: SqliteOptions = {}) {
    const { durability = 'fsync', intervalMs = 100, freeBytesMin = 64 * 1024 * 1024, acceptLoss = false } = options
    this.#threadOptions = { directory, durability, intervalMs, freeBytesMin, acceptLoss }
  }

  /** What of the directory other users could read when it was opened. */
  get files(): PrivateFiles {
    return this.#files
  }

  get directory(): string {
    return this.#threadOptions.directory
  }

  /** @throws an Error that says what is wrong with the directory and what to do. */
  async open(): Promise<void> {
    // Beside this file, as source or built.
    const file = `store-thread.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`
    const worker = new Worker(new URL(file, import.meta.url), { workerData: this.#threadOptions })
    this.#failure = null
    this.#isClosing = false
    await new Promise<void>((resolve, reject) => {
      worker.once('error', reject)
      worker.on('message', (message: FromThread) => {
        if (message.type === 'opened') {
          this.#files = message.files
          resolve()
        } else if (message.type === 'not-opened') reject(errorOf(message.error))
        else this.#receive(message)
      })
    })
    this.#worker = worker
    worker.on('error', (error) => this.#fail(error))
    worker.on('exit', () => this.#fail(new Error('the store was closed')))
    // Only work under way keeps the process alive.
    worker.unref()
  }

  async append(shard: number, first: Seq, batch: readonly (CoreRecord | null)[]): Promise<{ bytes: number }> {
    const blocks: Block[] = []
    let bytes = 0
    const writer = this.#writer
    writer.position = 0
    let blockFirst = first
    let last = first
    let records = 0
    const endBlock = (): void => {
      const block = takeBytes(writer)
      blocks.push({ first: blockFirst, last, records, bytes: block })
      bytes += block.length
      records = 0
    }
    for (let index = 0; index < batch.length; index++) {
      const record = batch[index]
      if (record === null || record === undefined) continue
      const seq = first + index
      if (records === 0) blockFirst = seq
      writeRecordBytes(writer, record, records === 0 ? 0 : seq - last)
      last = seq
      records += 1
      if (writer.position >= blockSize) endBlock()
    }
    if (records > 0) endBlock()
    await this.#ask({ type: 'append', shard, first, blocks }, blocks)
    return { bytes }
  }

  async tail(shard: number, onRecord: (seq: Seq, record: CoreRecord) => void): Promise<void> {
    for (let after = 0; ; ) {
      const blocks = await this.#askForBlocks({ type: 'blocks', shard, after, bytesMax: loadBytes })
      for (const block of blocks) {
        this.#decode(`table log: block ${block.first} (records ${block.first} to ${block.last})`, () =>
          readBlock(bufferOf(block.bytes), block.first, onRecord),
        )
        after = block.first
      }
      if (blocks.length === 0) return
    }
  }

  async read(shard: number, seqs: readonly Seq[]): Promise<{ seq: Seq; record: CoreRecord }[]> {
    const found: { seq: Seq; record: CoreRecord }[] = []
    for (const block of await this.#askForBlocks({ type: 'read', shard, seqs })) {
      readBlock(bufferOf(block.bytes), block.first, (seq, record) => found.push({ seq, record }))
    }
    return found
  }

  async head(shard: number): Promise<Seq> {
    // What the thread answers to this.
    return (await this.#ask({ type: 'head', shard })) as Seq
  }

  async trim(shard: number, before: Seq, keep: readonly Seq[]): Promise<void> {
    // Handed over: a copy of a million numbers takes a while.
    const runs = Float64Array.from(keep)
    await this.#ask({ type: 'trim', shard, before, keep: runs }, [{ bytes: runs }])
  }

  async put(shard: number, at: Seq, snapshots: readonly Snapshot[]): Promise<void> {
    // Each has made its first step before others get their turn: only what is frozen takes more than one.
    const encoding = snapshots.map(async (snapshot): Promise<SnapshotRow> => {
      const { key, isGone } = snapshotKey(snapshot)
      return { key, at, bytes: isGone ? null : await encodeBitByBit(snapshot) }
    })
    const rows = await Promise.all(encoding)
    await this.#ask({ type: 'put', shard, rows }, rows)
  }

  async snapshots(shard: number, onSnapshot: (snapshot: Snapshot, at: Seq) => void): Promise<void> {
    for (let after = ''; ; ) {
      // What the thread answers to this.
      const rows = (await this.#ask({ type: 'snapshots', shard, after, countMax: loadSnapshots })) as SnapshotRow[]
      for (const { key, at, bytes } of rows) {
        const snapshot = this.#decode(`table snapshot: "${key}"`, () =>
          decodeSnapshot(key, bufferOf(bytes ?? new Uint8Array())),
        )
        onSnapshot(snapshot, at)
        after = key
      }
      if (rows.length === 0) return
    }
  }

  async claim(key: string, value: Uint8Array, ttlMs: number | null): Promise<boolean> {
    return (await this.#ask({ type: 'claim', key, value, ttlMs })) === true
  }

  async claims(prefix: string): Promise<[string, Uint8Array][]> {
    // What the thread answers to this.
    return (await this.#ask({ type: 'claims', prefix })) as [string, Uint8Array][]
  }

  /** Writes a copy of everything as it is now to a file that must not exist. The broker goes on meanwhile. */
  async backup(path: string): Promise<void> {
    await this.#ask({ type: 'backup', path })
  }

  async close(): Promise<void> {
    if (this.#failure !== null || this.#worker === null) return
    this.#isClosing = true
    await this.#ask({ type: 'close' })
    await this.#worker.terminate()
  }

  /**
   * What the thread is in the middle of ends; a transaction that is open is rolled back. SQLite closes its files as it does when the
   * process ends, and with them goes the lock of the directory.
   */
  async abandon(): Promise<void> {
    this.#isClosing = true
    // The end of a thread that has failed by itself, with nothing asked of it, does not keep the process waiting for it.
    const untilGone = setInterval(() => {}, 60_000)
    await this.#worker?.terminate()
    clearInterval(untilGone)
  }

  /** Says where, if it is corrupt. */
  #decode<Result>(place: string, decode: () => Result): Result {
    try {
      return decode()
    } catch (error) {
      if (!(error instanceof CorruptError)) throw error
      const { directory } = this.#threadOptions
      const where = `${join(directory, databaseName)}: ${place}`
      throw new CorruptError(`${where}: ${error.message}.\n${repairAdvice(directory)}`)
    }
  }

  async #askForBlocks(request: Request): Promise<StoredBlock[]> {
    // What the thread answers to requests for blocks.
    return (await this.#ask(request)) as StoredBlock[]
  }

  #ask(request: Request, handedOver: readonly HandedOver[] = []): Promise<unknown> {
    const worker = this.#worker
    if (this.#failure !== null || worker === null) {
      return Promise.reject(this.#failure ?? new Error('the store has not been opened'))
    }
    this.#lastId += 1
    const id = this.#lastId
    const transfer = handedOver.flatMap(({ bytes }) => (bytes === null ? [] : [bytes.buffer]))
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      if (this.#waiting.size === 1) worker.ref()
      worker.postMessage({ id, request }, transfer)
    })
  }

  #receive(message: Exclude<FromThread, { type: 'opened' | 'not-opened' }>): void {
    if (message.type === 'room') {
      this.onRoom?.(message.hasRoom)
      return
    }
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if (this.#waiting.size === 0) this.#worker?.unref()
    if (message.type === 'reply') waiting?.resolve(message.value)
    else waiting?.reject(errorOf(message.error))
  }

  #fail(error: Error): void {
    this.#failure ??= error
    for (const { reject } of this.#waiting.values()) reject(this.#failure)
    this.#waiting.clear()
    if (!this.#isClosing) this.onFailure?.(this.#failure)
  }
}

function errorOf({ kind, message }: ErrorReply): Error {
  if (kind === 'refused') return new StoreRefusedError(message)
  return kind === 'corrupt' ? new CorruptError(message) : new Error(message)
}

/** Others get their turn between two steps. */
async function encodeBitByBit(snapshot: Snapshot): Promise<Uint8Array<ArrayBuffer>> {
  const steps = encodeSnapshotInSteps(snapshot)
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return Uint8Array.from(value)
    await nextTurn()
  }
}

/** The bytes written so far in a buffer of their own; the writer begins anew. */
function takeBytes(writer: ByteWriter): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(writer.position)
  bytes.set(writer.bytes.subarray(0, writer.position))
  writer.position = 0
  return bytes
}

function bufferOf(bytes: Uint8Array<ArrayBuffer>): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
