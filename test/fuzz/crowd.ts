/**
 * Fifty clients who share five Client Identifiers and do whatever comes to mind: connect, take over, subscribe, publish, break the
 * socket, stop reading. After each Turn the ledger adds up; each Session is given a QoS 2 message once at most.
 *
 * One Client Identifier is one client as MQTT sees it: those who share it share what a receiver has to remember [MQTT-4.3.3-2].
 */
import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { setTimeout as pass } from 'node:timers/promises'
import {
  ByteWriter,
  type ControlPacket,
  encodeAcknowledgement,
  PacketDecoder,
  type PlainPacket,
  type PublishFields,
} from '../../src/protocol/index.ts'
import { encode } from '../packets/generate.ts'
import { type Chance, pick } from '../support/chance.ts'

const bytesMax = 1 << 24
const topicNames = ['crowd/a', 'crowd/b', 'crowd/c']
const topicFilters = ['crowd/a', 'crowd/+', 'crowd/#', '#', '$share/g/crowd/#']
/** Far below the broker's Receive Maximum, which nobody shall break here. */
const unacknowledgedMost = 60

/** What clients of one Client Identifier remember together. */
export class SharedIdentity {
  readonly name: string
  /** Who connected last, as far as is known. */
  newest: CrowdClient | null = null
  /** Packet Identifiers of QoS 2 messages before PUBREL. */
  readonly awaitingRelease = new Set<number>()
  /** QoS 2 messages the Session was given, by label. */
  readonly given = new Set<string>()
  /** Subscribed to a group as well: a second copy is right. */
  hasShared = false

  constructor(name: string) {
    this.name = name
  }

  startAnew(): void {
    this.awaitingRelease.clear()
    this.given.clear()
    this.hasShared = false
  }
}

export class CrowdClient {
  readonly #port: number
  readonly #identity: SharedIdentity
  readonly #chance: Chance
  readonly #version: 4 | 5
  readonly #nextLabel: () => string
  #socket: Socket | null = null
  #isWelcome = false
  #packetId = 0
  #unacknowledged = 0
  /** QoS 2 messages received, with repetitions taken out. */
  received = 0
  faults: string[] = []

  constructor(port: number, identity: SharedIdentity, chance: Chance, nextLabel: () => string) {
    this.#port = port
    this.#identity = identity
    this.#chance = chance
    this.#version = pick(chance, [4, 5, 5])
    this.#nextLabel = nextLabel
  }

