/**
 * Topic Names seen before, by their bytes: the same bytes give the same string again without decoding. @hot
 *
 * One table for all connections, of fixed size: a name that falls on a taken place takes it over.
 */
import { copyBytes } from './copy-bytes.ts'
import { decodeUtf8 } from './utf8.ts'

export interface KnownTopicName {
  readonly bytes: Buffer
  readonly name: string
}

const places = 32_768
/** Longer names are decoded each time, so that the table stays small. */
const bytesMax = 256
const table: (KnownTopicName | undefined)[] = new Array(places)

/** The Topic Name in `bytes`, or null if it is not well-formed or holds a wildcard [MQTT-3.3.2-2]. */
export function findTopicName(bytes: Buffer, start: number, end: number): KnownTopicName | null {
  const size = end - start
  if (size > bytesMax) return makeKnown(bytes, start, end)
  let hash = size
  for (let position = start; position < end; position++) hash = (Math.imul(hash, 31) + (bytes[position] ?? 0)) | 0
  const place = (hash ^ (hash >>> 13)) & (places - 1)
  const known = table[place]
  if (known !== undefined && isSame(known, bytes, start, end)) return known
  const made = makeKnown(bytes, start, end)
  if (made !== null) table[place] = made
  return made
}

export function isSame(known: KnownTopicName, bytes: Buffer, start: number, end: number): boolean {
  const size = end - start
  if (known.bytes.length !== size) return false
  if (size > 48) return known.bytes.compare(bytes, start, end) === 0
  for (let offset = 0; offset < size; offset++) {
    if (known.bytes[offset] !== bytes[start + offset]) return false
  }
  return true
}

function makeKnown(bytes: Buffer, start: number, end: number): KnownTopicName | null {
  const name = decodeUtf8(bytes, start, end)
  if (name === null || name.includes('#') || name.includes('+')) return null
  return { bytes: copyBytes(bytes, start, end), name }
}
