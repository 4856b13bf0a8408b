import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenCore, sent } from '../../test/support/driven-core.ts'
import type { Connection } from './connection/connection.ts'
import { ledger, ruleLedgers } from './query/ledger.ts'
import { whoTotals } from './query/who-totals.ts'
import { type Reconfiguration, reconfigure } from './reconfigure.ts'
import { defaultObservers } from './state.ts'
import type { Turn } from './turn.ts'

/** As it is, apart from `changes`. */
function change(driven: DrivenCore, changes: Partial<Reconfiguration>): Turn {
  const { state } = driven
  const { asksAuthentication, authenticationMethods, asksAuthorization, responseTopicPrefix } = state.options
  const { whenQueueFull, topicRules = [] } = state.options
  const same = {
    limits: { ...state.limits },
    ...{ asksAuthentication, authenticationMethods, asksAuthorization, responseTopicPrefix, whenQueueFull, topicRules },
    deadLetterTopicName: 'dead-letters',
    observers: defaultObservers,
    observersChanged: changes.observers !== undefined,
    accessChanged: changes.access !== undefined,
    mayObserve: null,
    mayStay: null,
  }
  return driven.input((core, nowMs, turn) => {
    reconfigure(state, { ...same, ...changes }, nowMs, turn)
    core.settle(nowMs, turn)
  })
}

function publisher(driven: DrivenCore): (topicName: string) => string {
  const connection = driven.connect('p')
  let packetId = 0
  return (topicName) => {
    packetId += 1
    const turn = driven.publish(connection, { topicName, payload: Buffer.from('x'), qos: 1, packetId })
    return (sent(turn, connection)[0] ?? '').replace(` ${packetId}`, '')
  }
}

/** Filter, received, held, and the other fates of every rule that has counted something. */
function counts(driven: DrivenCore): unknown[] {
  const rules = [...ruleLedgers(driven.state)].filter((rule) => rule !== null)
  assert.ok(rules.every(({ addsUp }) => addsUp))
  assert.ok(ledger(driven.state).messages.addsUp)
  return rules
    .filter(({ received }) => received > 0)
    .map(({ filter, isInForce, received, fates }) => {
      return [filter, isInForce, received, Object.entries(fates).filter(([, count]) => count > 0)]
    })
}

test('a rule that has changed decides about the next message, also on a Topic Name that was looked up before', () => {
  const driven = new DrivenCore({}, { topicRules: [{ filter: 'a/#', whenNobody: 'accept' }] })
  const send = publisher(driven)
  assert.equal(send('a/1'), 'puback 0')
  change(driven, { topicRules: [{ filter: 'a/#', whenNobody: 'reject' }] })
  assert.equal(send('a/1'), 'puback 131')
  change(driven, { topicRules: [] })
  assert.equal(send('a/1'), 'puback 16')
})

test('counts stay with the Topic Filter of their rule, and those of a rule that is gone stay in the ledger', () => {
  const driven = new DrivenCore({}, { topicRules: [{ filter: 'a/#' }, { filter: 'b/#' }, { filter: 'c' }] })
  const send = publisher(driven)
  for (const topicName of ['a/1', 'b/1', 'b/2', 'd']) send(topicName)
  change(driven, { topicRules: [{ filter: 'b/#', whenNobody: 'accept' }, { filter: '#' }] })
  for (const topicName of ['a/1', 'b/1', 'd']) send(topicName)
  assert.deepEqual(counts(driven), [
    ['b/#', true, 3, [['unmatched', 3]]],
    ['#', true, 2, [['unmatched', 2]]],
    ['a/#', false, 1, [['unmatched', 1]]],
    ['#', true, 1, [['unmatched', 1]]],
  ])
  change(driven, { topicRules: [{ filter: 'a/#' }] })
  send('a/1')
  assert.deepEqual(counts(driven)[0], ['a/#', true, 2, [['unmatched', 2]]])
})

