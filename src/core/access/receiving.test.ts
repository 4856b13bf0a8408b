/**
 * Access rules where messages are handed out: whoever may not receive one is no listener, and gets it in no other way.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenCore, sent } from '../../../test/support/driven-core.ts'
import type { Connection } from '../connection/connection.ts'
import { whoListens } from '../query/who-listens.ts'
import { whoTotals } from '../query/who-totals.ts'
import { reconfigure } from '../reconfigure.ts'
import { type CoreOptions, defaultObservers } from '../state.ts'
import type { Turn } from '../turn.ts'
import type { AccessPolicy } from './access-policy.ts'

/** Everybody may do everything but these clients receive this. */
function without(clients: readonly string[], ...topics: string[]): AccessPolicy {
  const rule = { actions: ['publish', 'receive'], accounts: null, clients: null } as const
  const denied = { ...rule, allows: false, actions: ['receive'], topics, clients, place: 'rules[0]' } as const
  return {
    rules: [denied, { ...rule, allows: true, topics: ['#', '$SYS/#'], place: 'rules[1]' }],
    subscribing: 'always',
  }
}

const payload = Buffer.from('x')

function started(access: AccessPolicy | null, options: Partial<CoreOptions> = {}) {
  const driven = new DrivenCore({}, { access, ...options })
  const publisher = driven.connect('p')
  let packetId = 0
  const publish = (topicName: string, qos: 0 | 1 = 1): Turn => {
    packetId += 1
    return driven.publish(publisher, { topicName, payload, qos, packetId: qos === 0 ? 0 : packetId })
  }
  return { driven, publisher, publish }
}

function change(driven: DrivenCore, access: AccessPolicy | null): Turn {
  const { state } = driven
  return driven.input((core, nowMs, turn) => {
    const { limits, deadLetterTopicName = 'dead-letters', ...options } = state.options
    const same = { ...options, limits: { ...limits }, deadLetterTopicName, observers: defaultObservers }
    const rest = { observersChanged: false, accessChanged: true, mayObserve: null, mayStay: null }
    reconfigure(state, { ...same, ...rest, access }, nowMs, turn)
    core.settle(nowMs, turn)
  })
}

function messages(turn: Turn, connection: Connection): string[] {
  return sent(turn, connection).filter((words) => words.startsWith('publish'))
}

test('whoever may not receive a Topic Name gets no copy, and is no listener', () => {
  const { driven, publisher, publish } = started(without(['s'], 'a/secret'))
  const subscriber = driven.connect('s')
  driven.subscribe(subscriber, 'a/+')
  driven.subscribe(subscriber, 'a/#')
  const open = publish('a/open')
  assert.deepEqual(messages(open, subscriber), ['publish a/open x qos 1 1'])
  const secret = publish('a/secret')
  assert.deepEqual(messages(secret, subscriber), [])
  assert.match(sent(secret, publisher)[0] ?? '', /^puback 2 16/)
  assert.deepEqual(messages(publish('a/secret', 0), subscriber), [])
  assert.equal(driven.state.tally.created, 1)
})

test('nobody may receive it: the policy of its rule decides, as if nobody subscribed', () => {
  const { driven, publish } = started(without(['s'], 'a'), { topicRules: [{ filter: 'a', whenNobody: 'hold' }] })
  driven.subscribe(driven.connect('s'), 'a')
  publish('a')
  assert.equal(driven.state.held.count, 1)
})

test('what is held goes past whoever may not receive it, and to whoever may', () => {
  const { driven, publish } = started(without(['s'], 'a'), { topicRules: [{ filter: 'a', whenNobody: 'hold' }] })
  publish('a')
  const denied = driven.connect('s')
  assert.deepEqual(messages(driven.subscribe(denied, 'a'), denied), [])
  assert.equal(driven.state.held.count, 1)
  const allowed = driven.connect('t')
  assert.equal(messages(driven.subscribe(allowed, 'a'), allowed).length, 1)
  assert.equal(driven.state.held.count, 0)
})

test('whoever may receive it from now on gets what was held', () => {
  const { driven, publish } = started(without(['s'], 'a'), { topicRules: [{ filter: 'a', whenNobody: 'hold' }] })
  const subscriber = driven.connect('s')
  driven.subscribe(subscriber, 'a')
  publish('a')
  assert.deepEqual(messages(change(driven, null), subscriber), ['publish a x qos 1 1'])
})

