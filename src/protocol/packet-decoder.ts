/**
 * Turns the bytes of one connection into Control Packets: MQTT 5.0 section 2. @hot
 *
 * Chunks are decoded where they lie; only an unfinished packet is copied. A packet's length is checked against the limit as
 * soon as its fixed header can be read, before one byte of it is kept.
 */
import { ByteReader } from './byte-reader.ts'
import { type ControlPacket, type ProtocolVersion, packetBytesMost } from './control-packet.ts'
import {
  decodeAcknowledgement,
  decodeAuth,
  decodeConnack,
  decodeDisconnect,
  decodeShortAcknowledgement,
} from './packets/answers.ts'
import { decodeConnect } from './packets/connect.ts'
import { decodeSuback, decodeSubscribe, decodeUnsuback, decodeUnsubscribe } from './packets/subscriptions.ts'
import type { PropertyBounds } from './properties.ts'
import { malformed, ProtocolViolation } from './protocol-violation.ts'
import { decodePublish } from './publish-decoder.ts'
import { ReasonCode } from './reason-code.ts'
import type { KnownTopicName } from './topic-name-cache.ts'

/** Whose packets are decoded, and how much of them is taken. */
export interface DecoderOptions extends PropertyBounds {
  /** Whose side this is: a server receives what clients send. */
  readonly role: 'server' | 'client'
  /** Bytes of the first packet, which must be CONNECT; of no meaning for a client. */
  readonly connectBytesMax: number
  /** Bytes of every other packet: 0x95 above it. */
  readonly packetBytesMax: number
  /** What a client has asked for in CONNECT. */
  readonly protocolVersion?: ProtocolVersion
}

const packetTypes = [
  '',
  'CONNECT',
  'CONNACK',
  'PUBLISH',
  'PUBACK',
  'PUBREC',
  'PUBREL',
  'PUBCOMP',
  'SUBSCRIBE',
  'SUBACK',
  'UNSUBSCRIBE',
  'UNSUBACK',
  'PINGREQ',
  'PINGRESP',
  'DISCONNECT',
  'AUTH',
]
/** Bit per packet type. */
const onlyFromServer = (1 << 2) | (1 << 9) | (1 << 11) | (1 << 13)
const onlyFromClient = (1 << 1) | (1 << 8) | (1 << 10) | (1 << 12)
const flagsTwo = (1 << 6) | (1 << 8) | (1 << 10)

const nothing: Buffer = Buffer.alloc(0)
/** The header cannot be read yet. */
const unknown = -1
/** So many times as much as has come is made room for: less is copied again and again, more could be claimed by whoever sends nothing more. */
const growth = 4

/** Decodes the packets of one connection: `push` the bytes as they come, then take `next` until it answers null. */
export class PacketDecoder {
  readonly #options: DecoderOptions
  /** The version CONNECT claims, or was told by the options; 0 before it is known. */
  protocolVersion: ProtocolVersion | 0
  /** What the client takes, as CONNECT says. */
  maximumPacketSize = packetBytesMost
  lastTopicName: KnownTopicName | null = null
  #isFirst: boolean
  /** What is being decoded, and where it goes on and ends. */
  #chunk: Buffer = nothing
  #position = 0
  #end = 0
  /** The beginning of a packet whose end has not come; null most of the time. */
  #partial: Buffer | null = null
  #partialLength = 0
  #partialSize = unknown

  constructor(options: DecoderOptions) {
    this.#options = options
    this.protocolVersion = options.protocolVersion ?? 0
    this.#isFirst = options.role === 'server'
  }

  /** Bytes kept of an unfinished packet. */
  get bufferedBytes(): number {
    return this.#partialLength
  }

  /** Bytes of the last chunk that `next` has not come to. */
  get unreadBytes(): number {
    return this.#end - this.#position
  }