test('what is held stays held when its rule says otherwise, goes to who listens, and is counted where it came in', () => {
  const driven = new DrivenCore({}, { topicRules: [{ filter: 'a/#', whenNobody: 'hold' }] })
  const send = publisher(driven)
  send('a/1')
  change(driven, { topicRules: [{ filter: 'a/1', whenNobody: 'accept' }] })
  assert.equal(driven.state.held.count, 1)
  assert.equal(send('a/1'), 'puback 0')
  assert.deepEqual(counts(driven), [
    ['a/1', true, 1, [['unmatched', 1]]],
    ['a/#', false, 1, [['held', 1]]],
  ])
  const subscriber = driven.connect('s')
  assert.deepEqual(sent(driven.subscribe(subscriber, 'a/1'), subscriber), ['suback', 'publish a/1 x qos 1 1'])
  assert.equal(driven.state.held.count, 0)
  assert.deepEqual(counts(driven)[1], ['a/#', false, 1, [['routed', 1]]])
})

/** Subscriptions that count, of which online; observers; shared groups that count. */
function totals(driven: DrivenCore, topicName: string): unknown[] {
  const { listeners, online, observers } = whoTotals(driven.state, topicName)
  return [listeners, online, observers]
}

test('who has begun to observe counts no more, who has ceased to counts and gets what is held', () => {
  const driven = new DrivenCore({}, { topicRules: [{ filter: '#', whenNobody: 'hold' }] })
  const send = publisher(driven)
  const monitor = driven.connect('monitor')
  driven.subscribe(monitor, '#')
  const subscriber = driven.connect('s')
  driven.subscribe(subscriber, 'a/#')
  const member = driven.connect('m')
  driven.subscribe(member, '$share/g/a/#')
  assert.deepEqual(totals(driven, 'a/1'), [2, 2, 1])
  change(driven, { observers: { accounts: new Set(), filters: new Set(['#', 'a/#']) } })
  assert.deepEqual(totals(driven, 'a/1'), [0, 0, 3])
  assert.equal(send('a/1'), 'puback 16')
  assert.equal(driven.state.held.count, 1)
  const turn = change(driven, { observers: { accounts: new Set(), filters: new Set(['#']) } })
  assert.deepEqual(sent(turn, subscriber), ['publish a/1 x qos 1 2'])
  assert.equal(driven.state.held.count, 0)
  assert.deepEqual(totals(driven, 'a/1'), [2, 2, 1])
  for (const connection of [subscriber, member, monitor]) driven.disconnect(connection)
  assert.deepEqual(totals(driven, 'a/1'), [2, 0, 1])
  change(driven, { observers: { accounts: new Set(), filters: new Set() } })
  assert.deepEqual(totals(driven, 'a/1'), [3, 0, 0])
})

test('limits that are compared change, those that are announced or are the size of something do not', () => {
  const driven = new DrivenCore({ subscriptionsPerSessionMax: 1, receiveMaximum: 5 })
  const subscriber = driven.connect('s')
  driven.subscribe(subscriber, 'a')
  change(driven, { limits: { ...driven.state.limits, subscriptionsPerSessionMax: 2, receiveMaximum: 9 } })
  driven.subscribe(subscriber, 'b')
  assert.equal(driven.state.subscriptions.count, 2)
  assert.equal(driven.state.limits.receiveMaximum, 5)
})

test('the bound of a queue is a new one at once', () => {
  const driven = new DrivenCore({ sessionQueueMessagesMax: 1 })
  const send = publisher(driven)
  driven.subscribe(driven.connect('s', { properties: { receiveMaximum: 1, sessionExpiryInterval: 1000 } }), 'a')
  assert.deepEqual([send('a'), send('a'), send('a')], ['puback 0', 'puback 0', 'puback 151'])
  change(driven, { limits: { ...driven.state.limits, sessionQueueMessagesMax: 2 } })
  assert.deepEqual([send('a'), send('a')], ['puback 0', 'puback 151'])
  change(driven, { whenQueueFull: 'drop-newest' })
  assert.equal(send('a'), 'puback 0')
})

test('what a client was allowed before is asked about again', () => {
  const driven = new DrivenCore({}, { asksAuthorization: true })
  const connection = driven.connect('p')
  connection.publishPermissions = new Map([['a', 1]])
  change(driven, {})
  assert.equal(connection.publishPermissions, null)
})