test('a dead letter goes past whoever may not receive its Topic Name', () => {
  const topicRules = [{ filter: 'a', whenNobody: 'dead-letter' }] as const
  const { driven, publish } = started(without(['s'], 'dead-letters'), { topicRules })
  const subscriber = driven.connect('s')
  driven.subscribe(subscriber, 'dead-letters')
  assert.deepEqual(messages(publish('a'), subscriber), [])
  assert.equal(driven.state.held.counts('dead').messages, 1)
})

test('Retained Messages that a client may not receive are left out', () => {
  const { driven, publisher } = started(without(['s'], 'a/secret'))
  for (const topicName of ['a/secret', 'a/open']) driven.publish(publisher, { topicName, payload, retain: true })
  const subscriber = driven.connect('s')
  assert.deepEqual(messages(driven.subscribe(subscriber, 'a/#'), subscriber), ['publish a/open x qos 0'])
})

test('mosquitto CVE-2018-12546: a Retained Message is not delivered once its publisher may not publish it any more', () => {
  const { driven, publisher } = started(null)
  driven.publish(publisher, { topicName: 'a', payload, retain: true })
  const will = { topicName: 'b', payload, retain: true }
  driven.breakOff(driven.connect('q', { will, properties: { sessionExpiryInterval: 0 } }))
  const retainedFor = (name: string) => {
    const subscriber = driven.connect(name)
    return messages(driven.subscribe(subscriber, '#'), subscriber)
  }
  assert.equal(retainedFor('before').length, 2)
  const all = { actions: ['publish', 'receive'], topics: ['#'], accounts: null, clients: null, place: '0' } as const
  const noPublishing = { ...all, allows: false, actions: ['publish'], clients: ['p'] } as const
  change(driven, { rules: [noPublishing, { ...all, allows: true }], subscribing: 'always' })
  assert.deepEqual(retainedFor('after'), ['publish b x qos 0'])
  change(driven, { rules: [{ ...all, allows: true }], subscribing: 'always' })
  assert.equal(retainedFor('again').length, 2)
})

test('a shared group gives each message to a member that may receive it, and counts if there is one', () => {
  const { driven, publish } = started(without(['one', 'two'], 'a'))
  const members = ['one', 'two', 'three'].map((name) => driven.connect(name))
  for (const member of members) driven.subscribe(member, '$share/g/a')
  for (let round = 0; round < 6; round++) {
    const turn = publish('a')
    assert.deepEqual(
      members.map((member) => messages(turn, member).length),
      [0, 0, 1],
    )
  }
  const [, , last] = members
  assert.ok(last)
  driven.disconnect(last)
  driven.receive(driven.connect('three', { cleanStart: true }), { type: 'pingreq' })
  assert.equal(whoTotals(driven.state, 'a').listeners, 0)
})

test('mosquitto CVE-2021-34434: revoked rights stop a live Subscription at once, and after the client has come back', () => {
  const { driven, publish } = started(without([], 'a'))
  const subscriber = driven.connect('s')
  driven.subscribe(subscriber, 'a')
  assert.equal(messages(publish('a'), subscriber).length, 1)
  change(driven, without(['s'], 'a'))
  assert.deepEqual(messages(publish('a'), subscriber), [])
  driven.breakOff(subscriber)
  const back = driven.connect('s')
  assert.deepEqual(messages(publish('a'), back), [])
  change(driven, null)
  assert.equal(messages(publish('a'), back).length, 1)
})

test('mosquitto CVE-2018-12546: what was queued before is not delivered after the client may not receive it any more', () => {
  const { driven, publish } = started(null)
  const subscriber = driven.connect('s')
  driven.subscribe(subscriber, '#')
  driven.breakOff(subscriber)
  for (const topicName of ['a', 'b', 'a']) publish(topicName)
  change(driven, without(['s'], 'a'))
  driven.connect('s')
  const [copy, ...more] = driven.session('s').outbound.inFlight ?? []
  assert.deepEqual([copy?.message?.topicName, more], ['b', []])
  assert.equal(driven.state.tally.copies.accessRevoked, 2)
})

