/**
 * One connection of `pabal bench`: as little as a client can be, so that the broker is what is measured.
 *
 * Packets that are sent within one turn of the event loop leave in one write. A PUBLISH is encoded once and then copied, with its Packet
 * Identifier and its stamp put in. It does not connect again: a connection that is lost is a result.
 */
import { ByteWriter } from '../../protocol/byte-writer.ts'
import type { Connack, ControlPacket, ProtocolVersion, Qos } from '../../protocol/control-packet.ts'
import { PacketDecoder } from '../../protocol/packet-decoder.ts'
import { encodeAcknowledgement, encodePacket, type PlainPacket } from '../../protocol/packet-encoder.ts'
import type { Publish } from '../../protocol/packets/publish.ts'
import { ProtocolViolation } from '../../protocol/protocol-violation.ts'
import type { Channel } from '../../transport/channel.ts'
import { ConnectionLost, ConnectionRefused, ServerDisconnected } from '../client/client-errors.ts'
import { olderConnack } from '../client/connack.ts'
import { KeepAlive } from '../client/keep-alive.ts'

export interface BenchClientSettings {
  readonly protocolVersion: ProtocolVersion
  readonly clientIdentifier: string
  readonly cleanStart: boolean
  readonly sessionExpirySeconds: number
  readonly keepAliveSeconds: number
  readonly receiveMaximum: number
  readonly userName: string | null
  readonly password: string | null
}

export interface BenchClientEvents {
  onMessage(packet: Publish): void
  /** PUBACK or PUBCOMP, or a PUBREC that refuses. */
  onAcknowledged(packetId: number, reasonCode: number): void
  /** All of what arrived together has been looked at, or the operating system takes more again. */
  onReady(): void
  /** After CONNACK, and not because `close` was called. */
  onLost(error: Error): void
}

const packetBytesMax = 268_435_460
const keptBytes = 4096

