/**
 * Limits of connections, Subscriptions, Topic Aliases and what is retained: who is refused, in which words, and that it is counted.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectPacket, DrivenCore, sent } from '../../test/support/driven-core.ts'
import type { Connection } from './connection/connection.ts'
import { mayOpen } from './connection/handshake.ts'
import { addressOf } from './connection/headcount.ts'
import type { Limits } from './limits.ts'
import { plainLogin } from './question.ts'
import type { TopicRuleOptions } from './routing/topic-rule.ts'
import type { CoreOptions } from './state.ts'
import type { Turn } from './turn.ts'

const payload = Buffer.alloc(10)

/** A connection from an address, with the Turn its CONNECT led to. */
function connectFrom(driven: DrivenCore, remoteAddress: string, name: string, version: 4 | 5 = 5) {
  const origin = { remoteAddress, listener: 'a test', assignedClientIdentifier: 'assigned', tellsPublisher: true }
  const connection = driven.core.open({}, origin, driven.nowMs)
  const turn = driven.receive(connection, connectPacket(name, { version }))
  return { connection, turn }
}

/** Reason Strings of what is sent to a connection. */
function reasons(turn: Turn, connection: Connection): string[] {
  return [...turn.now, ...turn.onceDurable].flatMap((outgoing) => {
    if (outgoing.type !== 'packet' || outgoing.connection !== connection) return []
    const { packet } = outgoing
    return 'properties' in packet && 'reasonString' in packet.properties ? [packet.properties.reasonString ?? ''] : []
  })
}

test('one address may have so many connections: one more is refused with 0x97, and with 3 in 3.1.1', () => {
  const driven = new DrivenCore({ connectionsPerAddressMax: 2 })
  const first = connectFrom(driven, '192.0.2.1:1', 'a')
  connectFrom(driven, '192.0.2.1:2', 'b')
  const refused = connectFrom(driven, '192.0.2.1:3', 'c')
  assert.deepEqual(sent(refused.turn, refused.connection), ['connack 151', 'close'])
  assert.deepEqual(reasons(refused.turn, refused.connection), [
    'one address may have 2 connections (limits.connectionsPerAddressMax)',
  ])
  const older = connectFrom(driven, '192.0.2.1:4', 'd', 4)
  assert.deepEqual(sent(older.turn, older.connection), ['connack 3', 'close'])
  assert.deepEqual(driven.state.reachedLimits, { connectionsPerAddressMax: 2 })
  const other = connectFrom(driven, '192.0.2.2:1', 'e')
  assert.equal(sent(other.turn, other.connection)[0], 'connack 0')
  driven.breakOff(first.connection)
  const next = connectFrom(driven, '192.0.2.1:5', 'f')
  assert.equal(sent(next.turn, next.connection)[0], 'connack 0')
})

test('twice as many connections of one address, or in all, are not even opened', () => {
  const driven = new DrivenCore({ connectionsPerAddressMax: 1, connectionsMax: 2 })
  const open = (remoteAddress: string): boolean => {
    if (!mayOpen(driven.state, remoteAddress)) return false
    const origin = { remoteAddress, listener: 'a test', assignedClientIdentifier: 'assigned', tellsPublisher: true }
    driven.core.open({}, origin, driven.nowMs)
    return true
  }
  assert.deepEqual(['1.1.1.1:1', '1.1.1.1:2', '1.1.1.1:3'].map(open), [true, true, false])
  assert.deepEqual(['1.1.1.2:1', '1.1.1.3:1', '1.1.1.4:1'].map(open), [true, true, false])
  assert.deepEqual(driven.state.reachedLimits, { connectionsPerAddressMax: 1, connectionsMax: 1 })
})

test('an address is what stands before the port, and of IPv6 its network', () => {
  assert.deepEqual(
    ['192.0.2.1:5', '[2001:db8:1:2:3::4]:5', '[2001:db8::1]:5', '[::ffff:192.0.2.1]:5', '[::1]:5', 'unix'].map(
      addressOf,
    ),
    ['192.0.2.1', '2001:db8:1:2', '2001:db8', '192.0.2.1', '', 'unix'],
  )
})

