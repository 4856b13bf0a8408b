/**
 * What is done to the tables of the database: see format.ts. One transaction each; synchronous.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import type { Seq } from '../../core/record.ts'
import { CorruptError } from '../rest-bytes.ts'
import { isDiskFull } from './data-directory.ts'
import type { Block, SnapshotRow } from './messages.ts'

/** Pages of the write-ahead log at which SQLite begins it anew. */
const logPagesMin = 100
export const logPagesMax = 4000

export interface StoredBlock {
  readonly first: Seq
  readonly last: Seq
  readonly records: number
  readonly bytes: Uint8Array<ArrayBuffer>
}

interface StoredRow {
  readonly first: number
  readonly last: number
  readonly records: number
  readonly checksum: number
  readonly bytes: Uint8Array<ArrayBuffer>
}

export class Database {
  readonly #database: DatabaseSync
  readonly #path: string
  readonly #statements = new Map<string, StatementSync>()

  /** `connection` is to the file at `path`, and belongs to this from now on. */
  constructor(connection: DatabaseSync, path: string) {
    this.#database = connection
    this.#path = path
  }

  get path(): string {
    return this.#path
  }

  close(): void {
    this.#statements.clear()
    this.#database.close()
  }

  /** What is read meanwhile is as it was at one moment. */
  readTransaction<Result>(read: () => Result): Result {
    this.#run('BEGIN')
    try {
      return read()
    } finally {
      this.#run('COMMIT')
    }
  }

  /** All of it, or nothing. */
  transaction(work: () => void): void {
    this.#run('BEGIN IMMEDIATE')
    try {
      work()
      this.#run('COMMIT')
    } catch (error) {
      // After some errors SQLite has rolled back by itself.
      if (this.#database.isTransaction) this.#run('ROLLBACK')
      throw error
    }
  }

  /** Commits something in a way that syncs all that was committed before. */
  sync(): void {
    this.#database.exec('PRAGMA synchronous = FULL')
    this.transaction(() => this.#run('INSERT OR REPLACE INTO head VALUES (-1, 0)'))
    this.#database.exec('PRAGMA synchronous = NORMAL')
  }

  /** The place of the last record: of the last block, or what was noted before that was trimmed. */
  head(shard: number): Seq {
    const noted = this.#get('SELECT seq FROM head WHERE shard = ?', shard)
    const block = this.#get('SELECT last FROM log WHERE shard = ? ORDER BY first DESC LIMIT 1', shard)
    return Math.max(Number(noted?.seq ?? 0), Number(block?.last ?? 0))
  }

  insertBlock(shard: number, { first, last, records, bytes }: Block): void {
    const checksum = crc32(bytes)
    this.#run('INSERT INTO log VALUES (?, ?, ?, ?, ?, ?)', shard, first, last, records, checksum, bytes)
  }

  setHead(shard: number, seq: Seq): void {
    this.#run('INSERT OR REPLACE INTO head VALUES (?, ?)', shard, seq)
  }

  deleteBlock(shard: number, first: Seq): void {
    this.#run('DELETE FROM log WHERE shard = ? AND first = ?', shard, first)
  }

  /** First, last and count of every block whose first record is before `before`, ascending. */
  blockIndex(shard: number, before: Seq): { first: Seq; last: Seq; records: number; size: number }[] {
    const rows = this.#statement(
      'SELECT first, last, records, length(bytes) AS size FROM log WHERE shard = ? AND first < ? ORDER BY first',
    ).all(shard, before)
    return rows.map(({ first, last, records, size }) => {
      return { first: Number(first), last: Number(last), records: Number(records), size: Number(size) }
    })
  }

  block(shard: number, first: Seq): StoredBlock {
    const row = this.#get('SELECT * FROM log WHERE shard = ? AND first = ?', shard, first)
    if (row === undefined) throw new CorruptError(`${this.#path}: table log: block ${first} is gone`)
    return this.#checked(row)
  }

  /** The block that would hold this record. */
  blockOf(shard: number, seq: Seq): StoredBlock | null {
    const row = this.#get('SELECT * FROM log WHERE shard = ? AND first <= ? ORDER BY first DESC LIMIT 1', shard, seq)
    return row === undefined ? null : this.#checked(row)
  }

  /** Blocks behind `after`, about `bytesMax` of them, at least one if there is one. */
  blocks(shard: number, after: Seq, bytesMax: number): StoredBlock[] {
    const blocks: StoredBlock[] = []
    let last = after
    for (let bytes = 0; bytes < bytesMax; ) {
      const row = this.#get('SELECT * FROM log WHERE shard = ? AND first > ? ORDER BY first LIMIT 1', shard, last)
      if (row === undefined) break
      const block = this.#checked(row)
      blocks.push(block)
      bytes += block.bytes.length
      last = block.first
    }
    return blocks
  }

  putSnapshot(shard: number, { key, at, bytes }: SnapshotRow): void {
    if (bytes === null) this.#run('DELETE FROM snapshot WHERE shard = ? AND key = ?', shard, key)
    else this.#run('INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?, ?)', shard, key, at, crc32(bytes), bytes)
  }

  /** Snapshots behind the key `after`, by key. */
  snapshots(shard: number, after: string, countMax: number): SnapshotRow[] {
    const rows = this.#statement('SELECT * FROM snapshot WHERE shard = ? AND key > ? ORDER BY key LIMIT ?').all(
      shard,
      after,
      countMax,
    )
    return rows.map((row) => {
      // The column's type in a STRICT table.
      const bytes = row.bytes as Uint8Array<ArrayBuffer>
      const key = String(row.key)
      if (crc32(bytes) !== Number(row.checksum)) {
        throw new CorruptError(`${this.#path}: table snapshot: the checksum of "${key}" does not fit its bytes`)
      }
      return { key, at: Number(row.at), bytes }
    })
  }

