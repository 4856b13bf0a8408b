/**
 * Varies bytes without knowing what they mean: bits, cuts, pieces twice or many times, numbers at the edge, words of the target.
 */
import { type Chance, pick } from '../../support/chance.ts'
import type { Target } from './target.ts'

const edgeBytes = [0, 9, 10, 13, 0x20, 0x22, 0x2f, 0x5c, 0x7f, 0x80, 0xfe, 0xff]
const edgeNumbers = ['0', '-1', '1e999', '2147483648', '4294967295', '9007199254740993', '0x10', '1_0', '.5']
/** What takes many times over does what it does once. */
const repeats = [2, 3, 16, 300, 4000]

type Change = (bytes: Buffer, chance: Chance, other: Buffer, target: Varied) => Buffer
type Varied = Pick<Target, 'words' | 'bytesMost'>

function replaced(bytes: Buffer, at: number, removed: number, inserted: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + removed)])
}

/** A place and a short length from there. */
function pieceOf(bytes: Buffer, chance: Chance): { at: number; length: number } {
  const at = chance(bytes.length + 1)
  return { at, length: Math.min(1 + chance(1 << chance(7)), bytes.length - at) }
}

const changes: readonly Change[] = [
  (bytes, chance) => {
    const at = chance(bytes.length)
    return replaced(bytes, at, 1, Buffer.from([(bytes[at] ?? 0) ^ (1 << chance(8))]))
  },
  (bytes, chance) => replaced(bytes, chance(bytes.length), 1, Buffer.from([pick(chance, edgeBytes)])),
  (bytes, chance) => replaced(bytes, chance(bytes.length), 1, Buffer.from([chance(256)])),
  (bytes, chance) => {
    const { at, length } = pieceOf(bytes, chance)
    return replaced(bytes, at, length, Buffer.alloc(0))
  },
  (bytes, chance, _other, { bytesMost }) => {
    const { at, length } = pieceOf(bytes, chance)
    const piece = bytes.subarray(at, at + length)
    const times = Math.min(pick(chance, repeats), Math.floor(bytesMost / Math.max(1, length)))
    return replaced(bytes, at, 0, Buffer.concat(Array.from({ length: times }, () => piece)))
  },
  (bytes, chance, _other, { words }) => {
    const { at, length } = pieceOf(bytes, chance)
    return replaced(bytes, at, chance(2) * length, Buffer.from(pick(chance, words)))
  },
  // One word in the place of another, so that what is around it stays right.
  (bytes, chance, _other, { words }) => {
    const [from, to] = [pick(chance, words), pick(chance, words)]
    const at = bytes.indexOf(from, chance(bytes.length + 1))
    return at < 0 ? bytes : replaced(bytes, at, Buffer.byteLength(from), Buffer.from(to))
  },
  (bytes, chance) => {
    const at = bytes.findIndex((byte, index) => index >= chance(bytes.length + 1) && byte >= 0x30 && byte <= 0x39)
    return at < 0 ? bytes : replaced(bytes, at, 1, Buffer.from(pick(chance, edgeNumbers)))
  },
  // A line, a field or a frame of another input.
  (bytes, chance, other) => {
    const { at, length } = pieceOf(other, chance)
    return replaced(bytes, chance(bytes.length + 1), 0, other.subarray(at, at + length))
  },
  (bytes, chance, other) =>
    Buffer.concat([bytes.subarray(0, chance(bytes.length + 1)), other.subarray(chance(other.length + 1))]),
]

/** One to four changes. */
export function varyBytes(input: Buffer, other: Buffer, chance: Chance, target: Varied): Buffer {
  let bytes = input
  for (let left = 1 + chance(4); left > 0; left--) {
    if (bytes.length === 0) bytes = Buffer.from(pick(chance, target.words))
    bytes = pick(chance, changes)(bytes, chance, other, target)
  }
  return bytes.subarray(0, target.bytesMost)
}
