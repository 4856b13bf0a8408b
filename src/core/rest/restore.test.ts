import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenCore } from '../../../test/support/driven-core.ts'
import { publish } from '../../protocol/packets/publish.ts'
import { defaultLimits } from '../limits.ts'
import { Message } from '../message.ts'
import { CoreState } from '../state.ts'
import { newTurn } from '../turn.ts'
import { Restore } from './restore.ts'
import type { InFlightSnapshot, SessionSnapshot } from './session-snapshot.ts'

function newCore(): CoreState {
  return new CoreState({
    limits: defaultLimits,
    asksAuthentication: false,
    authenticationMethods: new Set(),
    asksAuthorization: false,
    responseTopicPrefix: null,
    whenQueueFull: 'spill',
    isDurable: true,
  })
}

/** One QoS 1 copy that was sent under Packet Identifier 1. */
const inFlight: InFlightSnapshot = {
  order: 5,
  message: 5,
  size: 10,
  packetId: 1,
  qos: 1,
  isReceived: false,
  retain: 'cleared',
  subscriptionIdentifiers: null,
  sharedFilter: null,
}

const session: SessionSnapshot = {
  number: 1,
  account: '',
  clientIdentifier: 's',
  createdMs: 0,
  sessionExpiryInterval: 1000,
  endsAtMs: 0,
  will: null,
  willAtMs: 0,
  subscriptions: [],
  inboundPacketIds: [],
  from: 7,
  sentThrough: 0,
  taken: [],
  inFlight: [inFlight],
  groups: null,
}

for (const [what, record] of [
  ['settled', { type: 'settled', session: 1, orders: [5] }],
  ['that ended with its Session', { type: 'session-ended', session: 1 }],
] as const) {
  test(`a copy in flight whose message was trimmed, ${what} behind the snapshot, is let go of once`, () => {
    const core = newCore()
    const restore = new Restore(core)
    restore.snapshot({ type: 'session', number: 1, session }, 6)
    restore.record(8, record)
    restore.finish(0, newTurn())
    assert.equal(core.live.has(5), false)
    assert.equal(core.tally.created, core.tally.copies.acknowledged + core.tally.copies.sessionEnded)
  })
}

test('a recipient set that is both in a snapshot and in the log is one set, and is kept while somebody waits in it', () => {
  const core = newCore()
  const restore = new Restore(core)
  const member = { session: 1, qos: 1, retain: 'cleared', subscriptionIdentifiers: null, sharedFilter: null } as const
  restore.snapshot({ type: 'session', number: 1, session: { ...session, endsAtMs: 1_000_000, inFlight: [] } }, 6)
  restore.snapshot({ type: 'recipients', id: 7, members: [member] }, 8)
  restore.record(7, { type: 'recipients', members: [member] })
  const message = new Message(8, publish({ topicName: 'a', qos: 1 }), 0)
  restore.record(8, {
    type: 'message',
    message,
    recipients: [7],
    retained: 'unchanged',
    inbound: null,
    willOf: null,
    held: null,
    replaces: 0,
    owed: null,
  })
  restore.finish(0, newTurn())
  assert.equal(core.sessions.get('', 's')?.outbound.queuedMessages, 1)
  assert.deepEqual(
    [...core.recipientSets.recorded].map(({ id, waiting, isInSnapshot }) => [id, waiting, isInSnapshot]),
    [[7, 1, true]],
  )
})

test('who published Retained Messages is one object for all of one client, before a restart and after it', () => {
  const driven = new DrivenCore({}, { isDurable: true })
  const publisher = driven.connect('p')
  for (const topicName of ['a', 'b']) driven.publish(publisher, { topicName, payload: Buffer.from('x'), retain: true })
  const core = newCore()
  const restore = new Restore(core)
  for (const [index, topicName] of ['a', 'b'].entries()) {
    const packet = publish({ topicName, payload: Buffer.from('x'), retain: true })
    const message = new Message(index + 1, packet, 0)
    message.publisher = { account: '', clientIdentifier: 'p' }
    const nothing = { recipients: [], inbound: null, willOf: null, held: null, replaces: 0, owed: null }
    restore.record(message.seq, { type: 'message', message, retained: 'set', ...nothing })
  }
  for (const { retained } of [driven.state, core]) {
    const [one, other] = ['a', 'b'].map((topicName) => retained.get(topicName)?.toMessage().publisher)
    assert.deepEqual(one, { account: '', clientIdentifier: 'p' })
    assert.equal(one, other)
  }
})
