/**
 * A small complete MQTT client, 3.1, 3.1.1 and 5.0, over any channel: MQTT 5.0 chapters 3 and 4, the client's side.
 *
 * It outlives its Network Connection: after a loss `connect` may be called with a new channel, and what was in flight is
 * sent again. Its owner opens channels and decides when to try again.
 */

import { ByteWriter } from '../../protocol/byte-writer.ts'
import type {
  Acknowledgement,
  Connack,
  ConnectProperties,
  ControlPacket,
  DisconnectProperties,
  ProtocolVersion,
  Suback,
  Subscribe,
  SubscriptionRequest,
  Unsuback,
  Unsubscribe,
  WillMessage,
} from '../../protocol/control-packet.ts'
import { PacketDecoder } from '../../protocol/packet-decoder.ts'
import { encodePacket, type PlainPacket, packetSize } from '../../protocol/packet-encoder.ts'
import type { Publish } from '../../protocol/packets/publish.ts'
import { ProtocolViolation } from '../../protocol/protocol-violation.ts'
import { ReasonCode } from '../../protocol/reason-code.ts'
import type { Channel } from '../../transport/channel.ts'
import { ConnectionLost, ConnectionRefused, ServerDisconnected } from './client-errors.ts'
import type { ClientEvents } from './client-events.ts'
import { olderConnack, sessionFault } from './connack.ts'
import { InboundMessages } from './inbound-messages.ts'
import { KeepAlive } from './keep-alive.ts'
import { MessageWindow, type OutgoingMessage, type PublishOutcome, type WindowEntry } from './message-window.ts'
import { checkPacketSize, checkSendable, encodeMessage } from './outgoing-publish.ts'

export interface ClientSettings {
  readonly protocolVersion: ProtocolVersion
  readonly clientIdentifier: string
  readonly cleanStart: boolean
  /** 0 is off. */
  readonly keepAliveSeconds: number
  readonly userName: string | null
  readonly password: Uint8Array | null
  readonly will: WillMessage | null
  readonly properties: ConnectProperties
  /** Unacknowledged messages at most, if the server allows as many. */
  readonly inFlightMax: number
}

interface PendingRequest {
  resolve(answer: Suback | Unsuback): void
  reject(error: Error): void
}

const packetBytesMax = 268_435_460
const propertiesMax = 10_000