test('one account may have so many connections: one more is refused with 0x97, one that takes over is not', () => {
  const driven = new DrivenCore({ connectionsPerAccountMax: 2 })
  const connect = (name: string): string[] => {
    const { connection, turn } = connectFrom(driven, '192.0.2.1:1', name)
    return [...sent(turn, connection), ...reasons(turn, connection)]
  }
  assert.deepEqual(['a', 'b'].map(connect), [['connack 0'], ['connack 0']])
  assert.deepEqual(connect('c'), [
    'connack 151',
    'close',
    'one account may have 2 connections (limits.connectionsPerAccountMax)',
  ])
  assert.deepEqual(connect('b'), ['connack 0'])
  const { connection } = driven.session('a')
  assert.ok(connection)
  driven.disconnect(connection)
  assert.deepEqual(connect('c'), ['connack 0'])
})

test('there may be so many Sessions in all, stored ones too: one more is refused with 0x97, one that comes back or begins afresh is not', () => {
  const driven = new DrivenCore({ sessionsMax: 2 })
  const connect = (name: string, version: 4 | 5 = 5): string[] => {
    const { connection, turn } = connectFrom(driven, '192.0.2.1:1', name, version)
    return [...sent(turn, connection), ...reasons(turn, connection)]
  }
  driven.breakOff(driven.connect('a'))
  assert.deepEqual(connect('b'), ['connack 0'])
  const text =
    'the broker keeps no more than 2 Sessions, those of clients that are away among them (limits.sessionsMax)'
  assert.deepEqual(connect('c'), ['connack 151', 'close', text])
  assert.deepEqual(connect('c', 4), ['connack 3', 'close'])
  assert.deepEqual(connect('a'), ['connack 0'])
  driven.connect('a', { cleanStart: true })
  assert.equal(driven.session('a').isOnline, true)
  assert.deepEqual(driven.state.reachedLimits, { sessionsMax: 2 })
  driven.state.limits.sessionsMax = 1
  assert.deepEqual(connect('b'), ['connack 0'], 'what is over a lower limit already is left alone')
  driven.state.limits.sessionsMax = 3
  assert.deepEqual(connect('c'), ['connack 0'])
  const { connection } = driven.session('c')
  assert.ok(connection)
  driven.breakOff(connection)
  driven.advance(1000)
  assert.deepEqual(connect('d'), ['connack 0'], 'the Session of c has expired')
})

test('one account may have so many Sessions, whatever the others have', () => {
  const driven = new DrivenCore({ sessionsPerAccountMax: 1 }, { asksAuthentication: true })
  const connect = (account: string, name: string): string[] => {
    const { connection, turn } = connectFrom(driven, '192.0.2.1:1', name)
    const [question] = turn.questions
    assert.ok(question)
    const answered = driven.input((core, nowMs, next) => core.answered(question, plainLogin(account), nowMs, next))
    return [...sent(answered, connection), ...reasons(answered, connection)]
  }
  assert.deepEqual(connect('ann', 'a'), ['connack 0'])
  assert.deepEqual(connect('ann', 'b'), [
    'connack 151',
    'close',
    'one account may have 1 Sessions, those of clients that are away among them (limits.sessionsPerAccountMax)',
  ])
  assert.deepEqual([connect('ann', 'a').at(-1), connect('bob', 'b').at(-1)], ['connack 0', 'connack 0'])
  assert.deepEqual(driven.state.reachedLimits, { sessionsPerAccountMax: 1 })
})

test('there may be so many Subscriptions in all: SUBACK refuses one more with 0x97', () => {
  const driven = new DrivenCore({ subscriptionsMax: 1 })
  const [one, other] = [driven.connect('a'), driven.connect('b')]
  driven.subscribe(one, 'a')
  const turn = driven.subscribe(other, 'b')
  assert.deepEqual(reasons(turn, other), ['there may be 1 Subscriptions in all (limits.subscriptionsMax)'])
  assert.equal(driven.state.subscriptions.count, 1)
})

test('Retained Messages have so many bytes at most: a further one is refused, one that replaces is not', () => {
  const driven = new DrivenCore({ retainedBytesMax: 22 })
  const client = driven.connect('a')
  const retain = (topicName: string, size: number, packetId: number): Turn =>
    driven.publish(client, { topicName, payload: payload.subarray(0, size), retain: true, qos: 1, packetId })
  retain('a', 10, 1)
  retain('b', 10, 2)
  const refused = retain('c', 1, 3)
  assert.deepEqual(sent(refused, client), ['puback 3 151'])
  assert.deepEqual(reasons(refused, client), [
    'the broker keeps no more than 22 bytes of Retained Messages (limits.retainedBytesMax)',
  ])
  assert.deepEqual(sent(retain('a', 9, 4), client), ['puback 4 16'])
  assert.deepEqual([driven.state.retained.count, driven.state.retained.bytes], [2, 21])
})