test('mosquitto CVE-2018-12546: what waits for a client that is there is not sent once it may not receive it, whether its Session stays or not', () => {
  for (const sessionExpiryInterval of [0, 1000]) {
    const { driven, publish } = started(null)
    const subscriber = driven.connect('s', { properties: { receiveMaximum: 1, sessionExpiryInterval } })
    driven.subscribe(subscriber, '#')
    for (const topicName of ['first', 'a', 'b', 'a']) publish(topicName)
    change(driven, without(['s'], 'a'))
    const [copy] = driven.session('s').outbound.inFlight ?? []
    const acknowledgement = { packetId: copy?.packetId ?? 0, reasonCode: 0, properties: {} }
    const turn = driven.receive(subscriber, { type: 'puback', ...acknowledgement })
    const [sentOne = '', ...more] = messages(turn, subscriber)
    assert.match(sentOne, /^publish b x qos 1 /)
    assert.deepEqual([more, driven.state.tally.copies.accessRevoked], [[], 1])
  }
})

test('mosquitto 2.0.12: a QoS 2 message in flight is not sent again once the client may not receive it', () => {
  for (const isDurable of [false, true]) {
    const { driven, publisher } = started(null, { isDurable })
    const subscriber = driven.connect('s')
    driven.subscribe(subscriber, 'a')
    driven.publish(publisher, { topicName: 'a', payload, qos: 2, packetId: 7 })
    driven.breakOff(subscriber)
    change(driven, without(['s'], 'a'))
    const back = driven.connect('s')
    assert.equal(driven.session('s').outbound.inFlightMessages, 0)
    assert.equal(driven.state.tally.copies.accessRevoked, 1)
    assert.deepEqual(messages(driven.receive(back, { type: 'pingreq' }), back), [])
  }
})

test('what an ended Session leaves of a shared group moves to a member that may receive it', () => {
  const { driven, publish } = started(without(['two'], 'a'))
  const one = driven.connect('one')
  driven.subscribe(one, '$share/g/a')
  publish('a')
  const two = driven.connect('two')
  driven.subscribe(two, '$share/g/a')
  const three = driven.connect('three')
  driven.subscribe(three, '$share/g/a')
  driven.breakOff(one)
  const turn = driven.advance(2000)
  assert.deepEqual([messages(turn, two).length, messages(turn, three).length], [0, 1])
})

/** Topic Names of what is in flight to a client. */
function inFlight(driven: DrivenCore, clientIdentifier: string): (string | undefined)[] {
  return [...(driven.session(clientIdentifier).outbound.inFlight ?? [])].map((copy) => copy.message?.topicName)
}

/** All that waits is in the store only. What is asked for from now on comes at once. */
function leaveToStore(driven: DrivenCore, messagesOf: readonly number[]): (turn: Turn) => void {
  const { bodies } = driven.state
  const stored = messagesOf.flatMap((seq) => bodies.get(seq) ?? [])
  assert.equal(stored.length, messagesOf.length)
  for (const { seq } of stored) bodies.forget(seq)
  return function answer(turn: Turn): void {
    for (const load of turn.loads) {
      const read = stored.filter(({ seq }) => load.seqs.includes(seq))
      answer(driven.input((core, nowMs, next) => core.loaded(load, read, nowMs, next)))
    }
  }
}

for (const isDurable of [false, true]) {
  const where = isDurable ? 'with a store' : 'in memory'
  test(`what waits for a member of a shared group that may not receive it any more goes on to one that may (${where})`, () => {
    const { driven, publish } = started(null, { isDurable })
    const one = driven.connect('one')
    driven.subscribe(one, '$share/g/+')
    driven.breakOff(one)
    for (const topicName of ['a', 'b', 'a']) publish(topicName)
    for (const name of ['two', 'three']) driven.subscribe(driven.connect(name), '$share/g/+')
    change(driven, without(['one', 'two'], 'a'))
    driven.connect('one')
    assert.deepEqual(
      [inFlight(driven, 'one'), inFlight(driven, 'two'), inFlight(driven, 'three')],
      [['b'], [], ['a', 'a']],
    )
    const { created, copies } = driven.state.tally
    assert.deepEqual([created, copies.accessRevoked], [5, 2])
  })
}

test('where no member of a shared group may receive it, what waits is over', () => {
  const { driven, publish } = started(null)
  const one = driven.connect('one')
  driven.subscribe(one, '$share/g/a')
  driven.breakOff(one)
  publish('a')
  driven.subscribe(driven.connect('two'), '$share/g/a')
  change(driven, without(['one', 'two'], 'a'))
  driven.connect('one')
  const { created, copies } = driven.state.tally
  assert.deepEqual([created, copies.accessRevoked, inFlight(driven, 'two')], [1, 1, []])
})

