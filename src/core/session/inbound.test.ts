import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenCore, sent } from '../../../test/support/driven-core.ts'
import { noMessages } from '../routing/fate.ts'

const a = { topicName: 'a', payload: Buffer.from('x') } as const

test('[MQTT-4.3.3-10] a resent QoS 2 message is acknowledged twice and routed once', () => {
  const driven = new DrivenCore()
  const subscriber = driven.connect('s')
  driven.subscribe(subscriber, 'a')
  const publisher = driven.connect('p')
  const first = driven.publish(publisher, { ...a, qos: 2, packetId: 7 })
  const second = driven.publish(publisher, { ...a, qos: 2, packetId: 7, dup: true })
  assert.deepEqual([sent(first, publisher), sent(second, publisher)], [['pubrec 7 0'], ['pubrec 7 0']])
  assert.deepEqual([sent(first, subscriber).length, sent(second, subscriber).length], [1, 0])
})

test('a QoS 2 Packet Identifier is taken until PUBREL, also over a lost connection', () => {
  const driven = new DrivenCore()
  const before = driven.connect('p')
  const first = driven.publish(before, { ...a, qos: 2, packetId: 7 })
  driven.breakOff(before)
  const publisher = driven.connect('p')
  driven.publish(publisher, { ...a, qos: 2, packetId: 7, dup: true })
  const released = driven.acknowledge(publisher, 'pubrel', 7)
  driven.publish(publisher, { ...a, qos: 2, packetId: 7 })
  assert.equal(driven.state.tally.received, 2)
  assert.deepEqual(
    [...first.records, ...released.records].map((record) => record.type),
    ['message', 'released'],
  )
})

test('a PUBREL nobody waits for is answered 0x92 and leaves no record', () => {
  const driven = new DrivenCore()
  const publisher = driven.connect('p')
  const turn = driven.acknowledge(publisher, 'pubrel', 3)
  assert.deepEqual(sent(turn, publisher), ['pubcomp 3 146'])
  assert.deepEqual(turn.records, [])
})

test('[MQTT-3.3.4-7] one unacknowledged message too many closes with 0x93; an acknowledgement that left makes room', () => {
  const driven = new DrivenCore({ receiveMaximum: 1 })
  const publisher = driven.connect('p')
  driven.publish(publisher, { ...a, qos: 1, packetId: 1 })
  driven.core.acknowledgementLeft(publisher)
  assert.deepEqual(sent(driven.publish(publisher, { ...a, qos: 1, packetId: 2 }), publisher), ['puback 2 16'])
  const turn = driven.publish(publisher, { ...a, qos: 1, packetId: 3 })
  assert.deepEqual(sent(turn, publisher), ['disconnect 147', 'close'])
})

test('reserved Topic Names are refused to clients: 0x87, and in 3.1.1 the connection is closed', () => {
  for (const topicName of ['$SYS/x', '$share/g/x', '$pabal/events/x', '$pabal/who/1/reply']) {
    const driven = new DrivenCore()
    const publisher = driven.connect('p')
    const older = driven.connect('q', { version: 4 })
    const message = { ...a, topicName, qos: 1, packetId: 1 } as const
    assert.deepEqual(sent(driven.publish(publisher, message), publisher), ['puback 1 135'])
    assert.deepEqual(sent(driven.publish(older, message), older), ['close'])
  }
})

test('permission is asked once for a Topic Name, QoS and RETAIN, and a refusal is remembered as well', () => {
  const driven = new DrivenCore({}, { asksAuthorization: true })
  const publisher = driven.connect('p')
  const message = { ...a, qos: 1, packetId: 1 } as const
  const { questions } = driven.publish(publisher, message)
  assert.equal(questions.length, 1)
  const [question] = questions
  assert.ok(question !== undefined)
  const answer = { type: 'authorized', allowed: [false] } as const
  driven.input((core, nowMs, turn) => core.answered(question, answer, nowMs, turn))
  assert.deepEqual(sent(driven.publish(publisher, message), publisher), ['puback 1 135'])
  assert.equal(driven.publish(publisher, { ...message, retain: true }).questions.length, 1)
})

test('a message whose permission is never decided is not counted as received', () => {
  const driven = new DrivenCore({}, { asksAuthorization: true })
  const publisher = driven.connect('p')
  const [question] = driven.publish(publisher, { ...a, qos: 1, packetId: 1 }).questions
  assert.ok(question !== undefined)
  assert.equal(driven.state.tally.received, 0)
  driven.breakOff(publisher)
  const answer = { type: 'authorized', allowed: [true] } as const
  driven.input((core, nowMs, turn) => core.answered(question, answer, nowMs, turn))
  assert.deepEqual(driven.state.tally.messages, noMessages())
})

test('where a message goes stands with its connection while it is one receiver, and holds until a Subscription changes', () => {
  const driven = new DrivenCore()
  const publisher = driven.connect('p')
  const readers = ['r', 's'].map((name) => driven.connect(name))
  const received = () => {
    const turn = driven.publish(publisher, a)
    return readers.map((reader) => sent(turn, reader).length)
  }
  const [first, second] = readers
  assert.ok(first !== undefined && second !== undefined)
  assert.deepEqual([received(), publisher.route?.listeners], [[0, 0], 0])
  driven.subscribe(first, 'a')
  assert.deepEqual([received(), received(), publisher.route?.listeners], [[1, 0], [1, 0], 1])
  driven.subscribe(second, '+')
  // Kept by each client that publishes, a route to many would keep those who are gone.
  assert.deepEqual(
    [received(), received()],
    [
      [1, 1],
      [1, 1],
    ],
  )
  assert.notEqual(publisher.route?.listeners, 2)
  driven.publish(publisher, { ...a, topicName: 'b' })
  assert.deepEqual(received(), [1, 1])
  driven.receive(first, { type: 'unsubscribe', packetId: 2, topicFilters: ['a'], properties: {} })
  assert.deepEqual(received(), [0, 1])
})
