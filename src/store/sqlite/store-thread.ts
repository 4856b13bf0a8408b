/**
 * The thread that owns the database: does what the store asks for, one thing after the other, and answers.
 *
 * Long work goes in slices, so that an append never waits for more than one of them.
 */
import { join } from 'node:path'
import { parentPort, type TransferListItem, workerData } from 'node:worker_threads'
import { CorruptError } from '../rest-bytes.ts'
import {
  type DirectoryLock,
  databaseName,
  errorCode,
  isDiskFull,
  lockDirectory,
  repairAdvice,
} from './data-directory.ts'
import type { Database, StoredBlock } from './database.ts'
import type { ErrorReply, FromThread, Request, ThreadOptions } from './messages.ts'
import { isDamage, openForWriting } from './open-database.ts'
import type { PrivateFiles } from './private-files.ts'
import { readRecords } from './read-records.ts'
import { Room } from './room.ts'
import { trimLog } from './trim-log.ts'

// This file is only ever run as a thread, with these options.
const port = parentPort as NonNullable<typeof parentPort>
const options = workerData as ThreadOptions
// Whether a report of Node names the environment is for the main thread to say: here it would stand once more.
process.report.excludeEnv = true

class StoreThread {
  readonly #database: Database
  readonly #lock: DirectoryLock
  readonly #room: Room
  #syncTimer: NodeJS.Timeout | null = null

  constructor(lock: DirectoryLock, database: Database, room: Room) {
    this.#lock = lock
    this.#database = database
    this.#room = room
  }

  get files(): PrivateFiles {
    return this.#lock.files
  }

  start(): void {
    this.#room.watch(this.#database, (hasRoom) => post({ type: 'room', hasRoom }))
  }

  /** What does not fit on the disk is done again while space can be made for it; then it is refused. */
  async handle(request: Request): Promise<unknown> {
    for (;;) {
      try {
        return await this.#handle(request)
      } catch (error) {
        // A backup goes to a disk of its own.
        if (!isDiskFull(error) || request.type === 'backup' || !this.#room.makeSpace()) throw error
      }
    }
  }

  async #handle(request: Request): Promise<unknown> {
    const database = this.#database
    switch (request.type) {
      case 'append':
        return this.#append(request)
      case 'put':
        database.transaction(() => {
          for (const row of request.rows) database.putSnapshot(request.shard, row)
        })
        return this.#written(request.rows.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0))
      case 'blocks':
        return database.blocks(request.shard, request.after, request.bytesMax)
      case 'snapshots':
        return database.snapshots(request.shard, request.after, request.countMax)
      case 'read':
        return readRecords(database, request.shard, request.seqs)
      case 'trim':
        await trimLog(database, request.shard, request.before, request.keep, this.#room.isComfortable)
        return this.#room.look()
      case 'head':
        return database.head(request.shard)
      case 'claim': {
        const nowMs = Date.now()
        const endsAtMs = request.ttlMs === null ? null : nowMs + request.ttlMs
        let isMade = false
        database.transaction(() => {
          isMade = database.claim(request.key, request.value, nowMs, endsAtMs)
        })
        return isMade
      }
      case 'claims':
        return database.claims(request.prefix, Date.now())
      case 'backup':
        return database.copyTo(request.path)
      case 'close':
        return this.#close()
    }
  }

  #append({ shard, first, blocks }: Extract<Request, { type: 'append' }>): void {
    let bytes = 0
    this.#database.transaction(() => {
      const head = this.#database.head(shard)
      if (first <= head) throw new Error(`record ${first} was appended behind record ${head}`)
      for (const block of blocks) {
        this.#database.insertBlock(shard, block)
        bytes += block.bytes.length
      }
    })
    this.#written(bytes)
  }

  #written(bytes: number): void {
    if (options.durability === 'interval' && this.#syncTimer === null) {
      // The rest of the interval is for the sync itself.
      this.#syncTimer = setTimeout(() => this.#sync(), options.intervalMs / 2)
    }
    this.#room.written(bytes)
  }

  /** At `interval`: what was committed so far is on the disk. A failure is found out here, so it ends the thread. */
  #sync(): void {
    this.#syncTimer = null
    for (;;) {
      try {
        this.#database.sync()
        return
      } catch (error) {
        if (!isDiskFull(error) || !this.#room.makeSpace()) throw new Error(errorReply(error).message)
      }
    }
  }

  #close(): void {
    this.#room.stop()
    if (this.#syncTimer !== null) {
      clearTimeout(this.#syncTimer)
      this.#sync()
    }
    this.#database.close()
    this.#lock.release()
  }
}

function post(message: FromThread, transfer: TransferListItem[] = []): void {
  port.postMessage(message, transfer)
}

function errorReply(error: unknown): ErrorReply {
  const message = error instanceof Error ? error.message : String(error)
  if (isDiskFull(error)) return { kind: 'refused', message }
  const isCorrupt = error instanceof CorruptError
  // SQLite's own words name no file.
  const where = errorCode(error) === 0 ? '' : `${join(options.directory, databaseName)}: `
  if (!isCorrupt && !isDamage(error)) return { kind: 'failed', message: `${where}${message}` }
  return { kind: 'corrupt', message: `${where}${message}.\n${repairAdvice(options.directory)}` }
}

function open(): StoreThread | null {
  let lock: DirectoryLock | null = null
  try {
    lock = lockDirectory(options.directory)
    const { acceptLoss } = options
    const synchronous = options.durability === 'fsync' ? 'FULL' : 'NORMAL'
    const path = join(options.directory, databaseName)
    const room = new Room(options)
    return new StoreThread(lock, openForWriting(path, { synchronous, acceptLoss }), room)
  } catch (error) {
    lock?.release()
    post({ type: 'not-opened', error: errorReply(error) })
    return null
  }
}

const thread = open()
if (thread !== null) {
  post({ type: 'opened', files: thread.files })
  thread.start()
  port.on('message', async ({ id, request }: { id: number; request: Request }) => {
    try {
      const value = await thread.handle(request)
      post({ type: 'reply', id, value }, transferable(value))
      if (request.type === 'close') port.close()
    } catch (error) {
      post({ type: 'error', id, error: errorReply(error) })
    }
  })
}

/** Bytes that the other side may have without a copy. */
function transferable(value: unknown): TransferListItem[] {
  if (!Array.isArray(value)) return []
  return value.flatMap(({ bytes }: Partial<StoredBlock>) => (bytes instanceof Uint8Array ? [bytes.buffer] : []))
}
