/**
 * A persistent subscriber that comes and goes, is slow at times, and checks what it gets.
 */
import type { ConnectProperties, ControlPacket, Publish, SubscriptionRequest } from '../../src/protocol/index.ts'
import { CrashClient, type Scene } from './crash-client.ts'
import { firstChangingTopic, topicCount, topicName, topicOf } from './ledger.ts'
import { readPayload } from './payload.ts'
import { Receipts, type SharedReceipts } from './receipts.ts'

export interface SubscriberOptions {
  readonly version: 4 | 5
  /** Topic Filter and QoS. */
  readonly filters: readonly (readonly [topicFilter: string, qos: 1 | 2])[]
  readonly receiveMaximum: number
  /** Granted QoS by topic, -1 for none; the changing ones are added by `changes`. */
  readonly qosByTopic: readonly number[]
  readonly shared: SharedReceipts | null
  /** Subscribes to the changing topics and unsubscribes again. */
  readonly changes: boolean
  /** Now and then begins with Clean Start 1. */
  readonly mayStartAfresh: boolean
  /** Is away often and for long. */
  readonly isSleepy: boolean
  readonly isSlow: boolean
  readonly watchesWills: boolean
}

const changingFilter = 'u/#'
const slowEveryMs = 10

export class Subscriber extends CrashClient {
  readonly #options: SubscriberOptions
  readonly receipts: Receipts
  /** Topic Filters that are subscribed to, or will be once the SUBACK has come. */
  readonly #wanted = new Map<string, { qos: 1 | 2; isGranted: boolean }>()
  readonly #asked = new Map<number, string[]>()
  #unsubscribing = 0
  #asksAfresh = false
  #lastPacketId = 0
  /** QoS 2 Packet Identifiers that wait for PUBREL, with what came under them. */
  readonly #received = new Map<number, string>()
  /** Acknowledgements of a slow client that wait. */
  #held: { type: 'puback' | 'pubrec'; packetId: number }[] = []
  #releaseAtMs = 0
  #pinged = 0
  ponged = 0

  constructor(name: string, options: SubscriberOptions, scene: Scene) {
    super(name, options.version, scene)
    this.#options = options
    this.receipts = new Receipts(name, scene.ledger, options.shared)
    for (const [topicFilter, qos] of options.filters) this.#wanted.set(topicFilter, { qos, isGranted: false })
  }

  get isSlow(): boolean {
    return this.#options.isSlow
  }

  /** It is away, and what it has not got was acknowledged: nothing of it can be on its way. */
  get hasToLose(): boolean {
    return this.#options.isSleepy && this.wire === null && this.receipts.missing > 0
  }