test('accounts that may no longer observe lose their Subscriptions to events, and no other', () => {
  const driven = new DrivenCore()
  const subscriber = driven.connect('s')
  const { session } = subscriber
  assert.ok(session !== null)
  for (const filter of ['a', '$pabal/events/#', '$share/g/$pabal/events/connected'])
    subscribeTo(driven, subscriber, filter)
  assert.equal(session.subscriptions.size, 3)
  change(driven, { mayObserve: () => true })
  assert.equal(session.subscriptions.size, 3)
  const turn = change(driven, { mayObserve: ({ account }) => account !== session.account })
  assert.deepEqual([...session.subscriptions.keys()], ['a'])
  assert.deepEqual(
    turn.records.map(({ type }) => type),
    ['unsubscribed', 'unsubscribed'],
  )
})

/** With the host's consent. */
function subscribeTo(driven: DrivenCore, connection: Connection, filter: string): void {
  const { questions } = driven.subscribe(connection, filter)
  for (const question of questions) {
    driven.input((core, nowMs, turn) => core.answered(question, { type: 'authorized', allowed: [true] }, nowMs, turn))
  }
}

test('who may not stay is disconnected with 0x87, and who is just logging in must begin again', () => {
  const driven = new DrivenCore({}, { asksAuthentication: true })
  const idle = driven.core.open({}, { ...originOf, listener: 'a' }, driven.nowMs)
  const early = driven.connect('early')
  assert.equal(early.state, 'authenticating')
  const turn = change(driven, { mayStay: () => false })
  assert.equal(early.state, 'closed')
  assert.deepEqual(sent(turn, early), ['connack 136', 'close'])
  assert.equal(idle.state, 'opened')
  const open = new DrivenCore()
  const client = open.connect('c')
  assert.deepEqual(sent(change(open, { mayStay: () => true }), client), [])
  assert.deepEqual(sent(change(open, { mayStay: () => false }), client), ['disconnect 135', 'close'])
})

const originOf = { remoteAddress: 'here', assignedClientIdentifier: 'assigned', tellsPublisher: true }

test('rates and intervals that have changed hold from now on', () => {
  const limits = { fateLogPerSecondMax: 1, messageEventsPerSecondMax: 0, sysIntervalSeconds: 0 }
  const driven = new DrivenCore(limits)
  const { state, core } = driven
  const later = (seconds: number): Turn => {
    core.nextDeadlineMs(driven.nowMs)
    return driven.advance(seconds)
  }
  state.messageEvents.hostTypes = new Set(['messageUnmatched'])
  const send = publisher(driven)
  const watcher = driven.connect('w')
  driven.observe(watcher, '$SYS/broker/messages/received')
  for (let number = 0; number < 3; number++) send('a')
  assert.deepEqual([state.fateLog.lastId, state.messageEvents.news.length], [1, 0])
  assert.deepEqual(sent(later(60), watcher), [])
  const more = { fateLogPerSecondMax: 5, messageEventsPerSecondMax: 2, sysIntervalSeconds: 5 }
  change(driven, { limits: { ...state.limits, ...more } })
  state.messageEvents.news.splice(0)
  for (let number = 0; number < 3; number++) send('a')
  assert.equal(state.fateLog.lastId, 4)
  assert.equal(state.messageEvents.news.filter(({ type }) => type === 'messageUnmatched').length, 2)
  assert.equal(sent(later(5), watcher).length, 1)
  change(driven, { limits: { ...state.limits, sysIntervalSeconds: 0 } })
  send('a')
  assert.deepEqual(sent(later(60), watcher), [])
})

test('the bytes that waiting messages may take in memory are others from the next one on', () => {
  const driven = new DrivenCore({ queueMemoryBytesMax: 1_048_576 }, { isDurable: true })
  assert.equal(driven.state.bodies.bytesMax, 1_048_576)
  change(driven, { limits: { ...driven.state.limits, queueMemoryBytesMax: 2_097_152 } })
  assert.equal(driven.state.bodies.bytesMax, 2_097_152)
})

test('whoever is still connecting when the Maximum Packet Size changes begins again', () => {
  const driven = new DrivenCore({}, { asksAuthentication: true })
  const asked = driven.connect('asked')
  const turn = change(driven, { limits: { ...driven.state.limits, packetBytesMax: 5000 } })
  assert.deepEqual(sent(turn, asked), ['connack 136', 'close'])
})