for (const filter of ['a', '+']) {
  test(`what an ended Session leaves of $share/g/${filter} in the store only goes past a member that may not receive it`, () => {
    const { driven, publish } = started(without(['two'], 'a'), { isDurable: true })
    const one = driven.connect('one')
    driven.subscribe(one, `$share/g/${filter}`)
    driven.breakOff(one)
    const seqs = ['a', 'a'].flatMap((topicName) =>
      publish(topicName).records.flatMap((each) => (each.type === 'message' ? [each.message.seq] : [])),
    )
    driven.core.durable(Math.max(...seqs))
    const answer = leaveToStore(driven, seqs)
    const members = ['two', 'three'].map((name) => driven.connect(name))
    for (const member of members) driven.subscribe(member, `$share/g/${filter}`)
    answer(driven.advance(2000))
    assert.deepEqual([inFlight(driven, 'two'), inFlight(driven, 'three')], [[], ['a', 'a']])
    const { acknowledged, accessRevoked, sessionEnded } = driven.state.tally.copies
    // By its name a filter says what may be in it; where it may be anything, who may not is passed when the message is read.
    assert.deepEqual([acknowledged, accessRevoked > 0, sessionEnded], [0, filter === '+', 2])
  })
}

test('who listens says of each subscriber whether it may receive it, and by which rule', () => {
  const { driven } = started(without(['s'], 'a'))
  const [denied, allowed, monitor] = ['s', 't', 'm'].map((name) => driven.connect(name))
  assert.ok(denied && allowed && monitor)
  driven.subscribe(denied, 'a')
  driven.subscribe(denied, '$share/g/a')
  driven.subscribe(allowed, 'a')
  driven.subscribe(monitor, '#')
  const rows = [...whoListens(driven.state, 'a')].filter((row) => row !== null)
  assert.deepEqual(
    new Map(rows.map(({ clientIdentifier, acl }) => [clientIdentifier, acl])),
    new Map([
      ['m', { allowed: true, rule: 'rules[1]: allow publish, receive # $SYS/#' }],
      ['s', { allowed: false, rule: 'rules[0]: deny receive a' }],
      ['t', { allowed: true, rule: 'rules[1]: allow publish, receive # $SYS/#' }],
    ]),
  )
  assert.deepEqual(whoTotals(driven.state, 'a'), {
    ...{ subscriptions: 4, online: 1, offline: 0, observers: 1, denied: 2, sharedGroups: 0 },
    ...{ listeners: 1, listenersAreExact: true },
  })
  change(driven, null)
  assert.ok([...whoListens(driven.state, 'a')].every((row) => row?.acl === null))
  assert.equal(whoTotals(driven.state, 'a').denied, 0)
})

test('a Will Message is asked about again when it goes out, and refused if its client may not publish there any more', () => {
  const { driven } = started(null)
  const watcher = driven.connect('w')
  driven.subscribe(watcher, 'will')
  const none: AccessPolicy = { rules: [], subscribing: 'always' }
  const receiveOnly = { actions: ['receive'], topics: ['#'], accounts: null, clients: null, place: '0' } as const
  const noWills = { ...none, rules: [{ ...receiveOnly, allows: true }] }
  const leaving = driven.connect('l', { will: {}, properties: { sessionExpiryInterval: 0 } })
  const delayed = driven.connect('d', { will: { properties: { willDelayInterval: 5 } } })
  change(driven, noWills)
  const { refused } = driven.state.tally.messages
  assert.deepEqual(messages(driven.breakOff(leaving), watcher), [])
  driven.breakOff(delayed)
  const turn = driven.advance(10)
  assert.deepEqual(messages(turn, watcher), [])
  assert.equal(driven.state.tally.messages.refused, refused + 2)
  const gone = turn.records.filter(({ type }) => type === 'session-disconnected')
  assert.deepEqual(
    gone.map((record) => record.type === 'session-disconnected' && [record.willPending, record.atMs]),
    [[false, 1_000_000]],
  )
})

test('what a callback says is kept for a bounded number of Topic Names, and asked again beyond that', () => {
  const asked: string[] = []
  const asksReceive = (_: unknown, topicName: string) => asked.push(topicName) > 0
  const { driven, publish } = started(null, { asksReceive })
  driven.subscribe(driven.connect('s'), '#')
  for (let index = 0; index < 250; index++) publish(`t/${index}`)
  const { receiveVerdicts } = driven.session('s')
  assert.deepEqual([asked.length, new Set(asked).size, receiveVerdicts?.byTopicName.size], [250, 250, 50])
})
