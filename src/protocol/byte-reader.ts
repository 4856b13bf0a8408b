/**
 * Reads the data types of MQTT, section 1.5, from the bytes of one packet.
 *
 * Never reads past `end`: a packet that promises more than it holds is malformed.
 */
import { copyBytes } from './copy-bytes.ts'
import { ProtocolViolation } from './protocol-violation.ts'
import { ReasonCode } from './reason-code.ts'
import { decodeUtf8 } from './utf8.ts'

export class ByteReader {
  readonly bytes: Buffer
  position: number
  readonly end: number
  /** 4 or 5: which standard's statement a fault is named by. */
  readonly version: number

  constructor(bytes: Buffer, position: number, end: number, version: number) {
    this.bytes = bytes
    this.position = position
    this.end = end
    this.version = version
  }

  get remaining(): number {
    return this.end - this.position
  }

  readByte(what: string): number {
    this.#need(1, what)
    const value = this.bytes[this.position] ?? 0
    this.position += 1
    return value
  }

  readUint16(what: string): number {
    this.#need(2, what)
    const value = this.bytes.readUInt16BE(this.position)
    this.position += 2
    return value
  }

  readUint32(what: string): number {
    this.#need(4, what)
    const value = this.bytes.readUInt32BE(this.position)
    this.position += 4
    return value
  }

  readVariableByteInteger(what: string): number {
    let value = 0
    for (let count = 0; count < 4; count++) {
      const byte = this.readByte(what)
      value += (byte & 0x7f) * 128 ** count
      if (byte < 128) {
        if (byte === 0 && count > 0) throw this.malformed('MQTT-1.5.5-1', `${what} is not in the fewest bytes`)
        return value
      }
    }
    throw this.malformed('MQTT-1.5.5-1', `${what} is longer than four bytes`)
  }

  readString(what: string): string {
    const size = this.readUint16(what)
    this.#need(size, what)
    const start = this.position
    this.position += size
    const text = decodeUtf8(this.bytes, start, this.position)
    if (text === null) throw this.#badString(what, this.bytes.subarray(start, this.position).includes(0))
    return text
  }

  /** A copy: the chunk may go. */
  readBinary(what: string): Buffer {
    const size = this.readUint16(what)
    this.#need(size, what)
    const value = copyBytes(this.bytes, this.position, this.position + size)
    this.position += size
    return value
  }

  /** Not zero [MQTT-2.2.1-3]. */
  readPacketId(): number {
    const packetId = this.readUint16('the Packet Identifier')
    if (packetId === 0) {
      const statement = this.version === 5 ? 'MQTT-2.2.1-3' : 'MQTT3-2.3.1-1'
      throw new ProtocolViolation(ReasonCode.ProtocolError, statement, 'the Packet Identifier is 0')
    }
    return packetId
  }

  /** All bytes must be used up. */
  expectEnd(what: string): void {
    if (this.position !== this.end) {
      throw this.malformed('MQTT-4.13.1-1', `${what} has ${this.remaining} bytes after its last field`)
    }
  }

  malformed(statement: string, message: string): ProtocolViolation {
    return new ProtocolViolation(ReasonCode.MalformedPacket, statement, message)
  }

  #badString(what: string, holdsNull: boolean): ProtocolViolation {
    const section = this.version === 5 ? 'MQTT-1.5.4' : 'MQTT3-1.5.3'
    if (holdsNull) return this.malformed(`${section}-2`, `${what} holds the character U+0000`)
    return this.malformed(`${section}-1`, `${what} is not well-formed UTF-8`)
  }

  #need(count: number, what: string): void {
    if (this.position + count > this.end) {
      throw this.malformed('MQTT-4.13.1-1', `the packet ends inside ${what}`)
    }
  }
}
