/**
 * A durable broker that holds what nobody listens for, publishers, consumers that come and go, an operator, and crashes.
 *
 * No model says who must get a message; what must be true of every message at the end does: what was acknowledged as held has
 * reached exactly one consumer, whole and in order, unless the operator gave it up.
 */
import assert from 'node:assert/strict'
import type { Connection } from '../../src/core/connection/connection.ts'
import { giveUp } from '../../src/core/held/hold.ts'
import { republish } from '../../src/core/held/operator.ts'
import type { Outgoing } from '../../src/core/turn.ts'
import type { Acknowledgement } from '../../src/protocol/control-packet.ts'
import { publish } from '../../src/protocol/packets/publish.ts'
import { type Chance, makeChance, pick } from '../support/chance.ts'
import { brokerOptions } from './cast.ts'
import { SimulatedDriver, type SimulatedLink } from './simulated-driver.ts'
import { labelOf } from './traffic.ts'

const topicNames = ['h/1', 'h/1', 'h/2', 'd/1'] as const
/** By consumer: nobody has a Shared Subscription and another one to the same, which would give it two copies. */
const filters: Readonly<Record<string, readonly string[]>> = {
  c0: ['h/1', 'h/+', 'h/#', 'dead'],
  c1: ['h/1', 'h/2', 'dead'],
  c2: ['$share/g/h/#', '$share/g/h/#', 'dead'],
}
const origin = { remoteAddress: '', listener: '', tellsPublisher: true, assignedClientIdentifier: '' }

interface Sent {
  readonly label: string
  readonly topicName: string
  readonly qos: 1 | 2
  /** Null until it is acknowledged. */
  reasonCode: number | null
  /** Nobody listened, and the broker has it. */
  isKept: boolean
  isGivenUp: boolean
  isRepublished: boolean
}

interface Arrival {
  readonly consumer: Peer
  readonly label: string
  readonly qos: number
}

/** One client; its connections come and go. */
class Peer implements SimulatedLink {
  readonly name: string
  readonly run: HeldRun
  connection: Connection | null = null
  isOnline = false
  readonly toSend: Acknowledgement[] = []
  /** What it has in its hands at QoS 2, by Packet Identifier. */
  readonly received = new Map<number, string>()
  /** QoS 1 messages that came before. */
  readonly seen = new Set<string>()
  /** What it has published and nobody has acknowledged, by Packet Identifier. */
  readonly published = new Map<number, Sent>()

  constructor(name: string, run: HeldRun) {
    this.name = name
    this.run = run
  }

  receive(outgoing: Exclude<Outgoing, { type: 'answer' }>): void {
    if (outgoing.connection !== this.connection) return
    switch (outgoing.type) {
      case 'milestone':
        for (const each of this.run.driver.core.reachMilestone(outgoing.connection)) this.receive(each)
        return
      case 'close':
        this.isOnline = false
        return
      case 'acknowledgement':
        this.#acknowledged(outgoing.packetType, outgoing.packetId, outgoing.reasonCode)
        return
      case 'packet':
        if (outgoing.packet.type === 'puback' || outgoing.packet.type === 'pubrec') {
          this.#acknowledged(outgoing.packet.type, outgoing.packet.packetId, outgoing.packet.reasonCode)
        }
        return
      case 'publish':
        this.#take(labelOf(outgoing.message.publish), outgoing.qos, outgoing.packetId, outgoing.dup)
    }
  }

  #acknowledged(type: string, packetId: number, reasonCode: number): void {
    if (type === 'pubrel') {
      this.received.delete(packetId)
      this.toSend.push({ type: 'pubcomp', packetId, reasonCode: 0, properties: {} })
      return
    }
    if (type === 'pubcomp') return
    const sent = this.published.get(packetId)
    this.published.delete(packetId)
    if (sent !== undefined) sent.reasonCode = reasonCode
    if (type === 'pubrec' && reasonCode < 0x80) {
      this.toSend.push({ type: 'pubrel', packetId, reasonCode: 0, properties: {} })
    }
  }

  #take(label: string, qos: number, packetId: number, dup: boolean): void {
    this.run.driver.log(`${this.name} gets ${label} at ${qos} under ${packetId}${dup ? ' again' : ''}`)
    if (qos === 2) {
      const known = this.received.get(packetId)
      assert.ok(
        known === undefined || known === label,
        `${this.name} has ${known} under ${packetId}, and gets ${label}`,
      )
      if (known === undefined) this.run.arrivals.push({ consumer: this, label, qos })
      this.received.set(packetId, label)
    } else {
      if (this.seen.has(label)) assert.ok(dup, `${label} comes to ${this.name} again without DUP`)
      else this.run.arrivals.push({ consumer: this, label, qos })
      this.seen.add(label)
    }
    this.toSend.push({ type: qos === 2 ? 'pubrec' : 'puback', packetId, reasonCode: 0, properties: {} })
  }
}