test('the Topic Names of Topic Aliases have so many bytes at most: above it the connection ends with 0x97', () => {
  const driven = new DrivenCore({ topicAliasMaximum: 65_535, topicAliasBytesMax: 1024 })
  const client = driven.connect('a')
  const name = (alias: number): string => `${alias}`.padStart(256, '0')
  for (let alias = 1; alias <= 4; alias++) {
    driven.publish(client, { topicName: name(alias), properties: { topicAlias: alias } })
  }
  driven.publish(client, { topicName: name(5), properties: { topicAlias: 4 } })
  const turn = driven.publish(client, { topicName: name(6), properties: { topicAlias: 6 } })
  assert.deepEqual(sent(turn, client), ['disconnect 151', 'close'])
})

/** The Reason String of PUBACK or PUBREC for a message that is refused. */
function refusalOf(driven: DrivenCore, client: Connection, fields: Parameters<DrivenCore['publish']>[1]): string[] {
  return reasons(driven.publish(client, { qos: 1, packetId: 9, payload, ...fields }), client)
}

test('a message there is no room to hold is refused with the limit that stands in the way, or with the rule', () => {
  const hold = (limits: Partial<Limits>, rule: Partial<TopicRuleOptions> = {}) => {
    const driven = new DrivenCore(limits, { topicRules: [{ filter: '#', whenNobody: 'hold', ...rule }] })
    const client = driven.connect('a')
    assert.deepEqual(refusalOf(driven, client, { topicName: 'a' }), [])
    const [text] = refusalOf(driven, client, {
      topicName: Object.hasOwn(limits, 'heldMessagesPerTopicMax') ? 'a' : 'b',
    })
    return [text, Object.keys(driven.state.reachedLimits)]
  }
  const nobody = 'nobody subscribes to this Topic Name, and '
  const later = '; send the message again later '
  assert.deepEqual(hold({ heldMessagesPerTopicMax: 1 }), [
    `${nobody}it may have 1 held messages${later}(limits.heldMessagesPerTopicMax)`,
    ['heldMessagesPerTopicMax'],
  ])
  assert.deepEqual(hold({ heldBytesPerAccountMax: 12 }), [
    `${nobody}your account may have 12 bytes of held messages${later}(limits.heldBytesPerAccountMax)`,
    ['heldBytesPerAccountMax'],
  ])
  assert.deepEqual(hold({ heldMessagesPerAccountMax: 1 }), [
    `${nobody}your account may have 1 held messages${later}(limits.heldMessagesPerAccountMax)`,
    ['heldMessagesPerAccountMax'],
  ])
  assert.deepEqual(hold({ heldMessagesMax: 1 }), [
    `${nobody}the broker may have 1 held messages${later}(limits.heldMessagesMax)`,
    ['heldMessagesMax'],
  ])
  assert.deepEqual(hold({ heldBytesMax: 12 }), [
    `${nobody}the broker may have 12 bytes of held messages${later}(limits.heldBytesMax)`,
    ['heldBytesMax'],
  ])
  assert.deepEqual(hold({ heldMessagesPerTopicMax: 7 }, { heldMessagesMax: 1 }), [
    `${nobody}it may have 1 held messages${later}(heldMessagesMax of the rule for #)`,
    ['heldMessagesPerTopicMax'],
  ])
  assert.deepEqual(hold({ heldMessagesPerTopicMax: 7 }, { heldBytesMax: 12 }), [
    `${nobody}it may have 12 bytes of held messages${later}(heldBytesMax of the rule for #)`,
    ['heldBytesPerTopicMax'],
  ])
})