  /**
   * Takes the next bytes, from `start` to `end`, which must not change until the packets in them are done with. `next` must have answered
   * null before.
   */
  push(chunk: Buffer, start = 0, end = chunk.length): void {
    this.#chunk = chunk
    this.#position = start
    this.#end = end
  }

  /**
   * The next whole packet, or null if more bytes are needed. A PUBLISH points into the chunk.
   *
   * @throws ProtocolViolation; the decoder is of no use afterwards.
   */
  next(): ControlPacket | null {
    if (this.#partial !== null) {
      if (!this.#fillPartial()) return null
      const packet = this.#partial.subarray(0, this.#partialSize)
      this.#partial = null
      this.#partialLength = 0
      return this.#decode(packet, 0, this.#headerSize(packet, 0, packet.length), packet.length)
    }
    const chunk = this.#chunk
    const start = this.#position
    const end = this.#end
    if (start >= end) {
      this.#useUpChunk()
      return null
    }
    const size = this.#packetSize(chunk, start, end)
    if (size === unknown || start + size > end) {
      this.#keepPartial(size)
      return null
    }
    this.#position = start + size
    return this.#decode(chunk, start, this.#headerSize(chunk, start, end), start + size)
  }

  /** Bytes of the packet that begins at `start`, `unknown` if its header is not all there. */
  #packetSize(bytes: Buffer, start: number, end: number): number {
    this.#checkFirstByte(bytes[start] ?? 0)
    let length = 0
    for (let count = 0; count < 4; count++) {
      const position = start + 1 + count
      if (position >= end) return unknown
      const byte = bytes[position] ?? 0
      length |= (byte & 0x7f) << (7 * count)
      if (byte < 128) {
        if (byte === 0 && count > 0) throw malformed('MQTT-1.5.5-1', 'the Remaining Length is not in the fewest bytes')
        const size = 2 + count + length
        this.#checkSize(size)
        return size
      }
    }
    throw malformed('MQTT-1.5.5-1', 'the Remaining Length is longer than four bytes')
  }

