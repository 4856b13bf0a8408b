/**
 * While the process is short of memory: what would take more is refused in words that say why, what frees it goes on.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectPacket, type DrivenConnect, DrivenCore, sent } from '../../test/support/driven-core.ts'
import { publish } from '../protocol/packets/publish.ts'
import type { Connection } from './connection/connection.ts'
import { changeMemory } from './memory.ts'
import type { Turn } from './turn.ts'

const payload = Buffer.from('x')

function change(driven: DrivenCore, isShort: boolean): Turn {
  return driven.input((core, nowMs, turn) => changeMemory(core.state, isShort, nowMs, turn))
}

function connect(driven: DrivenCore, name: string, fields: DrivenConnect = {}): [Connection, string[]] {
  const origin = { remoteAddress: 'a', listener: 'a test', assignedClientIdentifier: 'x', tellsPublisher: true }
  const connection = driven.core.open({}, origin, driven.nowMs)
  return [connection, sent(driven.receive(connection, connectPacket(name, fields)), connection)]
}

test('messages are refused with 0x97 before anything of them is kept, and taken again when there is room', () => {
  const driven = new DrivenCore()
  const [publisher, subscriber] = [driven.connect('p'), driven.connect('s')]
  driven.subscribe(subscriber, 'a')
  change(driven, true)
  const { received } = driven.state.tally
  assert.deepEqual(sent(driven.publish(publisher, { topicName: 'a', payload, qos: 1, packetId: 1 }), publisher), [
    'puback 1 151',
  ])
  assert.deepEqual(sent(driven.publish(publisher, { topicName: 'a', payload, qos: 2, packetId: 2 }), publisher), [
    'pubrec 2 151',
  ])
  assert.deepEqual(sent(driven.publish(publisher, { topicName: 'a', payload }), subscriber), [])
  const { tally, reachedLimits } = driven.state
  assert.deepEqual([tally.received - received, tally.messages.refused, tally.created], [3, 3, 0])
  assert.deepEqual(reachedLimits, { memoryBytesMax: 3 })
  change(driven, false)
  const turn = driven.publish(publisher, { topicName: 'a', payload, qos: 1, packetId: 3 })
  assert.deepEqual(sent(turn, publisher), ['puback 3 0'])
})

test('a 3.1.1 client that publishes is closed and gets no acknowledgement', () => {
  const driven = new DrivenCore()
  const publisher = driven.connect('p', { version: 4 })
  change(driven, true)
  assert.deepEqual(sent(driven.publish(publisher, { topicName: 'a', payload, qos: 1, packetId: 1 }), publisher), [
    'close',
  ])
})

test('code in this process, and the HTTP API, is refused, too', () => {
  const driven = new DrivenCore()
  change(driven, true)
  const turn = driven.input((core, nowMs, turn) => {
    core.publishLocally(publish({ topicName: 'a', payload, qos: 1 }), 7, nowMs, turn)
  })
  const [answer] = turn.onceDurable
  assert.ok(answer?.type === 'answer')
  assert.deepEqual([answer.token, answer.reasonCode, driven.state.tally.messages.refused], [7, 0x97, 1])
})

test('what was taken in before is delivered and acknowledged', () => {
  const driven = new DrivenCore()
  const [publisher, subscriber] = [driven.connect('p'), driven.connect('s')]
  driven.subscribe(subscriber, 'a')
  driven.publish(publisher, { topicName: 'a', payload, qos: 2, packetId: 1 })
  change(driven, true)
  assert.deepEqual(sent(driven.acknowledge(publisher, 'pubrel', 1), publisher), ['pubcomp 1 0'])
  assert.deepEqual(sent(driven.acknowledge(subscriber, 'pubrec', 1), subscriber), ['pubrel 1 0'])
  driven.acknowledge(subscriber, 'pubcomp', 1)
  assert.equal(driven.state.tally.copies.acknowledged, 1)
  assert.deepEqual(sent(driven.receive(subscriber, { type: 'pingreq' }), subscriber), ['pingresp'])
})

test('new clients are refused, those that come back to a Session fetch what waits for them', () => {
  const driven = new DrivenCore()
  const [publisher, subscriber] = [driven.connect('p'), driven.connect('s')]
  driven.subscribe(subscriber, 'a')
  driven.breakOff(subscriber)
  driven.publish(publisher, { topicName: 'a', payload, qos: 1, packetId: 1 })
  change(driven, true)
  for (const cleanStart of [true, false]) {
    assert.deepEqual(connect(driven, 'new', { cleanStart })[1], ['connack 151', 'close'])
    assert.deepEqual(connect(driven, 'new', { cleanStart, version: 4 })[1], ['connack 3', 'close'])
  }
  assert.deepEqual(connect(driven, 's', { cleanStart: true })[1], ['connack 151', 'close'])
  assert.equal(driven.state.sessions.size, 2)
  assert.deepEqual(connect(driven, 's')[1], ['connack 0', 'publish a x qos 1 1'])
})

test('new Subscriptions are refused with 0x97, those that are there can be renewed', () => {
  const driven = new DrivenCore()
  const client = driven.connect('s')
  driven.subscribe(client, 'a')
  change(driven, true)
  driven.subscribe(client, 'a', { qos: 1 })
  driven.subscribe(client, 'b')
  assert.deepEqual(
    [...driven.session('s').subscriptions.values()].map(({ topicFilter, qos }) => [topicFilter, qos]),
    [['a', 1]],
  )
})

test('whoever has not sent a CONNECT when memory becomes short is closed', () => {
  const driven = new DrivenCore()
  const origin = { remoteAddress: 'a', listener: 'a test', assignedClientIdentifier: 'x', tellsPublisher: true }
  const waiting = driven.core.open({}, origin, driven.nowMs)
  const client = driven.connect('c')
  const turn = change(driven, true)
  assert.deepEqual([sent(turn, waiting), sent(turn, client)], [['close'], []])
})
