/**
 * Topic Names seen before, by their bytes: the same bytes give the same string again without decoding. @hot
 *
 * One table for all connections, of fixed size. A name may stand at one of two places beside each other; one that finds both
 * taken takes one of them over. The bytes of all but long ones are in one block of memory: with a Buffer for each, making it
 * would cost more than decoding, and comparing with it two ways to memory more.
 */
import { ownBytes } from './own-bytes.ts'
import { decodeUtf8 } from './utf8.ts'

/** Where the bytes of a name are; not for long: ask `isSame`. */
export interface KnownTopicName {
  readonly name: string
  /** Of its bytes. */
  readonly size: number
  /** In the table; -1 if it is not there. */
  readonly place: number
  /** Of a long name; null for those whose bytes are in the block. */
  readonly bytes: Buffer | null
}

const places = 65_536
/** Longer names are decoded each time, so that the table stays small. */
const sizeMax = 256
/** Bytes of the block for each place. */
const shortMax = 64
const table: (KnownTopicName | undefined)[] = new Array(places)
const block = new Uint8Array(places * shortMax)
/** Which of two taken places is given up next. */
let side = 0

/** The Topic Name in `bytes`, or null if it is not well-formed or holds a wildcard [MQTT-3.3.2-2]. */
export function findTopicName(bytes: Buffer, start: number, end: number): KnownTopicName | null {
  const size = end - start
  if (size > sizeMax) return makeKnown(bytes, start, end, -1)
  let hash = size
  for (let position = start; position < end; position++) hash = (Math.imul(hash, 31) + (bytes[position] ?? 0)) | 0
  const place = (hash ^ (hash >>> 13)) & (places - 1)
  const first = table[place]
  if (first !== undefined && isSame(first, bytes, start, end)) return first
  const second = table[place ^ 1]
  if (second !== undefined && isSame(second, bytes, start, end)) return second
  return remember(
    bytes,
    start,
    end,
    first === undefined ? place : second === undefined ? place ^ 1 : place ^ nextSide(),
  )
}

/** Whether these are the bytes of `known`: never if another has taken its place since. */
export function isSame(known: KnownTopicName, bytes: Buffer, start: number, end: number): boolean {
  const { size, place } = known
  if (size !== end - start) return false
  if (known.bytes !== null) return known.bytes.compare(bytes, start, end) === 0
  if (table[place] !== known) return false
  const blockStart = place * shortMax
  for (let offset = 0; offset < size; offset++) {
    if (block[blockStart + offset] !== bytes[start + offset]) return false
  }
  return true
}

function nextSide(): number {
  side ^= 1
  return side
}

function remember(bytes: Buffer, start: number, end: number, place: number): KnownTopicName | null {
  const known = makeKnown(bytes, start, end, place)
  if (known === null) return null
  table[place] = known
  if (known.bytes === null) bytes.copy(block, place * shortMax, start, end)
  return known
}

function makeKnown(bytes: Buffer, start: number, end: number, place: number): KnownTopicName | null {
  const name = decodeUtf8(bytes, start, end)
  if (name === null || name.includes('#') || name.includes('+')) return null
  const size = end - start
  return { name, size, place, bytes: size > shortMax ? ownBytes(bytes, start, end) : null }
}
