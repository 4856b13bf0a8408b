/**
 * A client that sends exactly the bytes it is told to: to see what the broker does when a client does not behave.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  type Acknowledgement,
  ByteWriter,
  type Connack,
  type ConnectProperties,
  type ControlPacket,
  type DisconnectProperties,
  encodePacket,
  encodePublish,
  PacketDecoder,
  type PlainPacket,
  type Publish,
  type PublishFields,
  publish,
  type SubscriptionRequest,
  type WillMessage,
} from '../../src/protocol/index.ts'

/** A broken broker is given less: it usually has nothing to say. */
export const withinMs = Number(process.env.TEST_WITHIN_MS ?? 5000)

type PacketOf<Type extends ControlPacket['type']> = Type extends Acknowledgement['type']
  ? Acknowledgement
  : Extract<ControlPacket, { type: Type }>

export interface ConnectFields {
  clientIdentifier?: string
  cleanStart?: boolean
  keepAliveSeconds?: number
  will?: WillMessage | null
  userName?: string | null
  password?: Buffer | null
  properties?: ConnectProperties
}

/** The fields of a client whose Session stays, however long it is away. */
export function staying(version: 4 | 5, clientIdentifier: string): ConnectFields {
  return {
    clientIdentifier,
    cleanStart: false,
    properties: version === 5 ? { sessionExpiryInterval: 0xffff_ffff } : {},
  }
}

export class WireClient implements Disposable {
  readonly version: 4 | 5
  /** As the broker sees it; empty if the stream is not a socket. */
  readonly address: string
  readonly #socket: Duplex
  readonly #decoder: PacketDecoder
  readonly #packets: ControlPacket[] = []
  #wake: (() => void) | null = null
  #isClosed = false