export class HeldRun {
  readonly driver: SimulatedDriver
  readonly sent = new Map<string, Sent>()
  readonly arrivals: Arrival[] = []
  readonly #chance: Chance
  readonly #publishers: Peer[]
  readonly #consumers: Peer[]
  #labels = 0
  #packetId = 0

  constructor(seed: number) {
    const chance = makeChance(seed)
    this.#chance = chance
    const kind = { asksAuthorization: false, hasShortQueues: chance(3) === 0, isDurable: true }
    const options = brokerOptions(chance, kind)
    const heldMessagesMax = pick(chance, [3, 1000])
    options.topicRules = [
      { filter: 'h/#', whenNobody: 'hold', heldMessagesMax },
      { filter: 'd/#', whenNobody: 'dead-letter', deadLetterTopicName: 'dead' },
    ]
    this.driver = new SimulatedDriver(options)
    this.#publishers = ['p0', 'p1'].map((name) => new Peer(name, this))
    this.#consumers = ['c0', 'c1', 'c2'].map((name) => new Peer(name, this))
  }

  run(steps: number): void {
    for (let step = 0; step < steps; step++) {
      this.#step(this.#chance(100))
      this.driver.run()
    }
  }

  #step(roll: number): void {
    const chance = this.#chance
    const { driver } = this
    const consumer = pick(chance, this.#consumers)
    if (roll < 15) driver.makeDurable(1 + chance(5))
    else if (roll < 22) driver.snapshot()
    else if (roll < 28) driver.load(chance(driver.loads.length))
    else if (roll < 31) driver.expectAllDurable()
    else if (roll < 33) this.#advance(150)
    else if (roll < 34) this.#crash()
    else if (roll < 37) this.#operate()
    else if (roll < 62) this.#publish(pick(chance, this.#publishers))
    else if (!consumer.isOnline) this.#connect(consumer)
    else if (roll < 65) this.#breakOff(consumer)
    else if (roll < 69)
      this.#subscribe(consumer, pick(chance, filters[consumer.name] ?? []), pick(chance, [1, 2] as const))
    else if (roll < 76) this.#unsubscribe(consumer, pick(chance, filters[consumer.name] ?? []))
    else this.#answer(consumer)
  }