test('a message for a full queue is refused with the limit of the queue, in memory or in the store', () => {
  const fill = (limits: Partial<Limits>, options: Partial<CoreOptions> = {}) => {
    const driven = new DrivenCore(limits, { ...options, whenQueueFull: 'spill' })
    const away = driven.connect('away')
    driven.subscribe(away, 'a')
    driven.breakOff(away)
    const client = driven.connect('a')
    assert.deepEqual(refusalOf(driven, client, { topicName: 'a' }), [])
    const [text] = refusalOf(driven, client, { topicName: 'a' })
    return [text, Object.keys(driven.state.reachedLimits)]
  }
  const full = 'the queue of a subscriber is full, with '
  const later = '; send the message again later '
  const durable = { isDurable: true }
  assert.deepEqual(fill({ sessionQueueMessagesMax: 1 }), [
    `${full}1 messages${later}(limits.sessionQueueMessagesMax)`,
    ['sessionQueueMessagesMax'],
  ])
  assert.deepEqual(fill({ sessionQueueBytesMax: 12 }), [
    `${full}12 bytes${later}(limits.sessionQueueBytesMax)`,
    ['sessionQueueBytesMax'],
  ])
  assert.deepEqual(fill({ sessionSpillMessagesMax: 1 }, durable), [
    `${full}1 messages${later}(limits.sessionSpillMessagesMax)`,
    ['sessionSpillMessagesMax'],
  ])
  assert.deepEqual(fill({ sessionSpillBytesMax: 12 }, durable), [
    `${full}12 bytes${later}(limits.sessionSpillBytesMax)`,
    ['sessionSpillBytesMax'],
  ])
})

test('one request to the broker too many in a second is refused with the limit, in 5.0 and as an answer', () => {
  const driven = new DrivenCore({ requestsPerSecondMax: 1 })
  const client = driven.connect('a')
  const ask = (qos: 0 | 1) => driven.publish(client, { topicName: '$pabal/who/1', qos, packetId: qos, payload })
  assert.deepEqual(reasons(ask(1), client), [])
  const text = 'at most 1 requests a second on one connection (limits.requestsPerSecondMax)'
  assert.deepEqual(reasons(ask(1), client), [text])
  driven.subscribe(client, '$pabal/who/1/reply')
  const answers = sent(ask(0), client)
  assert.match(answers.join(), /at most 1 requests a second on one connection \(limits\.requestsPerSecondMax\)/)
  assert.deepEqual(driven.state.reachedLimits, { requestsPerSecondMax: 2 })
})

test('what waits for a store that takes nothing has a limit of its connection, of all, and of time: the event names it', () => {
  const park = (limits: Partial<Limits>, seconds: number) => {
    const driven = new DrivenCore(limits, { isDurable: true })
    driven.subscribe(driven.connect('away'), '#')
    const client = driven.connect('old', { version: 4 })
    driven.input((core, nowMs, turn) => core.storeTakes(false, nowMs, turn))
    const turns = [1, 2].map((packetId) => driven.publish(client, { topicName: 'a', qos: 1, packetId, payload }))
    turns.push(driven.advance(seconds))
    const [ended] = turns.flatMap(({ events }) => events.filter(({ type }) => type === 'disconnected'))
    assert.ok(ended?.type === 'disconnected')
    assert.deepEqual(Object.keys(driven.state.reachedLimits).length, 1)
    return ended.reason
  }
  const now = 'the broker cannot store messages at the moment, and no '
  assert.equal(
    park({ parkedBytesMax: 500 }, 0),
    `${now}more than 500 bytes of PUBLISH packets may wait (limits.parkedBytesMax)`,
  )
  assert.equal(
    park({ parkedBytesTotalMax: 500 }, 0),
    `${now}more than 500 bytes of PUBLISH packets of all connections may wait (limits.parkedBytesTotalMax)`,
  )
  assert.equal(
    park({ parkedSecondsMax: 3 }, 3),
    `${now}PUBLISH packet may wait for more than 3 seconds (limits.parkedSecondsMax)`,
  )
})

test('a receipt too many is refused with the limit of the client, or of all', () => {
  const owe = (limits: Partial<Limits>) => {
    const driven = new DrivenCore(limits)
    driven.subscribe(driven.connect('s'), 'a')
    const client = driven.connect('a')
    const userProperties: [string, string][] = [
      ['pabal-receipt', 'all'],
      ['pabal-receipt-topic', 'receipts'],
    ]
    const ask = () => refusalOf(driven, client, { topicName: 'a', properties: { userProperties } })
    assert.deepEqual(ask(), [])
    return ask()
  }
  assert.deepEqual(owe({ owedMessagesPerSessionMax: 1 }), [
    'receipts are owed for 1 messages to one client; wait for some of them (limits.owedMessagesPerSessionMax)',
  ])
  assert.deepEqual(owe({ owedMessagesMax: 1 }), [
    'receipts are owed for 1 messages in all; wait for some of them (limits.owedMessagesMax)',
  ])
})