  claim(key: string, value: Uint8Array, nowMs: number, endsAtMs: number | null): boolean {
    this.#run('DELETE FROM claim WHERE key = ? AND endsAtMs <= ?', key, nowMs)
    const { changes } = this.#run('INSERT OR IGNORE INTO claim VALUES (?, ?, ?)', key, value, endsAtMs)
    return Number(changes) === 1
  }

  claims(prefix: string, nowMs: number): [string, Uint8Array][] {
    return this.#statement('SELECT key, value FROM claim WHERE endsAtMs IS NULL OR endsAtMs > ? ORDER BY key')
      .all(nowMs)
      .map(({ key, value }): [string, Uint8Array] => [String(key), value as Uint8Array])
      .filter(([key]) => key.startsWith(prefix))
  }

  /** Rows of the log and of the snapshots, and their bytes. */
  sizes(): { blocks: number; records: number; blockBytes: number; snapshots: number; snapshotBytes: number } {
    const log = this.#get('SELECT count(*) AS rows, sum(records) AS records, sum(length(bytes)) AS bytes FROM log')
    const snapshot = this.#get('SELECT count(*) AS rows, sum(length(bytes)) AS bytes FROM snapshot')
    return {
      blocks: Number(log?.rows ?? 0),
      records: Number(log?.records ?? 0),
      blockBytes: Number(log?.bytes ?? 0),
      snapshots: Number(snapshot?.rows ?? 0),
      snapshotBytes: Number(snapshot?.bytes ?? 0),
    }
  }

  /** Gives pages that are not used any more back to the file system. */
  shrink(pages: number): void {
    this.#database.exec(`PRAGMA incremental_vacuum(${pages})`)
  }

  /** The write-ahead log begins anew at about this size, if there is room in the database for what is in it. */
  limitLog(bytes: number): void {
    const pages = Math.floor(bytes / Number(this.#get('PRAGMA page_size')?.page_size))
    this.#database.exec(`PRAGMA wal_autocheckpoint = ${Math.max(logPagesMin, Math.min(pages, logPagesMax))}`)
  }

  /**
   * Moves what is in the write-ahead log to the database and frees the log's space. False if that does not fit, is held up
   * by a reader, or if there is nothing in it.
   */
  checkpoint(): boolean {
    try {
      if (Number(this.#get('PRAGMA wal_checkpoint(PASSIVE)')?.log) <= 0) return false
      return Number(this.#get('PRAGMA wal_checkpoint(TRUNCATE)')?.busy) === 0
    } catch (error) {
      if (!isDiskFull(error)) throw error
      return false
    }
  }

  /** Bytes in the file that new rows can use. */
  freeBytes(): number {
    const pages = Number(this.#get('PRAGMA freelist_count')?.freelist_count ?? 0)
    return pages * Number(this.#get('PRAGMA page_size')?.page_size ?? 0)
  }

  /** What SQLite finds out of order; nothing if all is well. */
  integrityFaults(): string[] {
    return this.#statement('PRAGMA integrity_check(5)')
      .all()
      .flatMap((row) => String(row.integrity_check).split('\n'))
      .filter((line) => line !== 'ok' && !line.startsWith('***'))
  }

  /** A copy of everything as it is now, in a file that must not exist. */
  copyTo(path: string): void {
    this.#run('VACUUM INTO ?', path)
  }

  #checked(row: Record<string, unknown>): StoredBlock {
    // The columns' types in a STRICT table.
    const { first, last, records, checksum, bytes } = row as unknown as StoredRow
    if (crc32(bytes) !== checksum) {
      throw new CorruptError(
        `${this.#path}: table log: the checksum of block ${first} (records ${first} to ${last}) does not fit its bytes`,
      )
    }
    return { first, last, records, bytes }
  }

  #get(sql: string, ...values: (number | string)[]): Record<string, unknown> | undefined {
    return this.#statement(sql).get(...values)
  }

  #run(sql: string, ...values: (number | string | null | Uint8Array)[]) {
    return this.#statement(sql).run(...values)
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}
