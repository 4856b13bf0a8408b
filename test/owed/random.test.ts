/**
 * Clients that do as they please, crashes and snapshots: what is owed is always as many copies as there are, every receipt
 * that was asked for comes exactly once, and in the end nothing is owed and the log keeps nothing.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection } from '../../src/core/connection/connection.ts'
import type { Receipt } from '../../src/core/owed/receipt.ts'
import type { Session } from '../../src/core/session/session.ts'
import type { Turn } from '../../src/core/turn.ts'
import type { Qos } from '../../src/protocol/control-packet.ts'
import { SimulatedStore } from '../simulation/simulated-store.ts'
import { type Chance, makeChance } from '../support/chance.ts'
import { connectPacket, DrivenCore, sent } from '../support/driven-core.ts'

const origin = { remoteAddress: '', listener: '', assignedClientIdentifier: '', tellsPublisher: true }
const seeds = 150
const steps = 250
const topicRules = [
  { filter: 'late', acknowledge: 'on-delivery', acknowledgeSecondsMax: 20, whenQueueFull: 'drop-newest' },
  { filter: 'all', acknowledge: 'on-delivery-to-all', acknowledgeSecondsMax: 20, whenQueueFull: 'dead-letter' },
  { filter: 'held', whenNobody: 'hold' },
  { filter: 'short', wake: true, whenQueueFull: 'drop-oldest' },
] as const
const topicNames = ['late', 'all', 'held', 'short'] as const
/** Client Identifier, Topic Filter, granted QoS; those that stay outlive their connection. */
const subscribers: readonly [string, string, Qos, boolean][] = [
  ['one', '+', 1, true],
  ['two', '+', 2, true],
  ['member', '$share/g/+', 1, true],
  ['other member', '$share/g/+', 2, false],
  ['passing', '+', 2, false],
  ['slow', '+', 0, true],
  ['monitor', '#', 1, true],
]
const publishers: readonly [string, boolean][] = [
  ['p', true],
  ['q', false],
]

class RandomRun {
  #driven = newCore()
  #store = new SimulatedStore()
  readonly #pick: Chance
  readonly #asked = new Set<string>()
  readonly #given = new Map<string, Receipt>()
  /** How many listeners have acknowledged the message, by what its receipt will have. */
  readonly #acknowledged = new Map<string, number>()
  #packetId = 0
  #correlation = 0

  constructor(seed: number) {
    this.#pick = makeChance(seed)
  }

  run(): void {
    for (let step = 0; step < steps; step++) {
      this.#step()
      this.#check()
    }
    this.#finish()
  }

