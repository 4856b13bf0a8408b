/**
 * Writes the data types of MQTT, section 1.5, into one growing buffer. @hot
 *
 * Callers compute sizes first and call `ensure` once, so that a packet is written once and never moved.
 */

/** A buffer that grows: `bytes.subarray(0, position)` is what was written, and is a view. */
export class ByteWriter {
  bytes: Buffer
  /** Where the next byte goes, and how many have been written. */
  position = 0

  constructor(size = 256) {
    this.bytes = Buffer.allocUnsafeSlow(size)
  }

  /** Makes room for `more` bytes, by doubling. */
  ensure(more: number): void {
    const needed = this.position + more
    if (needed <= this.bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2))
    this.bytes.copy(larger, 0, 0, this.position)
    this.bytes = larger
  }

  writeByte(value: number): void {
    this.bytes[this.position] = value
    this.position += 1
  }

  writeUint16(value: number): void {
    this.bytes[this.position] = value >>> 8
    this.bytes[this.position + 1] = value & 0xff
    this.position += 2
  }

  /** In place of two bytes that have been written. */
  putUint16(position: number, value: number): void {
    this.bytes[position] = value >>> 8
    this.bytes[position + 1] = value & 0xff
  }

  writeUint32(value: number): void {
    this.bytes.writeUInt32BE(value, this.position)
    this.position += 4
  }

  /** 0 to 268,435,455, in the fewest bytes [MQTT-1.5.5-1]. */
  writeVariableByteInteger(value: number): void {
    let rest = value
    while (rest > 127) {
      this.bytes[this.position] = (rest & 0x7f) | 0x80
      this.position += 1
      rest >>>= 7
    }
    this.bytes[this.position] = rest
    this.position += 1
  }

  /** A UTF-8 Encoded String: its length in two bytes, then its bytes. */
  writeString(text: string): void {
    const size = this.bytes.write(text, this.position + 2, 'utf8')
    this.writeUint16(size)
    this.position += size
  }

  writeBinary(value: Uint8Array): void {
    this.writeUint16(value.length)
    this.writeBytes(value)
  }

  writeBytes(value: Uint8Array): void {
    this.bytes.set(value, this.position)
    this.position += value.length
  }

  /** Copies a part of another buffer: byte by byte while that is cheaper than a call. */
  copyFrom(source: Buffer, start: number, end: number): void {
    const size = end - start
    if (size > 24) source.copy(this.bytes, this.position, start, end)
    else {
      const { bytes, position } = this
      for (let offset = 0; offset < size; offset++) bytes[position + offset] = source[start + offset] ?? 0
    }
    this.position += size
  }
}

/** Bytes a Variable Byte Integer takes: 1 to 4. */
export function variableByteIntegerSize(value: number): number {
  if (value < 128) return 1
  if (value < 16_384) return 2
  return value < 2_097_152 ? 3 : 4
}

/** Bytes of a UTF-8 Encoded String with its length. */
export function stringSize(text: string): number {
  return 2 + Buffer.byteLength(text)
}
