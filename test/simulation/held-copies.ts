/**
 * What a Session holds, in a form in which two of them can be compared.
 */
import assert from 'node:assert/strict'
import type { RetainRule, Seq } from '../../src/core/record.ts'
import type { Session } from '../../src/core/session/session.ts'
import type { CoreState } from '../../src/core/state.ts'
import type { Qos } from '../../src/protocol/control-packet.ts'

/** A durable copy that waits or is in flight. */
export interface HeldCopy {
  readonly order: Seq
  readonly message: Seq
  readonly qos: Qos
  readonly retain: RetainRule
  readonly subscriptionIdentifiers: readonly number[] | null
  readonly sharedFilter: string | null
  readonly size: number
  /** 0 while it waits. */
  readonly packetId: number
  readonly isReceived: boolean
}

/** By order. `qosOf` is that of a message, by its seq. */
export function copiesOf(session: Session, qosOf: (message: Seq) => Qos): Map<Seq, HeldCopy> {
  const copies = new Map<Seq, HeldCopy>()
  const add = (copy: HeldCopy): void => {
    assert.ok(!copies.has(copy.order), `${session.clientIdentifier} has two copies of order ${copy.order}`)
    copies.set(copy.order, copy)
  }
  for (const copy of session.outbound.inFlight ?? []) {
    const { order, messageSeq: message, qos, size, packetId, isReceived } = copy
    const { retain, subscriptionIdentifiers, sharedFilter } = copy
    if (order > 0)
      add({ order, message, qos, retain, subscriptionIdentifiers, sharedFilter, size, packetId, isReceived })
  }
  for (const { member, order, message, size } of session.outbound.backlog.waiting()) {
    const { retain, subscriptionIdentifiers, sharedFilter } = member
    const published = qosOf(message)
    const qos = published < member.qos ? published : member.qos
    const form = { qos, retain, subscriptionIdentifiers, sharedFilter }
    add({ order, message, size, packetId: 0, isReceived: false, ...form })
  }
  return copies
}

/** The Sessions that have a record, by number. */
export function recordedSessions(state: CoreState): Map<Seq, Session> {
  const found = [...state.sessions.values()].filter(({ number }) => number > 0)
  return new Map(found.map((session) => [session.number, session]))
}

/**
 * Two states tell of the same facts. `full` was made of every record; `other` may know more about what is lazily written
 * down: which QoS 1 copies were sent, and which copies are over, those that `isOver` allows.
 */
export function expectSameFacts(
  full: CoreState,
  other: CoreState,
  nowMs: number,
  qosOf: (message: Seq) => Qos,
  isOver: (session: Session, copy: HeldCopy) => boolean,
): void {
  const sessions = recordedSessions(full)
  const others = recordedSessions(other)
  assert.deepEqual([...others.keys()].sort(byNumber), [...sessions.keys()].sort(byNumber), 'the Sessions')
  for (const [number, session] of sessions) {
    const same = others.get(number)
    assert.ok(same !== undefined)
    assert.deepEqual(factsOf(same), factsOf(session), `the Session of ${session.clientIdentifier}`)
    if (session.survives) expectSameCopies(session, same, qosOf, isOver)
  }
  assert.deepEqual(heldSeqs(other), heldSeqs(full), 'what is held')
  for (const message of full.retained.all()) {
    const { topicName, seq } = message
    if (!message.isExpired(nowMs)) assert.equal(other.retained.get(topicName)?.seq, seq, `retained on ${topicName}`)
  }
  for (const { topicName, seq } of other.retained.all()) {
    assert.equal(full.retained.get(topicName)?.seq, seq, `retained on ${topicName}`)
  }
}

function heldSeqs({ held }: CoreState): Seq[] {
  return Array.from(held.all(), ({ seq }) => seq).sort(byNumber)
}

function expectSameCopies(
  session: Session,
  same: Session,
  qosOf: (message: Seq) => Qos,
  isOver: (session: Session, copy: HeldCopy) => boolean,
): void {
  const name = session.clientIdentifier
  const found = copiesOf(same, qosOf)
  for (const copy of copiesOf(session, qosOf).values()) {
    const { order } = copy
    const twin = found.get(order)
    found.delete(order)
    if (twin === undefined) {
      assert.ok(isOver(session, copy), `${name} no longer has its copy ${order} of message ${copy.message}`)
      continue
    }
    const isUnwritten = copy.qos === 1 && copy.packetId === 0
    assert.deepEqual(twin, isUnwritten ? { ...copy, packetId: twin.packetId } : copy, `copy ${order} of ${name}`)
  }
  assert.deepEqual([...found.values()], [], `copies of ${name} that nobody has written down`)
}

function factsOf(session: Session): object {
  const { account, clientIdentifier, createdMs, expiryInterval, endsAtMs, will, willAtMs, survives } = session
  const facts = { account, clientIdentifier, createdMs, expiryInterval, endsAtMs, will: willFacts(will), willAtMs }
  if (!survives) return facts
  const subscriptions = [...session.subscriptions.values()].map((subscription) => {
    const { topicFilter, options, sinceMs, subscriptionIdentifiers } = subscription
    return [topicFilter, { ...options, sinceMs, identifier: subscriptionIdentifiers?.[0] ?? 0 }]
  })
  const inbound = [...(session.inboundPacketIds ?? [])].sort(byNumber)
  return { ...facts, subscriptions: Object.fromEntries(subscriptions), inbound }
}

/** A payload is a Buffer or a Uint8Array. */
function willFacts(will: Session['will']): object | null {
  return will === null ? null : { ...will, payload: Buffer.from(will.payload).toString() }
}

function byNumber(one: number, other: number): number {
  return one - other
}