  #step(): void {
    const roll = this.#pick(100)
    if (roll < 35) this.#publish()
    else if (roll < 70) this.#acknowledge()
    else if (roll < 80) this.#come()
    else if (roll < 88) this.#go()
    else if (roll < 92) this.#do((driven) => driven.advance(this.#pick(15)))
    else if (roll < 98) this.#store.snapshot(this.#driven.state)
    else this.#crash()
  }

  /** Its records are durable before anything else happens. */
  #do(action: (driven: DrivenCore) => Turn): Turn {
    const driven = this.#driven
    const first = action(driven)
    let turn = first
    for (;;) {
      for (const record of turn.records) this.#store.append(record)
      for (const event of turn.events) {
        if (event.type !== 'published' || event.message.topicName !== 'receipts') continue
        this.#receive(event.message.publish.payload, event.message.publish.properties.correlationData)
      }
      driven.core.durable(driven.state.lastSeq)
      const [load] = turn.loads
      if (load === undefined) return first
      const rest = turn.loads.slice(1)
      const found = this.#store.read(load.seqs)
      turn = driven.input((core, nowMs, next) => core.loaded(load, found, nowMs, next))
      turn.loads.push(...rest)
    }
  }

  #receive(payload: Buffer, correlationData: Uint8Array | undefined): void {
    const correlation = Buffer.from(correlationData ?? []).toString()
    assert.ok(this.#asked.has(correlation), `nobody asked for the receipt ${correlation}`)
    assert.ok(!this.#given.has(correlation), `the receipt ${correlation} came twice`)
    const receipt = JSON.parse(payload.toString())
    assert.equal(
      receipt.delivered,
      this.#acknowledged.get(correlation) ?? 0,
      `deliveries in the receipt ${correlation}`,
    )
    this.#given.set(correlation, receipt)
  }

  #publish(): void {
    const [clientIdentifier, stays] = publishers[this.#pick(publishers.length)] ?? ['', false]
    const connection = this.#connected(clientIdentifier, stays)
    const qos = qosOf(this.#pick(3))
    this.#packetId = (this.#packetId % 60_000) + 1
    const wants = ['', 'delivered', 'all'][this.#pick(3)] ?? ''
    const topicName = topicNames[this.#pick(topicNames.length)] ?? ''
    const expiry = topicName === 'short' ? { messageExpiryInterval: 5 } : {}
    const properties = wants === '' ? expiry : { ...expiry, ...this.#asking(wants) }
    const packetId = qos === 0 ? 0 : this.#packetId
    const turn = this.#do((driven) => driven.publish(connection, { topicName, qos, packetId, properties }))
    const [answer = ''] = sent(turn, connection)
    // A full queue: nothing has happened.
    if (answer.endsWith(' 151') && wants !== '') this.#asked.delete(String(this.#correlation))
  }

  #asking(wants: string) {
    this.#correlation += 1
    const correlation = String(this.#correlation)
    this.#asked.add(correlation)
    const userProperties: [string, string][] = [['pabal-receipt', wants]]
    return { responseTopic: 'receipts', correlationData: Buffer.from(correlation), userProperties }
  }

  #connected(clientIdentifier: string, stays: boolean): Connection {
    const known = this.#sessionOf(clientIdentifier)?.connection
    if (known !== null && known !== undefined) return known
    const properties = { sessionExpiryInterval: stays ? 100 : 0 }
    const connection = this.#driven.core.open({}, origin, this.#driven.nowMs)
    this.#do((driven) => driven.receive(connection, connectPacket(clientIdentifier, { properties })))
    return connection
  }

  #sessionOf(clientIdentifier: string): Session | undefined {
    return this.#driven.state.sessions.get('', clientIdentifier)
  }

  #come(): void {
    const [clientIdentifier, topicFilter, qos, stays] = subscribers[this.#pick(subscribers.length)] ?? ['', '', 0, true]
    const connection = this.#connected(clientIdentifier, stays)
    if (connection.session?.subscriptions.size === 0) {
      this.#do((driven) => driven.subscribe(connection, topicFilter, { qos }))
    }
  }

  #go(): void {
    const connections = [...this.#driven.state.connections]
    const connection = connections[this.#pick(Math.max(1, connections.length))]
    if (connection !== undefined) this.#do((driven) => driven.breakOff(connection))
  }

  #acknowledge(): void {
    const sessions = [...this.#driven.state.sessions.values()].filter((each) => each.outbound.inFlightMessages > 0)
    const session = sessions[this.#pick(Math.max(1, sessions.length))]
    if (session !== undefined) this.#acknowledgeOne(session)
  }

  #acknowledgeOne({ connection, outbound, clientIdentifier }: Session): void {
    const [copy] = outbound.inFlight ?? []
    if (copy === undefined || connection === null) return
    const type = copy.qos === 1 ? 'puback' : copy.isReceived ? 'pubcomp' : 'pubrec'
    if (type !== 'pubrec' && clientIdentifier !== 'monitor') this.#note(copy.messageSeq)
    this.#do((driven) => driven.acknowledge(connection, type, copy.packetId))
  }

  #note(messageSeq: number): void {
    const record = this.#store.records.get(messageSeq)
    // A dead letter has the properties of its original.
    if (record?.type !== 'message' || record.message.topicName === 'dead-letters') return
    const correlation = Buffer.from(record.message.publish.properties.correlationData ?? []).toString()
    this.#acknowledged.set(correlation, (this.#acknowledged.get(correlation) ?? 0) + 1)
  }

  #crash(): void {
    const { nowMs } = this.#driven
    this.#store.crash()
    this.#driven = newCore()
    this.#driven.nowMs = nowMs
    const restore = this.#store.restoreInto(this.#driven.state)
    this.#do((driven) => driven.input((_, now, turn) => restore.finish(now, turn)))
  }

  /** Every copy is counted where something is owed for its message. */
  #check(): void {
    const { owed, sessions, endings } = this.#driven.state
    assert.equal(endings.length, 0)
    const copies = new Map<number, number>()
    for (const session of sessions.values()) {
      const waiting = session.outbound.backlog.waiting()
      assert.equal(session.outbound.queuedMessages, waiting.length, 'nothing else waits')
      for (const seq of [
        ...waiting.map(({ message }) => message),
        ...Array.from(session.outbound.inFlight ?? [], ({ messageSeq }) => messageSeq),
      ]) {
        const obligation = owed.get(seq)
        if (obligation !== undefined && !obligation.ignored.has(session)) copies.set(seq, (copies.get(seq) ?? 0) + 1)
      }
    }
    for (const { message, pending, topicName } of owed.all()) {
      assert.equal(pending, copies.get(message) ?? 0, `copies of message ${message} on ${topicName}`)
    }
  }

  #finish(): void {
    for (const [clientIdentifier, stays] of publishers) this.#connected(clientIdentifier, stays)
    for (const session of [...this.#driven.state.sessions.values()]) {
      const { clientIdentifier, survives } = session
      this.#connected(clientIdentifier, survives)
      while (session.outbound.inFlightMessages > 0) this.#acknowledgeOne(session)
    }
    for (const connection of [...this.#driven.state.connections]) this.#do((driven) => driven.breakOff(connection))
    this.#do((driven) => driven.advance(200))
    this.#do((driven) => driven.advance(7 * 24 * 3600))
    this.#check()
    const { owed, live, held } = this.#driven.state
    assert.equal(owed.size, 0, 'nothing is owed')
    assert.equal(live.count, held.counts('dead').messages, 'nothing is kept but dead letters')
    assert.equal(held.counts('held').messages, 0)
    assert.deepEqual(
      [...this.#asked].filter((each) => !this.#given.has(each)),
      [],
      'receipts that never came',
    )
    for (const receipt of this.#given.values()) {
      const { matched, delivered, sent, failed, pending } = receipt
      assert.ok(pending >= 0 && delivered + sent + failed + pending === matched, JSON.stringify(receipt))
    }
  }
}

function newCore(): DrivenCore {
  const driven = new DrivenCore({ sessionQueueMessagesMax: 4 }, { topicRules, isDurable: true })
  driven.state.reportsMessages = true
  return driven
}

function qosOf(number: number): Qos {
  return number === 0 ? 0 : number === 1 ? 1 : 2
}

test(`${seeds} random runs with crashes: what is owed is given, each once, and nothing is left`, () => {
  for (let seed = 1; seed <= seeds; seed++) {
    try {
      new RandomRun(seed).run()
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  }
})
