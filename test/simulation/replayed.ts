/**
 * The state that a crash would leave: records applied one after the other, without a decision.
 *
 * A record that names what no earlier record has made known is a fault: nobody could replay it. A message is known while it is
 * retained or a Session has a copy of it, so a store may forget it after that.
 */
import assert from 'node:assert/strict'
import type { Message } from '../../src/core/message.ts'
import type { CoreRecord, MessageRecord, SessionKey } from '../../src/core/record.ts'
import type { Session } from '../../src/core/session/session.ts'
import type { CoreState } from '../../src/core/state.ts'
import { labelOf } from './traffic.ts'

interface ReplayedCopy {
  readonly message: Message
  readonly qos: number
  /** 0 if none is written down. */
  packetId: number
  isReceived: boolean
}

interface ReplayedSession {
  expiryInterval: number
  readonly subscriptions: Map<string, string>
  readonly copies: ReplayedCopy[]
  /** Messages it had two copies of at one time: records do not tell the two apart. */
  readonly twins: Set<number>
  readonly inbound: Set<number>
}

export class Replayed {
  readonly sessions = new Map<SessionKey, ReplayedSession>()
  readonly retained = new Map<string, Message>()
  /** By label: the Sessions a message was written down for. */
  readonly recipients = new Map<string, Set<SessionKey>>()

  apply(record: CoreRecord): void {
    switch (record.type) {
      case 'session-opened': {
        assert.equal(record.fresh, !this.sessions.has(record.session), 'fresh, or known before')
        const session = this.sessions.get(record.session) ?? newSession()
        session.expiryInterval = record.sessionExpiryInterval
        this.sessions.set(record.session, session)
        return
      }
      case 'session-disconnected':
        this.#session(record.session).expiryInterval = record.sessionExpiryInterval
        return
      case 'session-ended':
        assert.ok(this.sessions.delete(record.session), 'a Session that ends was there')
        return
      case 'subscribed': {
        const { topicFilter, options, subscriptionIdentifier } = record
        this.#session(record.session).subscriptions.set(topicFilter, describe(options.qos, subscriptionIdentifier))
        return
      }
      case 'unsubscribed':
        assert.ok(this.#session(record.session).subscriptions.delete(record.topicFilter))
        return
      case 'message':
        this.#applyMessage(record)
        return
      case 'copied': {
        const { session, qos } = record.recipient
        const message = this.#findMessage(record.messageId)
        assert.ok(
          message !== undefined,
          `nobody knows message ${record.messageId} any more, of which a copy is recorded`,
        )
        addCopy(this.#session(session), message, qos)
        return
      }
      case 'released':
        assert.ok(this.#session(record.session).inbound.delete(record.packetId))
        return
      default:
        this.#applyProgress(record)
    }
  }

  #applyMessage({ message, recipients, retained, inbound }: MessageRecord): void {
    if (retained === 'set') this.retained.set(message.topicName, message)
    if (retained === 'deleted') this.retained.delete(message.topicName)
    if (inbound !== null) this.#session(inbound.session).inbound.add(inbound.packetId)
    const label = labelOf(message.publish)
    const written = this.recipients.get(label) ?? new Set()
    this.recipients.set(label, written)
    for (const { session, qos } of recipients) {
      addCopy(this.#session(session), message, qos)
      written.add(session)
    }
  }

  /** What happened to copies on their way to a client. */
  #applyProgress(record: Extract<CoreRecord, { type: 'assigned' | 'received' | 'settled' }>): void {
    const { copies, twins } = this.#session(record.session)
    if (record.type === 'assigned') {
      const copy = copies.find((each) => each.message.id === record.messageId && each.packetId === 0 && each.qos === 2)
      assert.ok(copy !== undefined || twins.has(record.messageId), 'a Packet Identifier is for a copy that is known')
      if (copy !== undefined) copy.packetId = record.packetId
      return
    }
    if (record.type === 'received') {
      const copy = copies.find((each) => each.packetId === record.packetId)
      assert.ok(copy !== undefined || twins.size > 0, 'PUBREC is for a copy that is known')
      if (copy !== undefined) copy.isReceived = true
      return
    }
    for (const messageId of record.messageIds) {
      const position = copies.findIndex((each) => each.message.id === messageId)
      assert.ok(position >= 0, 'a copy is settled once')
      copies.splice(position, 1)
    }
  }

  #session(key: SessionKey): ReplayedSession {
    const session = this.sessions.get(key)
    assert.ok(session !== undefined, `a record names the Session ${JSON.stringify(key)}, which nobody opened`)
    return session
  }

  #findMessage(id: number): Message | undefined {
    for (const message of this.retained.values()) if (message.id === id) return message
    for (const { copies } of this.sessions.values()) {
      const copy = copies.find((each) => each.message.id === id)
      if (copy !== undefined) return copy.message
    }
    return undefined
  }

  /** When everything is durable, replaying gives what the core has, except for copies that are not yet written off. */
  expectSame(state: CoreState, nowMs: number): void {
    const surviving = [...state.sessions.values()].filter((session) => session.survives)
    const replayed = [...this.sessions].filter(([, { expiryInterval }]) => expiryInterval > 0).map(([key]) => key)
    assert.deepEqual(replayed.sort(), surviving.map(({ key }) => key).sort(), 'the Sessions')
    for (const session of surviving) expectSameSession(this.#session(session.key), session)
    for (const [topicName, message] of this.retained) {
      if (!message.isExpired(nowMs)) assert.equal(state.retained.get(topicName), message, 'the Retained Message')
    }
  }
}

function newSession(): ReplayedSession {
  return { expiryInterval: 0, subscriptions: new Map(), copies: [], twins: new Set(), inbound: new Set() }
}

function describe(qos: number, identifier: number): string {
  return `QoS ${qos}, identifier ${identifier}`
}

function expectSameSession(replayed: ReplayedSession, session: Session): void {
  assert.equal(replayed.expiryInterval, session.expiryInterval, 'the Session Expiry Interval')
  const subscriptions = [...session.subscriptions].map(([topicFilter, { qos, subscriptionIdentifiers }]) => [
    topicFilter,
    describe(qos, subscriptionIdentifiers?.[0] ?? 0),
  ])
  assert.deepEqual(Object.fromEntries(replayed.subscriptions), Object.fromEntries(subscriptions), 'the Subscriptions')
  assert.deepEqual([...replayed.inbound].sort(), [...(session.inboundPacketIds ?? [])].sort(), 'QoS 2 coming in')
  const { twins } = replayed
  const isSingle = ({ message }: ReplayedCopy): boolean => !twins.has(message.id)
  const settled = new Set(session.settledMessageIds)
  const copies = replayed.copies.filter(({ message }) => !settled.has(message.id))
  const expected = [...session.outbound.copies()]
  assert.deepEqual(inWords(copies.filter(isSingle)).sort(), inWords(expected.filter(isSingle)).sort(), 'the copies')
}

function inWords(copies: readonly ReplayedCopy[]): string[] {
  return copies.map(({ message, qos, packetId, isReceived }) => {
    const identifier = qos === 2 ? packetId : 0
    return `message ${message.id}, QoS ${qos}, ${identifier}, ${isReceived}`
  })
}

function addCopy({ copies, twins }: ReplayedSession, message: Message, qos: number): void {
  if (copies.some((each) => each.message.id === message.id)) twins.add(message.id)
  copies.push({ message, qos, packetId: 0, isReceived: false })
}