  get isSubscribed(): boolean {
    return [...this.#wanted.values()].every(({ isGranted }) => isGranted)
  }

  /** Asks for a sign that nothing is on its way. */
  ping(): void {
    this.#pinged += 1
    this.wire?.send({ type: 'pingreq' })
  }

  get hasPonged(): boolean {
    return this.ponged === this.#pinged
  }

  protected override connectProperties(): ConnectProperties {
    return { sessionExpiryInterval: 100_000, receiveMaximum: this.#options.receiveMaximum }
  }

  protected override willStartAfresh(): void {
    this.#asksAfresh = true
    this.receipts.willStartAfresh()
  }

  protected override connected(sessionPresent: boolean): void {
    if (!sessionPresent) {
      this.#received.clear()
      if (this.#wanted.delete(changingFilter) || this.#unsubscribing > 0) this.#unsubscribing = 0
      for (const wanted of this.#wanted.values()) wanted.isGranted = false
      // If the Session is gone without having been given up, what it should have got is still missed.
      if (this.#asksAfresh) this.receipts.startedAfresh()
    } else if (this.#unsubscribing > 0) this.#unsubscribe()
    this.#asksAfresh = false
    this.#subscribeWhatIsMissing()
  }

  #subscribeWhatIsMissing(): void {
    this.#asked.clear()
    const missing = [...this.#wanted].filter(([, { isGranted }]) => !isGranted)
    if (missing.length === 0) return
    const subscriptions = missing.map(([topicFilter, { qos }]): SubscriptionRequest => {
      return { topicFilter, qos, noLocal: false, retainAsPublished: false, retainHandling: 2 }
    })
    this.#asked.set(
      this.#nextPacketId(),
      missing.map(([topicFilter]) => topicFilter),
    )
    this.wire?.send({ type: 'subscribe', packetId: this.#lastPacketId, subscriptions, properties: {} })
  }

  #unsubscribe(): void {
    this.#unsubscribing = this.#nextPacketId()
    this.wire?.send({
      type: 'unsubscribe',
      packetId: this.#unsubscribing,
      topicFilters: [changingFilter],
      properties: {},
    })
  }

  #nextPacketId(): number {
    this.#lastPacketId = this.#lastPacketId === 65_535 ? 1 : this.#lastPacketId + 1
    return this.#lastPacketId
  }

  protected override act(nowMs: number): void {
    this.#release(nowMs)
    const { random, isEnding } = this.scene
    if (isEnding) return
    const { isSleepy, changes, mayStartAfresh } = this.#options
    if (random.chance(isSleepy ? 0.01 : 0.002)) {
      this.startsAfresh = mayStartAfresh && this.isSubscribed && random.chance(0.3)
      this.leave(random.between(0, isSleepy ? 6000 : 500), random.chance(0.3))
    } else if (changes && random.chance(0.02)) this.#change()
  }

  #change(): void {
    if (!this.isSubscribed || this.#unsubscribing > 0) return
    if (this.#wanted.has(changingFilter)) {
      this.#wanted.delete(changingFilter)
      this.receipts.unsubscribing(changingStreams(this.scene.ledger.streamCount))
      this.#unsubscribe()
    } else {
      this.#wanted.set(changingFilter, { qos: 2, isGranted: false })
      this.receipts.subscribing(changingStreams(this.scene.ledger.streamCount))
      this.#subscribeWhatIsMissing()
    }
  }

  protected override received(packet: ControlPacket): void {
    switch (packet.type) {
      case 'publish':
        this.#receivePublish(packet)
        return
      case 'pubrel':
        this.#received.delete(packet.packetId)
        this.wire?.acknowledge('pubcomp', packet.packetId)
        return
      case 'suback':
        this.#granted(packet.packetId, packet.reasonCodes)
        return
      case 'unsuback':
        if (packet.packetId !== this.#unsubscribing) this.fail('an UNSUBACK nobody asked for')
        this.#unsubscribing = 0
        this.receipts.unsubscribed(changingStreams(this.scene.ledger.streamCount))
        return
      case 'pingresp':
        this.ponged += 1
        return
      default:
        this.fail(`unexpected ${packet.type}`)
    }
  }

  #granted(packetId: number, reasonCodes: readonly number[]): void {
    const filters = this.#asked.get(packetId) ?? []
    for (const [position, topicFilter] of filters.entries()) {
      const wanted = this.#wanted.get(topicFilter)
      const code = reasonCodes[position] ?? -1
      if (wanted === undefined || code !== wanted.qos) this.fail(`SUBACK ${code} for ${topicFilter}`)
      else wanted.isGranted = true
    }
    if (filters.includes(changingFilter)) this.receipts.subscribed(changingStreams(this.scene.ledger.streamCount), 2)
    if (filters.length === 1 && filters[0] === changingFilter) return
    const { qosByTopic } = this.#options
    for (let stream = 0; stream < this.scene.ledger.streamCount; stream++) {
      const qos = qosByTopic[topicOf(stream)] ?? -1
      if (qos > 0) this.receipts.subscribed([stream], qos)
    }
  }

  #receivePublish(packet: Publish): void {
    const { qos, packetId } = packet
    const { payload } = packet
    if (qos === 2) {
      const before = this.#received.get(packetId)
      const content = `${packet.topicName} ${payload.subarray(0, 16).toString('hex')}`
      if (before === undefined) {
        this.#received.set(packetId, content)
        this.#take(packet, payload)
      } else {
        this.scene.ledger.statistics.redelivered += 1
        if (before !== content) this.fail(`Packet Identifier ${packetId} was ${before} and is ${content}`)
        if (!packet.dup) this.fail(`Packet Identifier ${packetId} came again without DUP`)
      }
      this.#acknowledge('pubrec', packetId)
      return
    }
    this.#take(packet, payload)
    if (qos === 1) this.#acknowledge('puback', packetId)
    else this.fail(`a QoS 0 message on ${packet.topicName}`)
  }

  #take(packet: Publish, payload: Buffer): void {
    if (packet.topicName.startsWith('w/')) {
      if (!this.#options.watchesWills) this.fail(`got the will on ${packet.topicName}`)
      this.scene.ledger.wills.saw(payload.toString(), this.name)
      return
    }
    const read = readPayload(payload)
    if (read === null || topicName(topicOf(read.stream)) !== packet.topicName) {
      this.fail(`garbled message on ${packet.topicName}: ${payload.subarray(0, 40).toString('hex')}`)
      return
    }
    this.receipts.take(read.stream, read.sequence, packet.qos, this.epoch)
  }

  #acknowledge(type: 'puback' | 'pubrec', packetId: number): void {
    if (this.#options.isSlow && !this.scene.isEnding) this.#held.push({ type, packetId })
    else this.wire?.acknowledge(type, packetId)
  }

  #release(nowMs: number): void {
    if (this.#held.length === 0 || (nowMs < this.#releaseAtMs && !this.scene.isEnding)) return
    this.#releaseAtMs = nowMs + slowEveryMs
    const count = this.scene.isEnding ? this.#held.length : Math.ceil(this.#options.receiveMaximum / 2)
    for (const { type, packetId } of this.#held.splice(0, count)) this.wire?.acknowledge(type, packetId)
  }

  protected override lost(): void {
    this.#held = []
    this.ponged = this.#pinged
  }
}

const changing: number[] = []

function changingStreams(streamCount: number): readonly number[] {
  if (changing.length === 0) {
    for (let stream = 0; stream < streamCount; stream++)
      if (topicOf(stream) >= firstChangingTopic) changing.push(stream)
  }
  return changing
}

/** The QoS each topic has for somebody with these filters; for `SubscriberOptions`. */
export function qosByTopic(qosOf: (name: string) => number): number[] {
  return Array.from({ length: topicCount }, (_, topic) => qosOf(topicName(topic)))
}