  constructor(socket: Duplex, version: 4 | 5, address = '') {
    this.version = version
    this.address = address
    this.#socket = socket
    this.#decoder = new PacketDecoder({
      role: 'client',
      connectBytesMax: 1 << 28,
      packetBytesMax: 1 << 28,
      propertiesMax: 1000,
      protocolVersion: version,
    })
    socket.on('data', (chunk) => this.#receive(chunk))
    socket.on('error', () => this.#close())
    socket.on('close', () => this.#close())
  }

  #receive(chunk: Buffer): void {
    this.#decoder.push(chunk)
    for (let packet = this.#decoder.next(); packet !== null; packet = this.#decoder.next()) this.#packets.push(packet)
    this.#wake?.()
  }

  #close(): void {
    this.#isClosed = true
    this.#wake?.()
  }

  /** Hexadecimal digits, with blanks as you like, or bytes. */
  sendBytes(bytes: string | Buffer): void {
    this.#socket.write(typeof bytes === 'string' ? Buffer.from(bytes.replaceAll(' ', ''), 'hex') : bytes)
  }

  send(packet: PlainPacket): void {
    const writer = new ByteWriter()
    encodePacket(writer, packet, this.version)
    this.sendBytes(Buffer.from(writer.bytes.subarray(0, writer.position)))
  }

  publish(fields: PublishFields): void {
    const packet = publish(fields)
    const { qos, dup, retain, packetId, properties } = packet
    const writer = new ByteWriter()
    encodePublish(writer, packet, this.version, {
      qos,
      dup,
      retain,
      packetId,
      topicAlias: properties.topicAlias ?? 0,
      omitTopicName: fields.topicName === '',
      subscriptionIdentifiers: properties.subscriptionIdentifiers ?? null,
      messageExpiryInterval: properties.messageExpiryInterval ?? -1,
    })
    this.sendBytes(Buffer.from(writer.bytes.subarray(0, writer.position)))
  }

  /** The next packet, which must be of that type. */
  async next<Type extends ControlPacket['type']>(type: Type): Promise<PacketOf<Type>> {
    const packet = await this.#take()
    assert.equal(packet?.type, type)
    // Just asserted.
    return packet as PacketOf<Type>
  }

  /** The next packet, which must be of one of those types. */
  async nextOf(...types: ControlPacket['type'][]): Promise<ControlPacket> {
    const packet = await this.#take()
    assert.ok(
      packet !== undefined && types.includes(packet.type),
      `expected ${types.join(' or ')}, got ${packet?.type}`,
    )
    return packet
  }

  async #take(): Promise<ControlPacket | undefined> {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      this.#socket.destroy()
    }, withinMs)
    while (this.#packets.length === 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    clearTimeout(timer)
    assert.ok(!isLate, 'the broker neither sent a packet nor closed in time')
    return this.#packets.shift()
  }

  /** The next packet, which must be of that type, or null if the broker closes instead. */
  async nextOrClosed<Type extends ControlPacket['type']>(type: Type): Promise<PacketOf<Type> | null> {
    const packet = await this.#take()
    if (packet === undefined) return null
    assert.equal(packet.type, type)
    // Just asserted.
    return packet as PacketOf<Type>
  }

  /** Every packet that still comes before the broker closes. */
  async untilClosed(): Promise<ControlPacket[]> {
    const packets: ControlPacket[] = []
    for (let packet = await this.#take(); packet !== undefined; packet = await this.#take()) packets.push(packet)
    return packets
  }

  /** The broker closes without another packet. */
  async closed(): Promise<void> {
    const packet = await this.#take()
    assert.equal(packet, undefined, `expected a closed connection, got ${packet?.type}`)
  }

  /** The broker says DISCONNECT with that Reason Code (5.0), and closes. */
  async refused(reasonCode: number): Promise<void> {
    if (this.version === 5) assert.equal((await this.next('disconnect')).reasonCode, reasonCode)
    await this.closed()
  }

  /** Nothing has come and nothing is on its way: PINGRESP is the next packet, and the next: one may overtake an acknowledgement. */
  async quiet(): Promise<void> {
    for (let count = 0; count < 2; count++) {
      this.send({ type: 'pingreq' })
      await this.next('pingresp')
    }
  }

  async connect(fields: ConnectFields = {}): Promise<Connack> {
    this.sendConnect(fields)
    return this.next('connack')
  }

  sendConnect(fields: ConnectFields = {}): void {
    this.send({
      type: 'connect',
      protocolVersion: this.version,
      cleanStart: true,
      keepAliveSeconds: 0,
      clientIdentifier: '',
      will: null,
      userName: null,
      password: null,
      properties: {},
      ...fields,
    })
  }

  async subscribe(topicFilter: string, options: Partial<SubscriptionRequest> = {}, id = 0): Promise<number> {
    const request = {
      qos: 2,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
      ...options,
      topicFilter,
    } as const
    const properties = id === 0 ? {} : { subscriptionIdentifier: id }
    this.send({ type: 'subscribe', packetId: 77, subscriptions: [request], properties })
    const { reasonCodes } = await this.next('suback')
    return reasonCodes[0] ?? -1
  }

  /** The Reason Codes of UNSUBACK; 3.1.1 has none. */
  async unsubscribe(...topicFilters: string[]): Promise<number[]> {
    this.send({ type: 'unsubscribe', packetId: 78, topicFilters, properties: {} })
    return (await this.next('unsuback')).reasonCodes
  }

  /** A message with its payload as text. */
  async message(): Promise<Publish & { text: string }> {
    const packet = await this.next('publish')
    return Object.assign(packet, { text: packet.payload.toString() })
  }

  /** Says DISCONNECT and sees the broker close. */
  async leave(reasonCode = 0, properties: DisconnectProperties = {}): Promise<void> {
    this.send({ type: 'disconnect', reasonCode, properties })
    await this.closed()
  }

  acknowledge(type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp', packetId: number, reasonCode = 0): void {
    this.send({ type, packetId, reasonCode, properties: {} })
  }

  /** Breaks the connection without DISCONNECT. */
  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}

export async function openWire(url: string, version: 4 | 5): Promise<WireClient> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  await once(socket, 'connect')
  return new WireClient(socket, version, `${socket.localAddress}:${socket.localPort}`)
}
