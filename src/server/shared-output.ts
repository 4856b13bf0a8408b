/**
 * Copies of one message that are the same bytes for many clients: encoded once, behind each other, and never changed. @hot
 *
 * At QoS 1 and 2 that is so for those who get it under the same Packet Identifier, which `PacketIds` sees to. A client's next
 * packets lie next to each other here, so that they leave in one write without having been copied. The latest of those that have a
 * record are found again: Sessions that come back want the same ones, one Session after the other.
 */
import type { Message } from '../core/message.ts'
import type { OutgoingPublish } from '../core/turn.ts'
import { ByteWriter } from '../protocol/byte-writer.ts'
import type { ProtocolVersion } from '../protocol/control-packet.ts'
import { encodePublish, publishSize } from '../protocol/publish-encoder.ts'

/** Whoever is slow keeps as much as this of it alive. */
const slabSize = 32_768
/** Packets in the latest slabs are found again. */
const slabsMax = 32
/** So many of them: each has its place at the remainder of its Packet Identifier. */
const packetsMax = 8192
/** The encoder wants room for the longest Remaining Length; a writer without would move what is in it. */
const encoderRoom = 3
const nothing = Buffer.alloc(0)

/** What packets lie in, one behind the other; nothing once it is not one of the latest. */
class Slab {
  bytes: Buffer

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }
}

/** A packet that is the same bytes for many. Neither its message nor the bytes are kept alive by it. */
export class SharedPacket {
  readonly #slab: Slab
  readonly start: number
  readonly end: number
  /** Of the message's record; 0 if it has none. */
  readonly #seq: number
  readonly #packetId: number
  readonly #version: ProtocolVersion
  readonly #qos: number
  readonly #retain: boolean

  constructor(slab: Slab, start: number, end: number, outgoing: OutgoingPublish, version: ProtocolVersion) {
    this.#slab = slab
    this.start = start
    this.end = end
    this.#seq = outgoing.message.seq
    this.#packetId = outgoing.packetId
    this.#version = version
    this.#qos = outgoing.qos
    this.#retain = outgoing.retain
  }

  /** Where it is, from `start` to `end`. */
  get bytes(): Buffer {
    return this.#slab.bytes
  }

  /** Whether a copy of the message with the record `seq` is the same bytes, and they are still there. */
  isAlso(seq: number, { packetId, qos, retain }: OutgoingPublish, version: ProtocolVersion): boolean {
    if (this.#seq !== seq || this.#packetId !== packetId || this.#qos !== qos) return false
    return this.#version === version && this.#retain === retain && this.#slab.bytes.length > 0
  }
}

export class SharedOutput {
  #writer = new ByteWriter(slabSize)
  #slab = new Slab(this.#writer.bytes)
  /** The slabs before, oldest first. */
  readonly #slabs: Slab[] = []
  /** The last packet, and its message until everything has gone out. */
  #packet: SharedPacket | null = null
  #message: Message | null = null
  /** None until there are messages with a record. */
  #packets: (SharedPacket | null)[] = []

  /** The packet, if the copy can be shared; it is there until this is asked for another. */
  packetOf(outgoing: OutgoingPublish, version: ProtocolVersion): SharedPacket | null {
    const { message, packetId } = outgoing
    if (packetId === 0 || packetId !== message.sharedPacketId) return null
    if (outgoing.dup || outgoing.subscriptionIdentifiers !== null || outgoing.messageExpiryInterval >= 0) return null
    const { seq } = message
    let packet = this.#packet
    if (this.#message !== message || packet === null || !packet.isAlso(seq, outgoing, version)) {
      const known = seq === 0 ? null : this.#packets[packetId % packetsMax]
      packet = known?.isAlso(seq, outgoing, version) ? known : this.#encode(outgoing, version)
      this.#packet = packet
      this.#message = message
    }
    return packet
  }

  #encode(outgoing: OutgoingPublish, version: ProtocolVersion): SharedPacket {
    const { publish, seq } = outgoing.message
    const room = publishSize(publish, version, outgoing) + encoderRoom
    if (this.#writer.position + room > this.#writer.bytes.length) this.#beginSlab(Math.max(slabSize, room))
    const start = this.#writer.position
    encodePublish(this.#writer, publish, version, outgoing)
    const packet = new SharedPacket(this.#slab, start, this.#writer.position, outgoing, version)
    if (seq === 0) return packet
    if (this.#packets.length === 0) this.#packets = new Array<SharedPacket | null>(packetsMax).fill(null)
    this.#packets[outgoing.packetId % packetsMax] = packet
    return packet
  }

  #beginSlab(size: number): void {
    // One that was made for a large packet is not worth to be kept.
    if (this.#slab.bytes.length > slabSize) this.#slab.bytes = nothing
    else this.#slabs.push(this.#slab)
    if (this.#slabs.length === slabsMax) {
      const oldest = this.#slabs.shift()
      if (oldest !== undefined) oldest.bytes = nothing
    }
    this.#writer = new ByteWriter(size)
    this.#slab = new Slab(this.#writer.bytes)
  }

  /** Everything has gone out: neither a message nor a socket's chunk is to be kept alive. */
  forget(): void {
    this.#message = null
    this.#packet = null
  }
}
