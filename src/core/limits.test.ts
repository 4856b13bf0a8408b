/**
 * Limits of connections, Subscriptions, Topic Aliases and what is retained: who is refused, in which words, and that it is counted.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectPacket, DrivenCore, sent } from '../../test/support/driven-core.ts'
import type { Connection } from './connection/connection.ts'
import { mayOpen } from './connection/handshake.ts'
import { addressOf } from './connection/headcount.ts'
import { plainLogin } from './question.ts'
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
