/**
 * Retained Messages: one client sets, replaces and deletes them, another looks at what there is.
 */
import type { ControlPacket, Qos } from '../../src/protocol/index.ts'
import { CrashClient, type Scene } from './crash-client.ts'
import { Wire } from './wire.ts'

const topicCount = 60

interface Change {
  readonly number: number
  /** It deletes what was retained. */
  readonly isEmpty: boolean
}

/** What may be retained on one topic: the last acknowledged change, or one behind it. */
interface Topic {
  readonly changes: Change[]
  /** Place of the last acknowledged one. */
  acknowledged: number
}

const nothing: Change = { number: 0, isEmpty: true }

export class Retainer extends CrashClient {
  readonly topics: Topic[] = Array.from({ length: topicCount }, () => ({ changes: [nothing], acknowledged: 0 }))
  /** By Packet Identifier, in the order of sending; sent one at a time, so that the order is no question. */
  #inFlight: { packetId: number; topic: number; change: Change; qos: Qos; isReceived: boolean } | null = null
  #lastNumber = 0

  /**
   * Something is retained that has been acknowledged, and that nothing on its way would remove; twice, because an acknowledgement that still
   * comes from a broker that has been killed makes us change one of them.
   */
  get hasToLose(): boolean {
    const isKept = ({ changes, acknowledged }: Topic): boolean =>
      changes.slice(acknowledged).every(({ isEmpty }) => !isEmpty)
    return this.topics.filter(isKept).length >= 2
  }

  protected override connected(): void {
    if (this.#inFlight?.isReceived === true) this.wire?.acknowledge('pubrel', this.#inFlight.packetId)
    else if (this.#inFlight !== null) this.#send(true)
    else this.#changeNext()
  }

  #changeNext(): void {
    const { random } = this.scene
    if (this.scene.isEnding) return
    this.#lastNumber += 1
    const topic = random.between(0, topicCount - 1)
    const change = { number: this.#lastNumber, isEmpty: random.chance(0.3) }
    const packetId = (this.#lastNumber % 60_000) + 1
    this.#inFlight = { packetId, topic, change, qos: random.of([1, 2]), isReceived: false }
    this.topics[topic]?.changes.push(change)
    this.#send(false)
  }

  #send(dup: boolean): void {
    if (this.#inFlight === null) return
    const { packetId, topic, change, qos } = this.#inFlight
    const payload = Buffer.from(change.isEmpty ? '' : String(change.number))
    this.wire?.publish({ topicName: `r/${topic}`, payload, qos, retain: true, dup, packetId })
  }

  protected override received({ type, ...packet }: ControlPacket): void {
    const flight = this.#inFlight
    if (
      (type !== 'puback' && type !== 'pubrec' && type !== 'pubcomp') ||
      flight === null ||
      !('packetId' in packet) ||
      flight.packetId !== packet.packetId
    ) {
      this.fail(`unexpected ${type}`)
      return
    }
    if (type !== 'pubcomp') {
      this.scene.ledger.statistics.acknowledged += 1
      const topic = this.topics[flight.topic]
      if (topic !== undefined) topic.acknowledged = topic.changes.length - 1
    }
    if (type === 'pubrec') {
      flight.isReceived = true
      this.wire?.acknowledge('pubrel', flight.packetId)
      return
    }
    this.#inFlight = null
    this.#changeNext()
  }
}

/** Subscribes as a new client and compares what it is sent. Resolves when that has been done or the broker is gone. */
export function checkRetained(retainer: Retainer, scene: Scene): Promise<void> {
  const before = retainer.topics.map(({ acknowledged }) => acknowledged)
  const found = new Map<number, number>()
  const { promise, resolve } = Promise.withResolvers<void>()
  const received = (packet: ControlPacket): void => {
    if (packet.type === 'connack') {
      const options = { qos: 1, noLocal: false, retainAsPublished: true, retainHandling: 0 } as const
      const subscriptions = [{ topicFilter: 'r/#', ...options }]
      wire.send({ type: 'subscribe', packetId: 1, subscriptions, properties: {} })
    } else if (packet.type === 'suback') wire.send({ type: 'pingreq' })
    else if (packet.type === 'publish') {
      const topic = Number(packet.topicName.slice(2))
      // Later ones are changes made while we look.
      if (!found.has(topic)) found.set(topic, Number(packet.payload.toString()))
    } else if (packet.type === 'pingresp') {
      scene.ledger.statistics.retainedChecks += 1
      compare(retainer.topics, before, found, scene)
      wire.destroy()
    }
  }
  const wire = new Wire(scene.port, 5, {
    received,
    drained: () => {},
    lost: () => resolve(),
    failed: (error) => scene.ledger.fail(`retained check: ${error.message}`),
  })
  wire.send({
    type: 'connect',
    protocolVersion: 5,
    cleanStart: true,
    keepAliveSeconds: 0,
    clientIdentifier: '',
    will: null,
    userName: null,
    password: null,
    properties: {},
  })
  return promise
}

function compare(topics: readonly Topic[], before: readonly number[], found: Map<number, number>, scene: Scene): void {
  for (const [topic, { changes }] of topics.entries()) {
    const possible = changes.slice(before[topic])
    const number = found.get(topic) ?? 0
    const isPossible = possible.some((change) => (change.isEmpty ? number === 0 : number === change.number))
    if (isPossible) continue
    const expected = possible.map(({ number: each, isEmpty }) => (isEmpty ? `none (${each})` : each)).join(' or ')
    scene.ledger.fail(`retained on r/${topic}: found ${number === 0 ? 'none' : number}, expected ${expected}`)
  }
}
