/**
 * The state that a crash would leave: every durable record applied, one after the other, as a restart does.
 *
 * A record that names what no earlier record has made known is a fault: nobody could replay it.
 */
import assert from 'node:assert/strict'
import type { Message } from '../../src/core/message.ts'
import type { CoreRecord, Recipient, Seq, SessionNumber } from '../../src/core/record.ts'
import { Restore } from '../../src/core/rest/restore.ts'
import type { Session } from '../../src/core/session/session.ts'
import { type CoreOptions, CoreState } from '../../src/core/state.ts'
import type { Qos } from '../../src/protocol/control-packet.ts'
import { copiesOf, expectSameFacts, type HeldCopy, recordedSessions } from './held-copies.ts'
import type { SimulatedStore } from './simulated-store.ts'
import { labelOf } from './traffic.ts'

/** One copy that was written down, of a message with a label. */
export interface WrittenCopy {
  readonly session: SessionNumber
  readonly sharedFilter: string | null
  readonly order: Seq
  /** Its form. */
  readonly qos: number
  readonly retain: boolean
  readonly identifiers: readonly number[]
}

export class Replayed {
  readonly #options: CoreOptions
  #state: CoreState
  #restore: Restore
  #known: Map<SessionNumber, Session>
  readonly #sets = new Map<Seq, readonly Recipient[]>()
  readonly #messages = new Map<Seq, Message>()
  /** By label. */
  readonly #copies = new Map<string, WrittenCopy[]>()

  constructor(options: CoreOptions) {
    this.#options = options
    this.#state = new CoreState(options)
    this.#restore = new Restore(this.#state)
    this.#known = new Map()
  }

  get state(): CoreState {
    return this.#state
  }

  /** QoS the message with this seq was published at. */
  readonly qosOf = (message: Seq): Qos => this.#messages.get(message)?.publish.qos ?? 0

  session(clientIdentifier: string): Session | undefined {
    return this.#state.sessions.get('', clientIdentifier)
  }

  /** The copy that a Session has sent, or still has in flight, under a Packet Identifier. */
  inFlight(clientIdentifier: string, packetId: number): HeldCopy | undefined {
    const session = this.session(clientIdentifier)
    if (session === undefined) return undefined
    return [...copiesOf(session, this.qosOf).values()].find((copy) => copy.packetId === packetId)
  }

  /** Whether a message with this label is written down. */
  isWritten(label: string): boolean {
    return this.#copies.has(label)
  }

  copiesWritten(label: string): readonly WrittenCopy[] {
    return this.#copies.get(label) ?? []
  }

  /** After a crash: what is over need not be in the log any more, so what the store has left is all there is. */
  restart(store: SimulatedStore): void {
    this.#state = new CoreState(this.#options)
    this.#restore = store.restoreInto(this.#state)
    this.#known = recordedSessions(this.#state)
  }

  apply(seq: Seq, record: CoreRecord): void {
    assert.equal(seq, this.#state.lastSeq + 1, 'records come in order')
    if (record.type === 'message') this.#note(record.message, record.recipients, seq)
    else if (record.type === 'recipients') this.#sets.set(seq, record.members)
    else if (record.type === 'copied' || record.type === 'drained')
      this.#noteCopied(seq, record.message, record.recipients)
    else if ('session' in record) this.#expectKnown(record.session, record)
    this.#restore.record(seq, record)
    if (record.type === 'session-created') this.#created(seq, record.account, record.clientIdentifier)
    else if (record.type === 'assigned' || record.type === 'received') this.#expectInFlight(record)
  }

  #created(seq: Seq, account: string, clientIdentifier: string): void {
    const session = this.#state.sessions.get(account, clientIdentifier)
    assert.equal(session?.number, seq)
    this.#known.set(seq, session)
  }

  #note(message: Message, recipients: readonly Seq[], seq: Seq): void {
    assert.equal(message.seq, seq, 'a message has the place of its record')
    this.#messages.set(seq, message)
    const label = labelOf(message.publish)
    if (!this.#copies.has(label)) this.#copies.set(label, [])
    for (const id of recipients) this.#noteCopies(message, id, seq)
  }

  #noteCopied(seq: Seq, messageSeq: Seq, recipients: Seq): void {
    const message = this.#messages.get(messageSeq)
    assert.ok(message !== undefined)
    this.#noteCopies(message, recipients, seq)
  }

  #noteCopies({ publish }: Message, id: Seq, order: Seq): void {
    const members = this.#sets.get(id)
    assert.ok(members !== undefined, `no record says who ${id} is`)
    const copies = this.#copies.get(labelOf(publish)) ?? []
    for (const { session, sharedFilter, subscriptionIdentifiers, retain: rule, ...granted } of members) {
      const qos = Math.min(granted.qos, publish.qos)
      const retain = rule === 'as-published' ? publish.retain : rule === 'set'
      copies.push({ session, sharedFilter, order, qos, retain, identifiers: subscriptionIdentifiers ?? [] })
    }
  }

  #expectKnown(number: SessionNumber, record: CoreRecord): void {
    const session = this.#known.get(number)
    assert.ok(session !== undefined && !session.hasEnded, `a ${record.type} record names Session ${number}`)
    if (record.type === 'released') assert.ok(session.inboundPacketIds?.has(record.packetId), 'released once')
    if (record.type === 'unsubscribed') assert.ok(session.subscriptions.has(record.topicFilter))
    if (record.type !== 'settled' || !session.survives) return
    const copies = copiesOf(session, this.qosOf)
    for (const order of record.orders) assert.ok(copies.delete(order), `copy ${order} is settled once`)
  }

  #expectInFlight({ session, packetId, type }: Extract<CoreRecord, { type: 'assigned' | 'received' }>): void {
    const found = [...(this.#known.get(session)?.outbound.inFlight ?? [])]
    const copy = found.find((each) => each.packetId === packetId)
    assert.ok(copy?.qos === 2, `an ${type} record is about a copy that is known`)
    assert.equal(copy.isReceived, type === 'received')
  }

  /** When everything is durable: the core has what a restart would find, but for what is not yet written off. */
  expectSame(state: CoreState, store: SimulatedStore, nowMs: number): void {
    const sessions = recordedSessions(state)
    expectSameFacts(this.#state, state, nowMs, this.qosOf, ({ number }, { order, message }) => {
      return sessions.get(number)?.settledOrders.includes(order) === true || !store.records.has(message)
    })
  }

  /** What the store would give back, of what is durable, if `state` were lost now. */
  expectRestorable(state: CoreState, store: SimulatedStore, nowMs: number): void {
    const restored = new CoreState(this.#options)
    store.restoreInto(restored)
    const sessions = recordedSessions(state)
    expectSameFacts(this.#state, restored, nowMs, this.qosOf, ({ number }, { order }) => {
      const session = sessions.get(number)
      return session === undefined || !copiesOf(session, this.qosOf).has(order)
    })
  }
}
