/**
 * One Network Connection to the broker: packets in both directions, written once per turn of the event loop.
 */
import { connect, type Socket } from 'node:net'
import {
  ByteWriter,
  type ControlPacket,
  encodeAcknowledgement,
  encodePacket,
  encodePublish,
  PacketDecoder,
  type PlainPacket,
  type PublishFields,
  publish,
} from '../../src/protocol/index.ts'

export interface WireOwner {
  received(packet: ControlPacket): void
  /** Everything that had arrived has been handed over. */
  drained(): void
  /** The connection is gone; `wasClosed` if the broker closed it in good order. */
  lost(wasClosed: boolean): void
  failed(error: Error): void
}

export class Wire {
  readonly #version: 4 | 5
  readonly #owner: WireOwner
  readonly #socket: Socket
  readonly #decoder: PacketDecoder
  readonly #writer = new ByteWriter(16_384)
  #isFlushing = false
  #isOver = false
  #wasClosed = false

  constructor(port: number, version: 4 | 5, owner: WireOwner) {
    this.#version = version
    this.#owner = owner
    const sizes = { connectBytesMax: 1 << 28, packetBytesMax: 1 << 28, propertiesMax: 100 }
    this.#decoder = new PacketDecoder({ role: 'client', protocolVersion: version, ...sizes })
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true })
    this.#socket.on('data', (chunk) => this.#receive(chunk))
    this.#socket.on('end', () => {
      this.#wasClosed = true
    })
    // What is wrong with it is that it is gone, which `close` says.
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => this.#over())
  }

  /** Bytes that the broker has not taken. */
  get unsentBytes(): number {
    return this.#socket.writableLength
  }

  #receive(chunk: Buffer): void {
    if (this.#isOver) return
    try {
      this.#decoder.push(chunk)
      for (let packet = this.#decoder.next(); packet !== null; packet = this.#decoder.next()) {
        this.#owner.received(packet)
        if (this.#isOver) return
      }
    } catch (error) {
      this.#owner.failed(error instanceof Error ? error : new Error(String(error)))
      this.destroy()
      return
    }
    this.#owner.drained()
  }

  #over(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#owner.lost(this.#wasClosed)
  }

  /** Breaks the connection; the owner is told at once. */
  destroy(): void {
    this.#socket.destroy()
    this.#over()
  }

  send(packet: PlainPacket): void {
    encodePacket(this.#writer, packet, this.#version)
    this.#flushSoon()
  }

  acknowledge(type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp', packetId: number): void {
    encodeAcknowledgement(this.#writer, type, packetId, 0, this.#version)
    this.#flushSoon()
  }

  publish(fields: PublishFields): void {
    const packet = publish(fields)
    const { qos, dup, retain, packetId } = packet
    encodePublish(this.#writer, packet, this.#version, {
      qos,
      dup,
      retain,
      packetId,
      topicAlias: 0,
      omitTopicName: false,
      subscriptionIdentifiers: null,
      messageExpiryInterval: -1,
    })
    this.#flushSoon()
  }

  #flushSoon(): void {
    if (this.#isFlushing) return
    this.#isFlushing = true
    setImmediate(() => {
      this.#isFlushing = false
      if (!this.#isOver) this.#socket.write(Buffer.from(this.#writer.bytes.subarray(0, this.#writer.position)))
      this.#writer.position = 0
    })
  }
}