  /** Bytes of a fixed header known to be complete. */
  #headerSize(bytes: Buffer, start: number, end: number): number {
    let position = start + 1
    while (position < end && (bytes[position] ?? 0) > 127) position += 1
    return position + 1 - start
  }

  #checkFirstByte(first: number): void {
    const type = first >> 4
    const bit = 1 << type
    if (this.#isFirst && type !== 1) {
      const text = `the first packet must be CONNECT, found ${packetTypes[type] || `type ${type}`}`
      throw new ProtocolViolation(ReasonCode.ProtocolError, 'MQTT-3.1.0-1', text)
    }
    if (type === 0 || (type === 15 && this.protocolVersion !== 5)) {
      throw malformed('MQTT-4.13.1-1', `there is no packet type ${type}`)
    }
    const wrongWay = this.#options.role === 'server' ? onlyFromServer : onlyFromClient
    if ((bit & wrongWay) !== 0) {
      const text = `${packetTypes[type]} cannot come from a ${this.#options.role === 'server' ? 'client' : 'server'}`
      throw new ProtocolViolation(ReasonCode.ProtocolError, 'MQTT-4.13.1-1', text)
    }
    if (type !== 3 && (first & 15) !== ((bit & flagsTwo) === 0 ? 0 : 2)) {
      const statement = this.protocolVersion === 4 ? 'MQTT3-2.2.2-2' : 'MQTT-2.1.3-1'
      throw malformed(statement, `the flags of ${packetTypes[type]} are ${first & 15}`)
    }
  }

  #checkSize(size: number): void {
    // Not by its name: that costs a twelfth of decoding a small PUBLISH.
    const most = this.#isFirst ? this.#options.connectBytesMax : this.#options.packetBytesMax
    if (size <= most) return
    const limit = this.#isFirst ? 'connectBytesMax' : 'packetBytesMax'
    const text = `a packet of ${size} bytes; at most ${most} are taken${this.#isFirst ? ' before CONNACK' : ''}`
    throw new ProtocolViolation(ReasonCode.PacketTooLarge, 'MQTT-3.2.2-15', text, limit)
  }

  #keepPartial(size: number): void {
    const length = this.unreadBytes
    const room = size === unknown ? 8 : Math.min(size, Math.max(length * growth, 64))
    this.#partial = Buffer.allocUnsafeSlow(room)
    this.#chunk.copy(this.#partial, 0, this.#position, this.#end)
    this.#partialLength = length
    this.#partialSize = size
    this.#useUpChunk()
  }

  /** Moves bytes of the chunk to the unfinished packet; true once it is whole. */
  #fillPartial(): boolean {
    while (this.#partialSize === unknown) {
      if (this.#position >= this.#end) return this.#useUpChunk()
      this.#append(this.#position + 1)
      const partial = this.#partial ?? nothing
      this.#partialSize = this.#packetSize(partial, 0, this.#partialLength)
    }
    const missing = this.#partialSize - this.#partialLength
    this.#append(Math.min(this.#end, this.#position + missing))
    if (this.#partialLength === this.#partialSize) return true
    return this.#useUpChunk()
  }

  /** It is not to be kept alive: others stand in the same memory. */
  #useUpChunk(): false {
    this.#chunk = nothing
    this.#position = 0
    this.#end = 0
    return false
  }

  /** Appends the chunk's bytes up to `end`; the room grows with what has come, never beyond the packet. */
  #append(end: number): void {
    const count = end - this.#position
    const needed = this.#partialLength + count
    let partial = this.#partial ?? nothing
    if (needed > partial.length) {
      const room = this.#partialSize === unknown ? 8 : Math.min(this.#partialSize, needed * growth)
      const larger = Buffer.allocUnsafeSlow(Math.max(room, needed))
      partial.copy(larger, 0, 0, this.#partialLength)
      partial = larger
      this.#partial = larger
    }
    this.#chunk.copy(partial, this.#partialLength, this.#position, end)
    this.#partialLength = needed
    this.#position = end
  }

  #decode(bytes: Buffer, start: number, headerSize: number, end: number): ControlPacket {
    const type = (bytes[start] ?? 0) >> 4
    const body = start + headerSize
    if (type >= 4 && type <= 7 && end - body === 2) {
      const short = decodeShortAcknowledgement(type, bytes, body)
      if (short !== null) return short
    }
    const bounds = this.#options
    const version = this.protocolVersion
    const isFromServer = this.#options.role === 'client'
    this.#isFirst = false
    switch (type) {
      case 1:
        return decodeConnect(bytes, body, end, this, bounds)
      case 2:
        return decodeConnack(bytes, body, end, version, bounds)
      case 3:
        return decodePublish(this, bytes, start, body, end, version, bounds, isFromServer)
      case 4:
        return decodeAcknowledgement('puback', bytes, body, end, version, bounds)
      case 5:
        return decodeAcknowledgement('pubrec', bytes, body, end, version, bounds)
      case 6:
        return decodeAcknowledgement('pubrel', bytes, body, end, version, bounds)
      case 7:
        return decodeAcknowledgement('pubcomp', bytes, body, end, version, bounds)
      case 8:
        return decodeSubscribe(bytes, body, end, version, bounds)
      case 9:
        return decodeSuback(bytes, body, end, version, bounds)
      case 10:
        return decodeUnsubscribe(bytes, body, end, version, bounds)
      case 11:
        return decodeUnsuback(bytes, body, end, version, bounds)
      case 14:
        return decodeDisconnect(bytes, body, end, version, bounds, isFromServer)
      case 15:
        return decodeAuth(bytes, body, end, bounds)
      default:
        return decodePing(new ByteReader(bytes, body, end, version), type)
    }
  }
}

function decodePing(reader: ByteReader, type: number): ControlPacket {
  reader.expectEnd(packetTypes[type] ?? '')
  return type === 12 ? { type: 'pingreq' } : { type: 'pingresp' }
}
