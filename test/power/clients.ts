/**
 * A publisher and a subscriber with logs of their own: what was acknowledged and when, and what came. They keep their
 * state when the broker dies, and take their Sessions up again.
 */
import assert from 'node:assert/strict'
import type { ControlPacket, Publish } from '../../src/protocol/index.ts'
import { openWire, type Wire } from './wire.ts'

const windowSize = 100
const padding = 'x'.repeat(200)

interface Unfinished {
  readonly number: number
  /** PUBREC has come. */
  isReceived: boolean
}

export class Publisher {
  readonly name: string
  readonly qos: 1 | 2
  /** Numbers the broker has taken responsibility for, by PUBACK or PUBREC, and when that came: milliseconds since 1970. */
  readonly acknowledged = new Map<number, number>()
  /** Numbers the broker has refused for want of space: they are not sent again. */
  readonly refused = new Set<number>()
  readonly #unfinished = new Map<number, Unfinished>()
  #wire: Wire | null = null
  #next = 0
  #lastPacketId = 0
  #isFinishing = false
  #watch: { isReached: () => boolean; resolve: () => void } | null = null

  constructor(name: string, qos: 1 | 2) {
    this.name = name
    this.qos = qos
  }

  /** Numbers used so far: 0 to this. */
  get sent(): number {
    return this.#next
  }