  #connect(peer: Peer): void {
    const { driver } = this
    driver.log(`${peer.name} connects`)
    const isConsumer = this.#consumers.includes(peer)
    peer.toSend.length = 0
    peer.published.clear()
    peer.connection = driver.core.open(peer, origin, driver.nowMs)
    peer.isOnline = true
    const receiveMaximum = pick(this.#chance, [1, 3, 100])
    this.#input(peer, {
      type: 'connect',
      protocolVersion: 5,
      cleanStart: false,
      keepAliveSeconds: 0,
      clientIdentifier: peer.name,
      will: null,
      userName: null,
      password: null,
      properties: { sessionExpiryInterval: isConsumer ? 100_000 : 0, receiveMaximum },
    })
  }

  #input(peer: Peer, packet: Parameters<SimulatedDriver['core']['receive']>[1]): Outgoing[] {
    const { connection } = peer
    assert.ok(connection !== null)
    const decided = this.driver.input((core, nowMs, turn) => core.receive(connection, packet, nowMs, turn))
    if (connection.isClosed) peer.isOnline = false
    return decided
  }

  #breakOff(peer: Peer): void {
    const { connection } = peer
    if (connection === null) return
    this.driver.log(`${peer.name} breaks off`)
    peer.isOnline = false
    peer.connection = null
    this.driver.input((core, nowMs, turn) => core.closed(connection, 'it broke', nowMs, turn))
  }

  #subscribe(peer: Peer, topicFilter: string, qos: 1 | 2): void {
    this.driver.log(`${peer.name} subscribes ${topicFilter} at ${qos}`)
    const request = { topicFilter, qos, noLocal: false, retainAsPublished: false, retainHandling: 2 } as const
    this.#input(peer, { type: 'subscribe', packetId: 1, subscriptions: [request], properties: {} })
  }

  #unsubscribe(peer: Peer, topicFilter: string): void {
    this.driver.log(`${peer.name} unsubscribes ${topicFilter}`)
    this.#input(peer, { type: 'unsubscribe', packetId: 1, topicFilters: [topicFilter], properties: {} })
  }

  #answer(peer: Peer): void {
    const packet = peer.toSend.shift()
    if (packet !== undefined) this.#input(peer, packet)
  }

  #publish(peer: Peer): void {
    if (!peer.isOnline) this.#connect(peer)
    while (peer.toSend.length > 0) this.#answer(peer)
    if (peer.published.size > 10) return
    this.#labels += 1
    this.#packetId = (this.#packetId % 60_000) + 1
    const label = String(this.#labels)
    const topicName = pick(this.#chance, topicNames)
    const qos = pick(this.#chance, [1, 2] as const)
    const sent: Sent = {
      label,
      topicName,
      qos,
      reasonCode: null,
      isKept: false,
      isGivenUp: false,
      isRepublished: false,
    }
    this.driver.log(`${peer.name} publishes ${label} on ${topicName} at ${qos}`)
    this.sent.set(label, sent)
    peer.published.set(this.#packetId, sent)
    const { held } = this.driver.core.state
    const before = held.count
    const properties = { userProperties: [['label', label] as const] }
    const packet = publish({ topicName, qos, packetId: this.#packetId, payload: Buffer.from(label), properties })
    this.#input(peer, packet)
    sent.isKept = held.count > before
  }

  /** An operator publishes a held message again, or gives it up, if its record is durable. */
  #operate(): void {
    const { driver } = this
    const all = [...driver.core.state.held.all()].filter(({ seq }) => driver.store.records.has(seq))
    const message = pick(this.#chance, all)
    if (all.length === 0 || message === undefined) return
    const [body] = driver.store.read([message.seq])
    assert.ok(body !== undefined)
    const sent = this.sent.get(labelOf(body.publish))
    assert.ok(sent !== undefined)
    const gives = this.#chance(3) === 0
    driver.log(`the operator ${gives ? 'gives up' : 'publishes'} ${sent.label}`)
    driver.input((core, nowMs, turn) => {
      if (gives) {
        sent.isGivenUp = true
        giveUp(core.state, [message], 'droppedByOperator', turn)
      } else if (republish(core.state, message, body, nowMs, turn).type !== 'refused') sent.isRepublished = true
    })
  }

  #advance(byMs: number): void {
    const { driver } = this
    driver.nowMs += byMs
    driver.input((core, nowMs, turn) => core.advance(nowMs, turn))
  }

  #crash(): void {
    for (const peer of [...this.#publishers, ...this.#consumers]) {
      peer.connection = null
      peer.isOnline = false
    }
    const restore = this.driver.crash()
    this.driver.input((_, nowMs, turn) => restore.finish(nowMs, turn))
  }

  /** Everybody comes for what is theirs; then it must be true of every message what is promised. */
  finish(): void {
    const { driver } = this
    driver.log('everything comes to an end')
    const { state } = driver.core
    for (let round = 0; round < 600; round++) {
      for (const peer of [...this.#publishers, ...this.#consumers]) if (!peer.isOnline) this.#connect(peer)
      driver.run()
      driver.makeDurable(driver.waitingTurns)
      if (round === 0) for (const filter of ['h/#', 'dead']) this.#subscribe(this.#consumers[0] as Peer, filter, 2)
      while (driver.loads.length > 0) driver.load(0)
      for (const peer of [...this.#publishers, ...this.#consumers]) {
        if (peer.connection !== null) driver.flush(peer.connection, 0)
        while (peer.toSend.length > 0 && peer.isOnline) this.#answer(peer)
      }
      this.#advance(150)
      driver.run()
      driver.makeDurable(driver.waitingTurns)
    }
    driver.expectAllDurable()
    assert.equal(state.held.count, 0, 'somebody listens, and messages are held')
    assert.equal(state.live.count, 0, 'no record is kept that nobody needs')
    for (const sent of this.sent.values()) this.#expectPromise(sent)
    for (const consumer of this.#consumers) this.#expectOrder(consumer)
  }

  #expectPromise({ label, reasonCode, isKept, isGivenUp, isRepublished, topicName }: Sent): void {
    if (reasonCode === null || reasonCode >= 0x80 || isGivenUp) return
    const arrivals = this.arrivals.filter((arrival) => arrival.label === label)
    if (topicName.startsWith('h/') || isKept) {
      assert.ok(arrivals.length > 0, `message ${label} was acknowledged with ${reasonCode} and has reached nobody`)
    }
    const consumers = new Set(arrivals.map(({ consumer }) => consumer))
    if (isKept && !isRepublished) assert.equal(consumers.size, 1, `message ${label} was held and reached several`)
    const times = Math.max(...[...consumers].map((each) => arrivals.filter(({ consumer }) => consumer === each).length))
    if (isKept && !isRepublished) assert.equal(times, 1, `message ${label} was held and came ${times} times`)
  }

  /** Of one Topic Name at one QoS. What was not acknowledged may have come from a past that a crash has undone. */
  #expectOrder(consumer: Peer): void {
    const last = new Map<string, number>()
    for (const arrival of this.arrivals) {
      const sent = this.sent.get(arrival.label)
      if (
        arrival.consumer !== consumer ||
        sent === undefined ||
        sent.reasonCode === null ||
        sent.isRepublished ||
        arrival.qos !== sent.qos
      )
        continue
      const key = `${sent.topicName} ${sent.qos}`
      const number = Number(arrival.label)
      assert.ok((last.get(key) ?? 0) <= number, `message ${number} came to ${consumer.name} behind ${last.get(key)}`)
      last.set(key, number)
    }
  }
}
