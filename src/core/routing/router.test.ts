import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenCore, sent } from '../../../test/support/driven-core.ts'

const payload = Buffer.from('x')

test('over the limit of Retained Messages QoS 1 is refused, QoS 0 passed on without being retained', () => {
  const driven = new DrivenCore({ retainedMessagesMax: 1 })
  const publisher = driven.connect('p')
  const subscriber = driven.connect('s')
  driven.subscribe(subscriber, '#')
  driven.publish(publisher, { topicName: 'a', payload, retain: true })
  const refused = driven.publish(publisher, { topicName: 'b', payload, retain: true, qos: 1, packetId: 1 })
  assert.deepEqual([sent(refused, publisher), sent(refused, subscriber)], [['puback 1 151'], []])
  const passedOn = driven.publish(publisher, { topicName: 'b', payload, retain: true })
  assert.deepEqual(sent(passedOn, subscriber), ['publish b x qos 0'])
  driven.publish(publisher, { topicName: 'a', payload: Buffer.from('y'), retain: true, qos: 1, packetId: 2 })
  assert.equal(driven.state.retained.count, 1)
  assert.equal(String(driven.state.retained.get('a')?.toMessage().publish.payload), 'y')
})

test('a full queue refuses the publisher before anybody has got a copy', () => {
  const driven = new DrivenCore({ sessionQueueMessagesMax: 1 })
  const away = driven.connect('away')
  driven.subscribe(away, 'a')
  driven.breakOff(away)
  const present = driven.connect('present')
  driven.subscribe(present, 'a')
  const publisher = driven.connect('p')
  driven.publish(publisher, { topicName: 'a', payload, qos: 1, packetId: 1 })
  const turn = driven.publish(publisher, { topicName: 'a', payload, qos: 1, packetId: 2 })
  assert.deepEqual([sent(turn, publisher), sent(turn, present), turn.records], [['puback 2 151'], [], []])
})

test('one record holds the recipients, the change of the Retained Message and the Packet Identifier', () => {
  const driven = new DrivenCore()
  const subscriber = driven.connect('s')
  driven.subscribe(subscriber, 'a', { qos: 1 })
  const publisher = driven.connect('p')
  const [set] = driven.publish(publisher, { topicName: 'a', payload, qos: 1, packetId: 8 }).records
  assert.ok(set?.type === 'recipients')
  assert.deepEqual(
    set.members.map(({ session, qos }) => [session, qos]),
    [[driven.session('s').number, 1]],
  )
  const seqOfSet = driven.state.lastSeq - 1
  const { records } = driven.publish(publisher, { topicName: 'a', payload, retain: true, qos: 2, packetId: 9 })
  const [record] = records
  assert.ok(records.length === 1 && record?.type === 'message')
  assert.deepEqual([record.retained, record.inbound?.packetId], ['set', 9])
  assert.deepEqual(record.recipients, [seqOfSet])
})

test('what nobody must remember leaves no record', () => {
  const driven = new DrivenCore()
  const passing = { properties: { sessionExpiryInterval: 0 } }
  const subscriber = driven.connect('s', passing)
  driven.subscribe(subscriber, 'a')
  const publisher = driven.connect('p', passing)
  const { records } = driven.publish(publisher, { topicName: 'a', payload, qos: 2, packetId: 1 })
  assert.deepEqual(records, [])
})