export class MqttClient {
  readonly #settings: ClientSettings
  readonly #events: ClientEvents
  readonly #window = new MessageWindow()
  readonly #inbound: InboundMessages
  readonly #requests = new Map<number, PendingRequest>()
  readonly #keepAlive = new KeepAlive(
    () => this.#send({ type: 'pingreq' }),
    () => this.#channel?.destroy(),
  )
  #channel: Channel | null = null
  #decoder: PacketDecoder | null = null
  #connack: Connack | null = null
  #connecting: PromiseWithResolvers<Connack> | null = null
  #closing: PromiseWithResolvers<void> | null = null
  #closeReason: Error | null = null
  #lastPacketId = 0
  readonly #drainWaiters: (() => void)[] = []

  constructor(settings: ClientSettings, events: ClientEvents = {}) {
    this.#settings = settings
    this.#events = events
    this.#inbound = new InboundMessages(settings.properties.topicAliasMaximum ?? 0)
  }

  /** The server's answer to CONNECT; null while not connected. */
  get connack(): Connack | null {
    return this.#connack
  }

  /** Messages sent or waiting and not yet acknowledged. */
  get unacknowledged(): number {
    return this.#window.size
  }

  /**
   * Sends CONNECT over `channel`, which belongs to the client from now on.
   * @throws ConnectionRefused, ConnectionLost, ProtocolViolation
   */
  connect(channel: Channel): Promise<Connack> {
    const { inFlightMax: _, ...fields } = this.#settings
    const connecting = Promise.withResolvers<Connack>()
    this.#channel = channel
    this.#connecting = connecting
    this.#closing = null
    this.#closeReason = null
    this.#decoder = new PacketDecoder({
      role: 'client',
      connectBytesMax: packetBytesMax,
      packetBytesMax: fields.properties.maximumPacketSize ?? packetBytesMax,
      propertiesMax,
      protocolVersion: fields.protocolVersion,
    })
    channel.handler = {
      receiveBytes: (bytes, start, end) => this.#receiveBytes(bytes.subarray(start, end)),
      drained: () => this.#drained(),
      closed: (error) => this.#closed(error),
    }
    this.#send({ type: 'connect', ...fields })
    return connecting.promise
  }

  /**
   * Sends a message, or queues it while the server's Receive Maximum is used up. Resolves when the server has acknowledged
   * it, at QoS 0 when it is on its way. An outcome at or above 0x80 is a refusal.
   * @throws UnsendableMessage, at once; the promise rejects if the client is destroyed first.
   */
  publish(message: OutgoingMessage): Promise<PublishOutcome> {
    const version = this.#settings.protocolVersion
    checkSendable(message, version, this.#connack?.properties ?? {})
    const packetId = this.#nextPacketId()
    if (message.qos === 0) {
      const isFlushed = this.#sendMessage(message, packetId, false)
      const outcome: PublishOutcome = { messageId: packetId, reasonCode: 0, properties: {} }
      if (isFlushed) return Promise.resolve(outcome)
      return new Promise((resolve) => this.#drainWaiters.push(() => resolve(outcome)))
    }
    const { promise, resolve, reject } = Promise.withResolvers<PublishOutcome>()
    this.#window.add({
      message,
      packetId,
      isReceived: false,
      receivedCode: 0,
      receivedProperties: {},
      wasSent: false,
      finish: resolve,
      fail: reject,
    })
    if (this.#connack !== null) this.#fillWindow()
    return promise
  }

  /** @throws ConnectionLost, ServerDisconnected, UnsendableMessage */
  async subscribe(subscriptions: SubscriptionRequest[], properties: Subscribe['properties'] = {}): Promise<Suback> {
    const packetId = this.#nextPacketId()
    const answer = await this.#request({ type: 'subscribe', packetId, subscriptions, properties })
    if (answer.type !== 'suback') throw new Error('SUBSCRIBE was answered with UNSUBACK')
    return answer
  }

  /** @throws ConnectionLost, ServerDisconnected, UnsendableMessage */
  async unsubscribe(topicFilters: string[], properties: Unsubscribe['properties'] = {}): Promise<Unsuback> {
    const packetId = this.#nextPacketId()
    const answer = await this.#request({ type: 'unsubscribe', packetId, topicFilters, properties })
    if (answer.type !== 'unsuback') throw new Error('UNSUBSCRIBE was answered with SUBACK')
    return answer
  }

  /** Sends DISCONNECT and resolves when the Network Connection is closed. */
  disconnect(reasonCode = 0, properties: DisconnectProperties = {}): Promise<void> {
    if (this.#channel !== null && this.#closing === null) this.#send({ type: 'disconnect', reasonCode, properties })
    return this.close()
  }

  /** Without DISCONNECT, which lets the server publish the Will Message; resolves when the Network Connection is closed. */
  close(): Promise<void> {
    if (this.#channel === null) return Promise.resolve()
    if (this.#closing === null) {
      this.#closing = Promise.withResolvers<void>()
      // Whatever still comes is no longer wanted.
      this.#decoder = null
      this.#channel.end(1000)
    }
    return this.#closing.promise
  }

  /** Closes at once, and gives up all that is in flight. */
  destroy(): void {
    this.#channel?.destroy()
    this.#window.fail(new ConnectionLost(null))
  }

  /** False while the operating system does not take more. */
  #sendMessage(message: OutgoingMessage, packetId: number, dup: boolean): boolean {
    const { packet, writer } = encodeMessage(message, packetId, dup, this.#settings.protocolVersion)
    return this.#write(writer, packet, packetId)
  }

  #send(packet: PlainPacket): void {
    const writer = new ByteWriter(64)
    encodePacket(writer, packet, this.#settings.protocolVersion)
    this.#write(writer, packet, 'packetId' in packet ? packet.packetId : 0)
  }

  #write(writer: ByteWriter, packet: ControlPacket, messageId: number): boolean {
    const channel = this.#channel
    if (channel === null) return true
    this.#keepAlive.noteSent()
    this.#events.onPacket?.({ direction: 'sent', packet, messageId })
    return channel.write(writer.bytes.subarray(0, writer.position))
  }

  #request(packet: Subscribe | Unsubscribe): Promise<Suback | Unsuback> {
    checkPacketSize(packetSize(packet, this.#settings.protocolVersion), this.#connack?.properties ?? {})
    const { promise, resolve, reject } = Promise.withResolvers<Suback | Unsuback>()
    this.#requests.set(packet.packetId, { resolve, reject })
    this.#send(packet)
    return promise
  }

  /** Counts on over connections, past those in use [MQTT-2.2.1-3]. */
  #nextPacketId(): number {
    do {
      this.#lastPacketId = this.#lastPacketId === 65_535 ? 1 : this.#lastPacketId + 1
    } while (this.#requests.has(this.#lastPacketId) || this.#window.has(this.#lastPacketId))
    return this.#lastPacketId
  }

  #fillWindow(): void {
    for (let entry = this.#window.takeNext(); entry !== null; entry = this.#window.takeNext()) this.#sendEntry(entry)
  }

  #sendEntry(entry: WindowEntry): void {
    const { message, packetId, wasSent } = entry
    entry.wasSent = true
    if (entry.isReceived) this.#send(acknowledgement('pubrel', packetId, 0))
    else this.#sendMessage(message, packetId, wasSent && this.#connack?.sessionPresent === true)
  }

  #receiveBytes(chunk: Buffer): void {
    const decoder = this.#decoder
    if (decoder === null) return
    const older = this.#connack === null ? olderConnack(chunk, this.#settings.protocolVersion) : null
    if (older !== null) {
      this.#receive(older)
      return
    }
    try {
      decoder.push(chunk)
      for (let packet = decoder.next(); packet !== null; packet = decoder.next()) {
        this.#receive(packet)
        if (this.#decoder !== decoder) return
      }
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error
      this.#fail(error)
    }
  }

  #receive(packet: ControlPacket): void {
    const messageId = 'packetId' in packet ? packet.packetId : 0
    if (packet.type === 'publish') this.#inbound.resolveTopicName(packet)
    // What counts is known before anybody is told of the packet: the Assigned Client Identifier in CONNACK.
    if (packet.type === 'connack') this.#connack = packet
    this.#events.onPacket?.({ direction: 'received', packet, messageId })
    switch (packet.type) {
      case 'connack':
        this.#receiveConnack(packet)
        return
      case 'publish':
        this.#receivePublish(packet)
        return
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
        this.#receiveAcknowledgement(packet)
        return
      case 'pubrel':
        this.#receivePubrel(packet)
        return
      case 'suback':
      case 'unsuback':
        this.#requests.get(packet.packetId)?.resolve(packet)
        this.#requests.delete(packet.packetId)
        return
      case 'pingresp':
        this.#keepAlive.noteAnswer()
        return
      case 'disconnect':
        this.#fail(new ServerDisconnected(packet))
        return
      default:
        this.#fail(new ProtocolViolation(ReasonCode.ProtocolError, 'MQTT-4.13.1-1', `the server sent ${packet.type}`))
    }
  }

  #receiveConnack(connack: Connack): void {
    const { protocolVersion, cleanStart, keepAliveSeconds, inFlightMax } = this.#settings
    const fault = sessionFault(connack, protocolVersion, cleanStart)
    if (fault !== null) {
      this.#connack = null
      this.#fail(fault)
      return
    }
    const connecting = this.#connecting
    this.#connecting = null
    if (connecting === null) {
      this.#fail(new ProtocolViolation(ReasonCode.ProtocolError, 'MQTT-3.2.0-2', 'the server sent CONNACK twice'))
      return
    }
    if (connack.reasonCode !== 0) {
      this.#connack = null
      connecting.reject(new ConnectionRefused(connack))
      return
    }
    const { serverKeepAlive, receiveMaximum = 65_535 } = connack.properties
    this.#keepAlive.start(serverKeepAlive ?? keepAliveSeconds)
    this.#inbound.begin(connack.sessionPresent)
    this.#window.limit = Math.min(receiveMaximum, inFlightMax)
    connecting.resolve(connack)
    for (const entry of this.#window.entriesToResend(connack.sessionPresent)) this.#sendEntry(entry)
    this.#fillWindow()
    this.#events.onConnected?.()
  }

  #receivePublish(packet: Publish): void {
    if (packet.qos === 2) {
      this.#inbound.keep(packet)
      this.#send(acknowledgement('pubrec', packet.packetId, 0))
      return
    }
    if (packet.qos === 1) this.#send(acknowledgement('puback', packet.packetId, 0))
    this.#events.onMessage?.(packet)
  }

  #receivePubrel(packet: Acknowledgement): void {
    const message = this.#inbound.release(packet.packetId)
    const code = message === null && this.#settings.protocolVersion === 5 ? ReasonCode.PacketIdentifierNotFound : 0
    this.#send(acknowledgement('pubcomp', packet.packetId, code))
    if (message !== null) this.#events.onMessage?.(message)
  }

  #receiveAcknowledgement(packet: Acknowledgement): void {
    const entry = this.#window.get(packet.packetId)
    const isFive = this.#settings.protocolVersion === 5
    if (entry === undefined) {
      const code = isFive ? ReasonCode.PacketIdentifierNotFound : 0
      if (packet.type === 'pubrec') this.#send(acknowledgement('pubrel', packet.packetId, code))
      return
    }
    if (packet.type === 'pubrec' && packet.reasonCode < 0x80) {
      this.#window.markReceived(entry, packet)
      this.#send(acknowledgement('pubrel', packet.packetId, 0))
      return
    }
    this.#window.settle(entry, packet)
    this.#fillWindow()
  }

  /** Ends the connection for a reason that `closed` then reports. */
  #fail(error: Error): void {
    this.#closeReason = error
    this.#channel?.destroy()
  }

  #drained(): void {
    for (const waiter of this.#drainWaiters.splice(0)) waiter()
  }

  #closed(error: Error | null): void {
    const wasConnected = this.#connack !== null
    const reason = this.#closing === null ? (this.#closeReason ?? new ConnectionLost(error, wasConnected)) : null
    this.#channel = null
    this.#decoder = null
    this.#connack = null
    this.#keepAlive.stop()
    this.#drained()
    for (const request of this.#requests.values()) request.reject(reason ?? new ConnectionLost(null))
    this.#requests.clear()
    this.#connecting?.reject(reason ?? new ConnectionLost(null))
    this.#connecting = null
    this.#closing?.resolve()
    if (wasConnected) this.#events.onClosed?.(reason)
  }
}

function acknowledgement(type: Acknowledgement['type'], packetId: number, reasonCode: number): Acknowledgement {
  return { type, packetId, reasonCode, properties: {} }
}
