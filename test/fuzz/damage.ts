/**
 * Damage to a valid packet where decoders go wrong: lengths, flags, types, fields, properties twice, text, cuts.
 */
import { type Chance, pick } from '../support/chance.ts'

type Damage = (bytes: Buffer, chance: Chance, other: Buffer) => Buffer

const edgeBytes = [0, 1, 2, 0x1f, 0x7f, 0x80, 0xc0, 0xff]
const edgeWords = [0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff]
/** Remaining Lengths and property lengths that are too long, not minimal, or more than there is. */
const edgeLengths = ['00', '01', '7f', '8000', '8001', 'ffffff7f', 'ffffffff01', '8080808001', '80808000', 'ff7f']
/** U+0000, surrogates, overlong forms, U+FFFF, beyond Unicode, a byte order mark, cut sequences. */
const badText = ['00', 'eda080', 'edbfbf', 'c080', 'e08080', 'efbfbf', 'f4908080', 'efbbbf', 'c3', 'f09f', 'ff']
/** Properties with values: any packet may get any. */
const properties = [
  '0101',
  '0200000001',
  '03000161',
  '08000161',
  '0900016100',
  '0b01',
  '0bffffffff01',
  '11ffffffff',
  '12000161',
  '130001',
  '15000161',
  '16000161',
  '1702',
  '1800000001',
  '1902',
  '1a000161',
  '1c000161',
  '1f000161',
  '210000',
  '220001',
  '230000',
  '23ffff',
  '2402',
  '2502',
  '26000161000162',
  '2700000000',
  '2801',
  '2a00',
  '7f00',
].map((digits) => Buffer.from(digits, 'hex'))

/** Where the Remaining Length ends. */
function bodyAt(bytes: Buffer): number {
  let at = 1
  while (at < 4 && ((bytes[at] ?? 0) & 0x80) !== 0) at += 1
  return Math.min(at + 1, bytes.length)
}

/** A packet of these bytes whose Remaining Length is right. */
function framed(first: number, body: Buffer): Buffer {
  const length: number[] = []
  let rest = body.length
  do {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
    rest >>>= 7
  } while (rest > 0)
  return Buffer.concat([Buffer.from([first, ...length]), body])
}

/** Replaces `removed` bytes of the body, wherever chance says, and makes the Remaining Length right again. */
function replaceInBody(bytes: Buffer, chance: Chance, removed: number, inserted: Buffer): Buffer {
  const body = bytes.subarray(bodyAt(bytes))
  const at = chance(body.length + 1)
  return framed(bytes[0] ?? 0, Buffer.concat([body.subarray(0, at), inserted, body.subarray(at + removed)]))
}

function withByte(bytes: Buffer, at: number, value: number): Buffer {
  const changed = Buffer.from(bytes)
  if (at < changed.length) changed[at] = value
  return changed
}

const damages: readonly Damage[] = [
  (bytes, chance) => {
    const at = chance(bytes.length)
    return withByte(bytes, at, (bytes[at] ?? 0) ^ (1 << chance(8)))
  },
  (bytes, chance) => withByte(bytes, chance(bytes.length), pick(chance, edgeBytes)),
  (bytes, chance) => bytes.subarray(0, 1 + chance(bytes.length)),
  // A wrong Remaining Length.
  (bytes, chance) => withByte(bytes, 1, ((bytes[1] ?? 0) + pick(chance, [1, -1, 2, -2, 0x80])) & 0xff),
  (bytes, chance) => {
    const length = Buffer.from(pick(chance, edgeLengths), 'hex')
    return Buffer.concat([bytes.subarray(0, 1), length, bytes.subarray(bodyAt(bytes))])
  },
  // Wrong flags, and another type.
  (bytes, chance) => withByte(bytes, 0, ((bytes[0] ?? 0) & 0xf0) | chance(16)),
  (bytes, chance) => withByte(bytes, 0, ((bytes[0] ?? 0) & 0x0f) | (chance(16) << 4)),
  // A wrong length of a field, or a wrong Packet Identifier.
  (bytes, chance) => {
    const changed = Buffer.from(bytes)
    if (changed.length >= 4) changed.writeUInt16BE(pick(chance, edgeWords), 2 + chance(changed.length - 3))
    return changed
  },
  (bytes, chance, other) =>
    Buffer.concat([bytes.subarray(0, chance(bytes.length)), other.subarray(chance(other.length))]),
  // A field or property twice, or missing.
  (bytes, chance) => {
    const from = bodyAt(bytes) + chance(bytes.length)
    return replaceInBody(bytes, chance, 0, bytes.subarray(from, from + 1 + chance(12)))
  },
  (bytes, chance) => replaceInBody(bytes, chance, 1 + chance(8), Buffer.alloc(0)),
  (bytes, chance) => replaceInBody(bytes, chance, 0, pick(chance, properties)),
  (bytes, chance) => {
    const text = Buffer.from(pick(chance, badText), 'hex')
    return replaceInBody(bytes, chance, text.length, text)
  },
  (bytes, chance) => replaceInBody(bytes, chance, 1, Buffer.from(pick(chance, edgeLengths), 'hex')),
]

/** `bytes` with one to three faults; it may happen to be valid still. */
export function damage(bytes: Buffer, chance: Chance, other: Buffer): Buffer {
  let damaged = bytes
  for (let left = 1 + chance(3); left > 0 && damaged.length > 0; left--) {
    damaged = pick(chance, damages)(damaged, chance, other)
  }
  return damaged.length > 0 ? damaged : bytes
}