  /** Connects, sends again what is unfinished, and publishes as fast as it is acknowledged. Resolves to Session Present. */
  async start(port: number): Promise<boolean> {
    const { wire, sessionPresent } = await openWire(port, this.name, (packet) => this.#receive(packet))
    this.#wire = wire
    this.#isFinishing = false
    for (const [packetId, unfinished] of this.#unfinished) {
      if (unfinished.isReceived) wire.acknowledge('pubrel', packetId)
      else this.#publish(wire, packetId, unfinished.number, true)
    }
    this.#fill(wire)
    return sessionPresent
  }

  /** Resolves when so many more have been acknowledged, or the connection has gone. */
  async acknowledgedMore(count: number): Promise<void> {
    const target = this.acknowledged.size + count
    await this.#until(() => this.acknowledged.size >= target)
  }

  /** Begins nothing new and resolves when everything is acknowledged. */
  async finish(): Promise<void> {
    this.#isFinishing = true
    await this.#until(() => this.#unfinished.size === 0)
    assert.equal(this.#unfinished.size, 0, `${this.name}: the connection broke with messages unacknowledged`)
  }

  /** Goes on after `finish`. */
  resume(): void {
    this.#isFinishing = false
    if (this.#wire !== null) this.#fill(this.#wire)
  }

  /** A power cut takes the network with it: what the broker says from now on counts for nothing. */
  mute(): void {
    this.#wire?.mute()
  }

  async close(): Promise<void> {
    await this.#wire?.close()
  }

  async #until(isReached: () => boolean): Promise<void> {
    if (isReached()) return
    const reached = new Promise<void>((resolve) => {
      this.#watch = { isReached, resolve }
    })
    await Promise.race([reached, this.#wire?.ended])
    this.#watch = null
  }

  #receive(packet: ControlPacket): void {
    assert.ok(packet.type === 'puback' || packet.type === 'pubrec' || packet.type === 'pubcomp', packet.type)
    const wire = this.#wire
    const unfinished = this.#unfinished.get(packet.packetId)
    if (wire === null || unfinished === undefined) return
    const { reasonCode } = packet
    // A PUBREL that is sent again may find its Packet Identifier free already.
    const isFine = reasonCode < 0x80 || (packet.type === 'pubcomp' ? reasonCode === 0x92 : reasonCode === 0x97)
    assert.ok(isFine, `${packet.type} ${reasonCode}`)
    if (packet.type !== 'pubcomp' && reasonCode === 0x97) this.refused.add(unfinished.number)
    else if (packet.type !== 'pubcomp' && !unfinished.isReceived) this.acknowledged.set(unfinished.number, Date.now())
    if (packet.type === 'pubrec' && reasonCode < 0x80) {
      unfinished.isReceived = true
      wire.acknowledge('pubrel', packet.packetId)
    } else this.#unfinished.delete(packet.packetId)
    this.#fill(wire)
    if (this.#watch?.isReached() === true) this.#watch.resolve()
  }

  #fill(wire: Wire): void {
    while (!this.#isFinishing && this.#unfinished.size < windowSize) {
      do this.#lastPacketId = (this.#lastPacketId % 65_535) + 1
      while (this.#unfinished.has(this.#lastPacketId))
      this.#unfinished.set(this.#lastPacketId, { number: this.#next, isReceived: false })
      this.#publish(wire, this.#lastPacketId, this.#next, false)
      this.#next += 1
    }
    wire.flush()
  }

  #publish(wire: Wire, packetId: number, number: number, dup: boolean): void {
    const payload = Buffer.from(`${number} ${padding}`)
    wire.publish({ topicName: `load/${this.name}`, payload, qos: this.qos, packetId, dup })
  }
}

export class Subscriber {
  readonly name: string
  /** What came of each publisher, in order, repetitions included. */
  readonly received = new Map<string, number[]>()
  /** QoS 2 Packet Identifiers that wait for PUBREL. */
  readonly #open = new Set<number>()
  #wire: Wire | null = null
  #whenSubscribed: () => void = () => {}
  readonly #ends = new Set<string>()
  #whenEnd: (() => void) | null = null

  constructor(name: string) {
    this.name = name
  }

  /** Resolves to Session Present. */
  async start(port: number): Promise<boolean> {
    const { wire, sessionPresent } = await openWire(port, this.name, (packet) => this.#receive(packet))
    this.#wire = wire
    wire.flush()
    return sessionPresent
  }

  async subscribe(): Promise<void> {
    const options = { qos: 2, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
    const subscribed = new Promise<void>((resolve) => {
      this.#whenSubscribed = resolve
    })
    const subscriptions = [{ topicFilter: 'load/#', ...options }]
    this.#wire?.send({ type: 'subscribe', packetId: 1, subscriptions, properties: {} })
    this.#wire?.flush()
    await subscribed
  }

  /** Resolves when both messages of `publishEnd` have come. @throws an Error if the connection breaks before. */
  async seesEnd(text: string): Promise<void> {
    while (!this.#ends.has(`${text} 1`) || !this.#ends.has(`${text} 2`)) {
      const end = new Promise<boolean>((resolve) => {
        this.#whenEnd = () => resolve(true)
      })
      const came = await Promise.race([end, this.#wire?.ended.then(() => false)])
      assert.ok(came, `${this.name}: the connection broke before everything had come`)
    }
  }

  /** A power cut takes the network with it: what the broker says from now on counts for nothing. */
  mute(): void {
    this.#wire?.mute()
  }

  async close(): Promise<void> {
    await this.#wire?.close()
  }

  #receive(packet: ControlPacket): void {
    const wire = this.#wire
    if (packet.type === 'suback') this.#whenSubscribed()
    if (wire === null) return
    if (packet.type === 'pubrel') {
      this.#open.delete(packet.packetId)
      wire.acknowledge('pubcomp', packet.packetId)
    }
    if (packet.type !== 'publish') return
    const isNew = packet.qos === 1 || !this.#open.has(packet.packetId)
    if (packet.qos === 2) this.#open.add(packet.packetId)
    wire.acknowledge(packet.qos === 2 ? 'pubrec' : 'puback', packet.packetId)
    if (isNew) this.#take(packet)
  }

  #take(packet: Publish): void {
    const [, publisher = ''] = packet.topicName.split('/')
    const text = packet.payload.toString()
    if (publisher === 'end') {
      this.#ends.add(text)
      this.#whenEnd?.()
      return
    }
    const numbers = this.received.get(publisher) ?? []
    this.received.set(publisher, numbers)
    numbers.push(Number.parseInt(text, 10))
  }
}

/**
 * Publishes `load/end` at both QoS, because neither overtakes its own kind only, so that a subscriber knows when it has
 * everything; resolves when that is acknowledged.
 */
export async function publishEnd(port: number, text: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let waiting = 2
  const { wire } = await openWire(port, `end-${text}`, (packet) => {
    if (packet.type === 'pubrec') wire.acknowledge('pubrel', packet.packetId)
    else waiting -= 1
    if (waiting === 0) resolve()
  })
  for (const qos of [1, 2] as const) {
    wire.publish({ topicName: 'load/end', payload: Buffer.from(`${text} ${qos}`), qos, packetId: qos })
  }
  wire.flush()
  await promise
  await wire.close()
}
