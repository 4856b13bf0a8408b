/**
 * The data types of what is at rest: whole numbers in as few bytes as they need, texts and bytes behind their length.
 */

import type { ByteWriter } from '../protocol/byte-writer.ts'
import { ownBytes } from '../protocol/own-bytes.ts'

/** Bytes the longest number takes. */
export const numberSizeMax = 8

/** A whole number from 0 to 2^53 - 1, seven bits a byte, lowest first. The caller has made room. */
export function writeNumber(writer: ByteWriter, value: number): void {
  let rest = value
  while (rest > 0x7fff_ffff) {
    writer.writeByte((rest % 128) | 0x80)
    rest = Math.floor(rest / 128)
  }
  while (rest > 127) {
    writer.writeByte((rest & 127) | 128)
    rest >>>= 7
  }
  writer.writeByte(rest)
}

/** Makes room itself. */
export function writeText(writer: ByteWriter, text: string): void {
  const size = Buffer.byteLength(text)
  writer.ensure(numberSizeMax + size)
  writeNumber(writer, size)
  writer.position += writer.bytes.write(text, writer.position, 'utf8')
}

/** Makes room itself. */
export function writeBlob(writer: ByteWriter, bytes: Uint8Array): void {
  writer.ensure(numberSizeMax + bytes.length)
  writeNumber(writer, bytes.length)
  writer.writeBytes(bytes)
}

/** Each after its count. Makes room itself. */
export function writeNumbers(writer: ByteWriter, numbers: readonly number[]): void {
  writer.ensure(numberSizeMax * (numbers.length + 1))
  writeNumber(writer, numbers.length)
  for (const number of numbers) writeNumber(writer, number)
}

/** Bytes at rest that are not what they should be. */
export class CorruptError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'CorruptError'
  }
}

export class RestReader {
  readonly bytes: Buffer
  position: number
  readonly end: number

  constructor(bytes: Buffer, position = 0, end = bytes.length) {
    this.bytes = bytes
    this.position = position
    this.end = end
  }

  get isAtEnd(): boolean {
    return this.position >= this.end
  }

  readByte(): number {
    this.#need(1)
    const value = this.bytes[this.position] ?? 0
    this.position += 1
    return value
  }

  readNumber(): number {
    let value = 0
    let factor = 1
    for (let count = 0; count < numberSizeMax; count++) {
      const byte = this.readByte()
      value += (byte & 127) * factor
      if (byte < 128) {
        if (value > Number.MAX_SAFE_INTEGER) break
        return value
      }
      factor *= 128
    }
    throw new CorruptError('a number is above 2^53 - 1')
  }

  readUint32(): number {
    this.#need(4)
    const value = this.bytes.readUInt32BE(this.position)
    this.position += 4
    return value
  }

  readText(): string {
    const end = this.#endOf(this.readNumber())
    const text = this.bytes.toString('utf8', this.position, end)
    this.position = end
    return text
  }

  /** A copy. */
  readBlob(): Buffer {
    const end = this.#endOf(this.readNumber())
    const blob = ownBytes(this.bytes, this.position, end)
    this.position = end
    return blob
  }

  readNumbers(): number[] {
    const count = this.readNumber()
    this.#need(count)
    const numbers: number[] = []
    for (let index = 0; index < count; index++) numbers.push(this.readNumber())
    return numbers
  }

  /** Passes over `size` bytes and returns where they begin. */
  skip(size: number): number {
    const start = this.position
    this.position = this.#endOf(size)
    return start
  }

  #endOf(size: number): number {
    this.#need(size)
    return this.position + size
  }

  #need(size: number): void {
    if (this.position + size > this.end) throw new CorruptError('it ends too early')
  }
}
