/**
 * Topic Names seen before, by their bytes: the same bytes give the same string again without decoding. @hot
 *
 * One table for all connections, of fixed size. A name may stand at one of two places beside each other; one that finds both
 * taken takes one of them over. The first bytes of a name are in its entry, the others of all but long ones in one block of memory: with a
 * Buffer for each, making it would cost more than decoding, and comparing with it two ways to memory more.
 */
import { ownBytes } from './own-bytes.ts'
import { decodeUtf8 } from './utf8.ts'

/** A name and its bytes; not for long: ask `isSame`. */
export class KnownTopicName {
  readonly name: string
  /** Of a long name; null for those whose bytes are here and in the block. */
  readonly bytes: Buffer | null
  /** Of a short name: its size, and above that its place in the table, -1 once another has taken it. There are many: two numbers in one. */
  #placeAndSize: number
  // Its first 24 bytes, four in each: whoever sends one message a second finds nothing in the processor's caches, and what stands here is
  // on the way.
  readonly #word0: number
  readonly #word1: number
  readonly #word2: number
  readonly #word3: number
  readonly #word4: number
  readonly #word5: number

  constructor(name: string, bytes: Buffer, start: number, end: number, place: number) {
    const size = end - start
    this.name = name
    this.bytes = size > shortMax ? ownBytes(bytes, start, end) : null
    this.#placeAndSize = (place << sizeBits) | (size & sizeMask)
    this.#word0 = wordAt(bytes, start, end)
    this.#word1 = wordAt(bytes, start + 4, end)
    this.#word2 = wordAt(bytes, start + 8, end)
    this.#word3 = wordAt(bytes, start + 12, end)
    this.#word4 = wordAt(bytes, start + 16, end)
    this.#word5 = wordAt(bytes, start + 20, end)
  }

  /** Another has taken its place. */
  leave(): void {
    this.#placeAndSize |= -1 << sizeBits
  }

  /** Whether these are its bytes: never once another has taken its place. */
  isSame(bytes: Buffer, start: number, end: number): boolean {
    const size = end - start
    if (this.bytes !== null) return this.bytes.length === size && this.bytes.compare(bytes, start, end) === 0
    const place = this.#placeAndSize >> sizeBits
    if ((this.#placeAndSize & sizeMask) !== size || place < 0) return false
    if (wordAt(bytes, start, end) !== this.#word0) return false
    if (size <= 4) return true
    if (wordAt(bytes, start + 4, end) !== this.#word1) return false
    if (size <= 8) return true
    if (wordAt(bytes, start + 8, end) !== this.#word2) return false
    if (size <= 12) return true
    if (wordAt(bytes, start + 12, end) !== this.#word3) return false
    if (size <= 16) return true
    if (wordAt(bytes, start + 16, end) !== this.#word4) return false
    if (size <= 20) return true
    if (wordAt(bytes, start + 20, end) !== this.#word5) return false
    const blockStart = place * shortMax
    for (let offset = bytesInEntry; offset < size; offset++) {
      if (block[blockStart + offset] !== bytes[start + offset]) return false
    }
    return true
  }
}

/** Up to four bytes; those behind the end count as zeros. */
function wordAt(bytes: Buffer, at: number, end: number): number {
  if (at + 4 <= end) {
    return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)
  }
  let word = 0
  for (let shift = 0; at + shift / 8 < end; shift += 8) word |= (bytes[at + shift / 8] ?? 0) << shift
  return word
}

const places = 65_536
/** Longer names are decoded each time, so that the table stays small. */
const sizeMax = 256
/** Bytes of the block for each place, the first of which are not used. */
const shortMax = 64
const bytesInEntry = 24
const sizeBits = 7
const sizeMask = (1 << sizeBits) - 1
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
  if (first?.isSame(bytes, start, end) === true) return first
  const second = table[place ^ 1]
  if (second?.isSame(bytes, start, end) === true) return second
  return remember(
    bytes,
    start,
    end,
    first === undefined ? place : second === undefined ? place ^ 1 : place ^ nextSide(),
  )
}

function nextSide(): number {
  side ^= 1
  return side
}

function remember(bytes: Buffer, start: number, end: number, place: number): KnownTopicName | null {
  const known = makeKnown(bytes, start, end, place)
  if (known === null) return null
  // Whoever still remembers the one before sees it there, without a look at the table.
  table[place]?.leave()
  table[place] = known
  if (known.bytes === null && end - start > bytesInEntry) bytes.copy(block, place * shortMax, start, end)
  return known
}

function makeKnown(bytes: Buffer, start: number, end: number, place: number): KnownTopicName | null {
  const name = decodeUtf8(bytes, start, end)
  if (name === null || name.includes('#') || name.includes('+')) return null
  return new KnownTopicName(name, bytes, start, end, place)
}
