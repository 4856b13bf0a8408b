/**
 * Copies of one message that are the same bytes for many clients: encoded once, behind each other, and never changed. @hot
 *
 * At QoS 1 and 2 that is so for those who get it under the same Packet Identifier, which `PacketIds` sees to. A client's next
 * packets lie next to each other here, so that they leave in one write without having been copied.
 */
import type { Message } from '../core/message.ts'
import type { OutgoingPublish } from '../core/turn.ts'
import { ByteWriter } from '../protocol/byte-writer.ts'
import type { ProtocolVersion } from '../protocol/control-packet.ts'
import { encodePublish, publishSize } from '../protocol/publish-encoder.ts'

/** Whoever is slow keeps as much as this of it alive. */
const slabSize = 16_384
const nothing = Buffer.alloc(0)

export class SharedOutput {
  #writer = new ByteWriter(slabSize)
  #message: Message | null = null
  #version: ProtocolVersion = 4
  #packetId = 0
  #qos = 0
  #retain = false
  /** Where the last packet asked for is. */
  start = 0
  end = 0
  #view: Buffer = nothing

  /** What `start` and `end` point into. */
  get bytes(): Buffer {
    return this.#writer.bytes
  }

  /** True if the copy can be shared: then `bytes`, `start` and `end` are where it is. */
  holds(outgoing: OutgoingPublish, version: ProtocolVersion): boolean {
    const { message, packetId } = outgoing
    if (packetId === 0 || packetId !== message.sharedPacketId) return false
    if (outgoing.dup || outgoing.subscriptionIdentifiers !== null || outgoing.messageExpiryInterval >= 0) return false
    if (
      this.#message === message &&
      this.#packetId === packetId &&
      this.#version === version &&
      this.#qos === outgoing.qos &&
      this.#retain === outgoing.retain
    ) {
      return true
    }
    this.#encode(outgoing, version)
    return true
  }

  #encode(outgoing: OutgoingPublish, version: ProtocolVersion): void {
    const { message } = outgoing
    const size = publishSize(message.publish, version, outgoing)
    if (this.#writer.position + size > this.#writer.bytes.length)
      this.#writer = new ByteWriter(Math.max(slabSize, size))
    this.start = this.#writer.position
    encodePublish(this.#writer, message.publish, version, outgoing)
    this.end = this.#writer.position
    this.#message = message
    this.#version = version
    this.#packetId = outgoing.packetId
    this.#qos = outgoing.qos
    this.#retain = outgoing.retain
  }

  /** Everything has gone out: neither a message nor a socket's chunk is to be kept alive. */
  forget(): void {
    this.#message = null
    this.#view = nothing
  }

  /** A part of a buffer that goes out to many: one view for all of them. */
  view(bytes: Buffer, start: number, end: number): Buffer {
    const last = this.#view
    if (last.buffer === bytes.buffer && last.byteOffset === bytes.byteOffset + start && last.length === end - start) {
      return last
    }
    this.#view = bytes.subarray(start, end)
    return this.#view
  }
}
