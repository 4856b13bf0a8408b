/**
 * Single records out of the log, as one block.
 */

import type { Seq } from '../../core/record.ts'
import { ByteWriter } from '../../protocol/byte-writer.ts'
import { moveRecordBytes, placesIn } from '../record-codec.ts'
import type { Database, StoredBlock } from './database.ts'

/** @throws an Error if one of them is not there. */
export function readRecords(database: Database, shard: number, seqs: readonly Seq[]): StoredBlock[] {
  const wanted = [...new Set(seqs)].sort((one, other) => one - other)
  const [first] = wanted
  if (first === undefined) return []
  const writer = new ByteWriter(65_536)
  let block: StoredBlock | null = null
  let places = new Map<Seq, { start: number; end: number }>()
  let before = first
  for (const seq of wanted) {
    if (block === null || seq > block.last) {
      block = database.blockOf(shard, seq)
      places = block === null ? new Map() : placesOf(block)
    }
    const place = places.get(seq)
    if (block === null || place === undefined)
      throw new Error(`${database.path}: table log: record ${seq} is not there`)
    moveRecordBytes(
      writer,
      Buffer.from(block.bytes.buffer, block.bytes.byteOffset, block.bytes.length),
      place.start,
      place.end,
      seq - before,
    )
    before = seq
  }
  const bytes = new Uint8Array(writer.position)
  bytes.set(writer.bytes.subarray(0, writer.position))
  return [{ first, last: before, records: wanted.length, bytes }]
}

function placesOf({ bytes, first }: StoredBlock): Map<Seq, { start: number; end: number }> {
  const places = new Map<Seq, { start: number; end: number }>()
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  for (const { seq, start, end } of placesIn(buffer, first)) places.set(seq, { start, end })
  return places
}