  /** Does things until then, one after the other. */
  async live(untilMs: number): Promise<void> {
    while (Date.now() < untilMs) {
      await this.#act(this.#chance(40))
      await pass(this.#chance(12))
    }
    this.#drop()
  }

  async #act(kind: number): Promise<void> {
    const socket = this.#socket
    if (socket === null || socket.destroyed) {
      // Or they would do nothing but take over from each other.
      if (kind < 4) this.#connect()
    } else if (!this.#isWelcome) return
    else if (kind < 20) this.#publishSome(1 + this.#chance(8))
    else if (kind < 24) this.#subscribe()
    else if (kind < 25) this.#unsubscribe()
    else if (kind < 27) this.#drop()
    else if (kind < 28) this.#send({ type: 'disconnect', reasonCode: 0, properties: {} })
    else if (kind < 30) await this.#stopReading(socket)
    // A second CONNECT on the same connection, for which it is closed.
    else if (kind < 31) this.#send(this.#connectPacket())
    else this.#send({ type: 'pingreq' })
  }

  #drop(): void {
    if (this.#chance(2) === 0) this.#socket?.resetAndDestroy()
    else this.#socket?.destroy()
    this.#socket = null
    this.#isWelcome = false
  }

  async #stopReading(socket: Socket): Promise<void> {
    socket.pause()
    await pass(this.#chance(150))
    socket.resume()
  }

  #connectPacket(): PlainPacket {
    const isFive = this.#version === 5
    const will = { topicName: pick(this.#chance, topicNames), payload: Buffer.from('gone'), qos: 1 as const }
    return {
      type: 'connect',
      protocolVersion: this.#version,
      cleanStart: this.#chance(6) === 0,
      keepAliveSeconds: 30,
      clientIdentifier: this.#identity.name,
      will: this.#chance(3) === 0 ? { ...will, retain: false, properties: {} } : null,
      userName: null,
      password: null,
      properties: isFive ? { sessionExpiryInterval: pick(this.#chance, [0, 1, 60]), receiveMaximum: 20 } : {},
    }
  }

  #connect(): void {
    const socket = connect({ host: '127.0.0.1', port: this.#port, noDelay: true })
    const sizes = { connectBytesMax: bytesMax, packetBytesMax: bytesMax, propertiesMax: 1000 }
    const decoder = new PacketDecoder({ role: 'client', protocolVersion: this.#version, ...sizes })
    this.#socket = socket
    this.#isWelcome = false
    this.#packetId = 0
    this.#unacknowledged = 0
    socket.on('data', (chunk) => this.#receive(socket, decoder, chunk))
    // `close` follows, and the next action sees it.
    socket.on('error', () => {})
    this.#send(this.#connectPacket())
  }

  #receive(socket: Socket, decoder: PacketDecoder, chunk: Buffer): void {
    if (socket !== this.#socket) return
    try {
      decoder.push(chunk)
      for (let packet = decoder.next(); packet !== null; packet = decoder.next()) this.#hear(packet)
    } catch (error) {
      this.faults.push(error instanceof Error ? error.message : String(error))
      this.#drop()
    }
  }

  #hear(packet: ControlPacket): void {
    const identity = this.#identity
    if (packet.type === 'connack') {
      if (packet.reasonCode !== 0) return
      this.#isWelcome = true
      identity.newest = this
      if (!packet.sessionPresent) identity.startAnew()
      return
    }
    // What was on its way to somebody who has been taken over is not seen: it is sent again.
    if (identity.newest !== this) return
    switch (packet.type) {
      case 'publish':
        if (packet.qos === 2) this.#take(packet.packetId, packet.payload.toString())
        if (packet.qos > 0) this.#acknowledge(packet.qos === 1 ? 'puback' : 'pubrec', packet.packetId)
        return
      case 'pubrel':
        identity.awaitingRelease.delete(packet.packetId)
        this.#acknowledge('pubcomp', packet.packetId)
        return
      case 'pubrec':
        if (packet.reasonCode < 0x80) this.#acknowledge('pubrel', packet.packetId)
        else this.#unacknowledged -= 1
        return
      case 'puback':
      case 'pubcomp':
        this.#unacknowledged -= 1
        return
      default:
    }
  }

  #take(packetId: number, label: string): void {
    const { awaitingRelease, given, hasShared } = this.#identity
    if (awaitingRelease.has(packetId)) return
    awaitingRelease.add(packetId)
    this.received += 1
    if (given.has(label) && !hasShared) this.faults.push(`${this.#identity.name} was given ${label} at QoS 2 twice`)
    given.add(label)
  }

  #publishSome(count: number): void {
    for (let left = count; left > 0 && this.#unacknowledged < unacknowledgedMost; left--) {
      const qos = pick(this.#chance, [0, 1, 2, 2] as const)
      const packetId = qos === 0 ? 0 : this.#nextPacketId()
      if (qos > 0) this.#unacknowledged += 1
      const payload = Buffer.from(this.#nextLabel())
      this.#send({ topicName: pick(this.#chance, topicNames), qos, packetId, payload })
    }
  }

  #nextPacketId(): number {
    this.#packetId = (this.#packetId % 65_535) + 1
    return this.#packetId
  }

  #subscribe(): void {
    const topicFilter = pick(this.#chance, topicFilters)
    if (topicFilter.startsWith('$share')) this.#identity.hasShared = true
    const qos = pick(this.#chance, [0, 1, 2, 2] as const)
    const request = { topicFilter, qos, noLocal: false, retainAsPublished: false, retainHandling: 0 as const }
    this.#send({ type: 'subscribe', packetId: this.#nextPacketId(), subscriptions: [request], properties: {} })
  }

  #unsubscribe(): void {
    const filters = [pick(this.#chance, topicFilters)]
    this.#send({ type: 'unsubscribe', packetId: this.#nextPacketId(), topicFilters: filters, properties: {} })
  }

  #acknowledge(type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp', packetId: number): void {
    const writer = new ByteWriter(16)
    encodeAcknowledgement(writer, type, packetId, 0, this.#version)
    this.#socket?.write(Buffer.from(writer.bytes.subarray(0, writer.position)))
  }

  #send(packet: PlainPacket | PublishFields): void {
    if (this.#socket?.writable === true) this.#socket.write(encode(packet, this.#version))
  }
}

export interface CrowdResult {
  readonly published: number
  readonly received: number
}

/** Lets `count` clients live on these identities for some time; fails at the first thing that is wrong. */
export async function crowd(
  port: number,
  identities: readonly SharedIdentity[],
  count: number,
  milliseconds: number,
  chance: Chance,
): Promise<CrowdResult> {
  let published = 0
  const nextLabel = (): string => {
    published += 1
    return `${milliseconds}-${chance(1_000_000)}-${published}`
  }
  const clients = Array.from(
    { length: count },
    (_, at) => new CrowdClient(port, identities[at % identities.length] ?? assert.fail(), chance, nextLabel),
  )
  const untilMs = Date.now() + milliseconds
  await Promise.all(clients.map((client) => client.live(untilMs)))
  const faults = clients.flatMap((client) => client.faults)
  assert.deepEqual(faults, [])
  return { published, received: clients.reduce((total, client) => total + client.received, 0) }
}
