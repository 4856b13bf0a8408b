/**
 * Forgets what nobody needs: whole blocks are deleted, blocks of which little is left are rewritten, small ones joined.
 */

import type { Seq } from '../../core/record.ts'
import { ByteWriter } from '../../protocol/byte-writer.ts'
import { moveRecordBytes, placesIn } from '../record-codec.ts'
import type { Database } from './database.ts'

/** Blocks are joined up to this size; larger ones are left alone while half of them is needed. */
const joinedSize = 128 * 1024
/** Blocks looked at in one transaction. */
const sliceSize = 64
const pagesPerSlice = 256

type Indexed = ReturnType<Database['blockIndex']>[number]

/**
 * `keep` holds the first and last seq of each run in turn, ascending. Joining blocks of which all is needed takes room
 * before it makes some, so it is left for better times unless `mayJoin`.
 */
export async function trimLog(
  database: Database,
  shard: number,
  before: Seq,
  keep: Float64Array,
  mayJoin: boolean,
): Promise<void> {
  // Noted only here, so that an append need not.
  database.transaction(() => database.setHead(shard, database.head(shard)))
  const index = database.blockIndex(shard, before).filter(({ last }) => last < before)
  const runs = new Runs(keep)
  for (let start = 0; start < index.length; start += sliceSize) {
    const slice = index.slice(start, start + sliceSize)
    database.transaction(() => trimSlice(database, shard, slice, runs, mayJoin))
    database.shrink(pagesPerSlice)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function trimSlice(database: Database, shard: number, slice: readonly Indexed[], runs: Runs, mayJoin: boolean): void {
  const joined = new JoinedBlock(database, shard)
  for (const block of slice) {
    const needed = runs.count(block.first, block.last)
    if (needed === 0) database.deleteBlock(shard, block.first)
    else if (needed * 2 < block.records || (mayJoin && block.size * 4 < joinedSize)) joined.add(block, runs)
    else joined.end()
  }
  joined.end()
}

/** Blocks next to each other that become one, with what is needed of them. */
class JoinedBlock {
  readonly #database: Database
  readonly #shard: number
  #writer = new ByteWriter(4096)
  #sources: Indexed[] = []
  #first = 0
  #last = 0
  #records = 0

  constructor(database: Database, shard: number) {
    this.#database = database
    this.#shard = shard
  }

  add(block: Indexed, runs: Runs): void {
    if (this.#writer.position + block.size > joinedSize) this.end()
    const { bytes } = this.#database.block(this.#shard, block.first)
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#sources.push(block)
    for (const { seq, start, end } of placesIn(buffer, block.first)) {
      if (runs.count(seq, seq) === 0) continue
      if (this.#records === 0) this.#first = seq
      moveRecordBytes(this.#writer, buffer, start, end, this.#records === 0 ? 0 : seq - this.#last)
      this.#last = seq
      this.#records += 1
    }
  }

  end(): void {
    const [only, another] = this.#sources
    // One block that is needed as a whole stays as it is.
    const isUnchanged = only !== undefined && another === undefined && this.#records === only.records
    if (only !== undefined && !isUnchanged) {
      for (const { first } of this.#sources) this.#database.deleteBlock(this.#shard, first)
      if (this.#records > 0) {
        const bytes = new Uint8Array(this.#writer.position)
        bytes.set(this.#writer.bytes.subarray(0, this.#writer.position))
        const block = { first: this.#first, last: this.#last, records: this.#records, bytes }
        this.#database.insertBlock(this.#shard, block)
      }
    }
    this.#writer = new ByteWriter(4096)
    this.#sources = []
    this.#records = 0
  }
}

/** Runs of needed seqs, asked in ascending order. */
class Runs {
  readonly #keep: Float64Array
  #at = 0

  constructor(keep: Float64Array) {
    this.#keep = keep
  }

  /** How many from `first` to `last` are needed. No later call may ask before `first`. */
  count(first: Seq, last: Seq): number {
    while (this.#at < this.#keep.length && (this.#keep[this.#at + 1] ?? 0) < first) this.#at += 2
    let count = 0
    for (let at = this.#at; at < this.#keep.length; at += 2) {
      const runFirst = this.#keep[at] ?? 0
      if (runFirst > last) break
      count += Math.min(last, this.#keep[at + 1] ?? 0) - Math.max(first, runFirst) + 1
    }
    return count
  }
}