export class BenchClient {
  readonly #settings: BenchClientSettings
  readonly #events: BenchClientEvents
  readonly #channel: Channel
  readonly #decoder: PacketDecoder
  readonly #keepAlive = new KeepAlive(
    () => this.#send({ type: 'pingreq' }),
    () => this.#channel.destroy(),
  )
  #writer: ByteWriter | null = null
  #connecting: PromiseWithResolvers<Connack> | null = null
  #subscribing: PromiseWithResolvers<readonly number[]> | null = null
  #closing: PromiseWithResolvers<void> | null = null
  #failure: Error | null = null
  isOpen = false
  /** The operating system takes no more for now. */
  isBlocked = false
  /** What the server allows to be unacknowledged. */
  receiveMaximum = 65_535

  constructor(channel: Channel, settings: BenchClientSettings, events: BenchClientEvents) {
    this.#channel = channel
    this.#settings = settings
    this.#events = events
    this.#decoder = new PacketDecoder({
      role: 'client',
      connectBytesMax: packetBytesMax,
      packetBytesMax,
      propertiesMax: 1000,
      protocolVersion: settings.protocolVersion,
    })
    channel.handler = {
      receiveBytes: (bytes, start, end) => this.#receiveBytes(bytes.subarray(start, end)),
      drained: () => this.#drained(),
      closed: (error) => this.#closed(error),
    }
  }

  /** @throws ConnectionRefused, ConnectionLost, ServerDisconnected, ProtocolViolation */
  connect(): Promise<Connack> {
    const { protocolVersion, cleanStart, sessionExpirySeconds, receiveMaximum, ...rest } = this.#settings
    const connecting = Promise.withResolvers<Connack>()
    this.#connecting = connecting
    this.#send({
      type: 'connect',
      protocolVersion,
      cleanStart,
      keepAliveSeconds: rest.keepAliveSeconds,
      clientIdentifier: rest.clientIdentifier,
      will: null,
      userName: rest.userName,
      password: rest.password === null ? null : Buffer.from(rest.password),
      properties: protocolVersion === 5 ? { sessionExpiryInterval: sessionExpirySeconds, receiveMaximum } : {},
    })
    return connecting.promise
  }

  /** Resolves to the Reason Codes. @throws ConnectionLost, ServerDisconnected */
  subscribe(topicFilter: string, qos: Qos): Promise<readonly number[]> {
    const subscribing = Promise.withResolvers<readonly number[]>()
    this.#subscribing = subscribing
    const plain = { noLocal: false, retainAsPublished: false, retainHandling: 2 } as const
    this.#send({ type: 'subscribe', packetId: 1, subscriptions: [{ topicFilter, qos, ...plain }], properties: {} })
    return subscribing.promise
  }

  /** Where the next packet goes, with room for it; it is written in this turn of the event loop. */
  room(size: number): ByteWriter {
    this.#keepAlive.noteSent()
    if (this.#writer === null) {
      this.#writer = new ByteWriter(Math.max(keptBytes, size))
      setImmediate(() => this.#flush())
    }
    this.#writer.ensure(size)
    return this.#writer
  }

  /** Sends DISCONNECT and resolves when the connection is closed. */
  close(): Promise<void> {
    if (this.#closing === null) {
      this.#closing = Promise.withResolvers<void>()
      if (!this.isOpen) {
        this.#channel.destroy()
        this.#closing.resolve()
      } else {
        this.#send({ type: 'disconnect', reasonCode: 0, properties: {} })
        this.#flush()
        this.#channel.end(1000)
      }
    }
    return this.#closing.promise
  }

  #send(packet: PlainPacket): void {
    encodePacket(this.room(64), packet, this.#settings.protocolVersion)
  }

  #flush(): void {
    const writer = this.#writer
    this.#writer = null
    if (writer === null || writer.position === 0) return
    if (!this.#channel.write(writer.bytes.subarray(0, writer.position))) this.isBlocked = true
  }

  #receiveBytes(chunk: Buffer): void {
    if (this.#closing !== null) return
    const decoder = this.#decoder
    try {
      const older = this.#connecting === null ? null : olderConnack(chunk, this.#settings.protocolVersion)
      if (older !== null) {
        this.#receive(older)
        return
      }
      decoder.push(chunk)
      for (let packet = decoder.next(); packet !== null; packet = decoder.next()) this.#receive(packet)
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error
      this.#fail(error)
      return
    }
    this.#events.onReady()
  }

  #receive(packet: ControlPacket): void {
    switch (packet.type) {
      case 'publish':
        if (packet.qos === 1) this.#acknowledge('puback', packet.packetId)
        if (packet.qos === 2) this.#acknowledge('pubrec', packet.packetId)
        this.#events.onMessage(packet)
        return
      case 'puback':
      case 'pubcomp':
        this.#events.onAcknowledged(packet.packetId, packet.reasonCode)
        return
      case 'pubrec':
        if (packet.reasonCode >= 0x80) this.#events.onAcknowledged(packet.packetId, packet.reasonCode)
        else this.#acknowledge('pubrel', packet.packetId)
        return
      case 'pubrel':
        this.#acknowledge('pubcomp', packet.packetId)
        return
      case 'suback':
        this.#subscribing?.resolve(packet.reasonCodes)
        this.#subscribing = null
        return
      case 'connack':
        this.#receiveConnack(packet)
        return
      case 'pingresp':
        this.#keepAlive.noteAnswer()
        return
      case 'disconnect':
        this.#fail(new ServerDisconnected(packet))
        return
      default:
    }
  }

  #acknowledge(type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp', packetId: number): void {
    encodeAcknowledgement(this.room(5), type, packetId, 0, this.#settings.protocolVersion)
  }

  #receiveConnack(connack: Connack): void {
    const connecting = this.#connecting
    this.#connecting = null
    if (connack.reasonCode !== 0) {
      connecting?.reject(new ConnectionRefused(connack))
      this.#channel.destroy()
      return
    }
    this.isOpen = true
    this.receiveMaximum = connack.properties.receiveMaximum ?? 65_535
    this.#keepAlive.start(connack.properties.serverKeepAlive ?? this.#settings.keepAliveSeconds)
    connecting?.resolve(connack)
  }

  #fail(error: Error): void {
    this.#failure = error
    this.#channel.destroy()
  }

  #drained(): void {
    this.isBlocked = false
    this.#events.onReady()
  }

  #closed(error: Error | null): void {
    const wasOpen = this.isOpen
    this.isOpen = false
    this.#keepAlive.stop()
    const reason = this.#failure ?? new ConnectionLost(error)
    this.#connecting?.reject(reason)
    this.#subscribing?.reject(reason)
    const wasAsked = this.#closing !== null
    this.#closing?.resolve()
    if (wasOpen && !wasAsked) this.#events.onLost(reason)
  }
}
