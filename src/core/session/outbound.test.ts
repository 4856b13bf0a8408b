import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectPacket, DrivenCore, sent, sentNow } from '../../../test/support/driven-core.ts'
import type { Limits } from '../limits.ts'
import type { Turn } from '../turn.ts'

/** A subscriber to `a` at QoS 2 with this Receive Maximum, and the host that publishes. */
function started(receiveMaximum: number, limits: Partial<Limits> = {}) {
  const driven = new DrivenCore(limits)
  const connection = driven.connect('s', { properties: { receiveMaximum } })
  driven.subscribe(connection, 'a')
  const publisher = driven.connect('p')
  const say = (text: string, qos: 1 | 2 = 1): Turn =>
    driven.publish(publisher, { topicName: 'a', payload: Buffer.from(text), qos, packetId: Number(text) })
  return { driven, connection, say, outbound: driven.session('s').outbound }
}

test('[MQTT-3.3.4-9] no more than Receive Maximum are in flight, and an acknowledgement lets the next one go', () => {
  const { driven, connection, say, outbound } = started(2)
  for (const text of ['1', '2', '3']) say(text)
  assert.deepEqual([outbound.inFlightMessages, outbound.queuedMessages, outbound.freeWindow], [2, 1, 0])
  assert.deepEqual(sent(driven.acknowledge(connection, 'puback', 1), connection), ['publish a 3 qos 1 3'])
})

test('[MQTT-3.3.4-9] a client that comes back with a smaller Receive Maximum gets what was in flight bit by bit, in order', () => {
  const { driven, connection, say } = started(5)
  for (const text of ['1', '2', '3']) say(text, text === '2' ? 2 : 1)
  driven.breakOff(connection)
  say('4')
  const again = driven.core.open({}, connection.origin, driven.nowMs)
  const arrived = [...sent(driven.receive(again, connectPacket('s', { properties: { receiveMaximum: 1 } })), again)]
  for (const [type, packetId] of [
    ['puback', 1],
    ['pubrec', 2],
    ['pubcomp', 2],
    ['puback', 3],
  ] as const) {
    arrived.push(...sent(driven.acknowledge(again, type, packetId), again))
  }
  assert.deepEqual(arrived, [
    'connack 0',
    'publish a 1 qos 1 1 dup',
    'publish a 2 qos 2 2 dup',
    'pubrel 2 0',
    'publish a 3 qos 1 3 dup',
    'publish a 4 qos 1 4',
  ])
})

test('what is acknowledged before it was sent again is not sent again', () => {
  const { driven, connection, say } = started(5)
  for (const text of ['1', '2', '3']) say(text)
  driven.breakOff(connection)
  const again = driven.connect('s', { properties: { receiveMaximum: 1 } })
  assert.deepEqual(sent(driven.acknowledge(again, 'puback', 2), again), [])
  assert.deepEqual(sent(driven.acknowledge(again, 'puback', 1), again), ['publish a 3 qos 1 3 dup'])
})

test('a new message does not overtake what still has to be sent again', () => {
  const { driven, connection, say, outbound } = started(5)
  for (const text of ['1', '2']) say(text)
  driven.breakOff(connection)
  const again = driven.connect('s', { properties: { receiveMaximum: 1 } })
  assert.deepEqual(sent(say('3'), again), [])
  assert.equal(outbound.queuedMessages, 1)
})

test('a QoS 2 PUBLISH waits for its record, a QoS 1 one does not', () => {
  const { connection, say } = started(5)
  assert.deepEqual(sentNow(say('1', 1), connection), ['publish a 1 qos 1 1'])
  const turn = say('2', 2)
  assert.deepEqual(sentNow(turn, connection), [])
  assert.deepEqual(
    turn.records.map((record) => record.type),
    ['message', 'assigned'],
  )
})

test('a repeated PUBREC is answered again and written down once', () => {
  const { driven, connection, say } = started(5)
  say('1', 2)
  const first = driven.acknowledge(connection, 'pubrec', 1)
  const second = driven.acknowledge(connection, 'pubrec', 1)
  assert.deepEqual([sent(first, connection), sent(second, connection)], [['pubrel 1 0'], ['pubrel 1 0']])
  assert.deepEqual([first.records.length, second.records.length], [1, 0])
})

test('[MQTT-4.3.3-4] a PUBREC with an error ends the message, but not once it was received', () => {
  const { driven, connection, say, outbound } = started(5)
  say('1', 2)
  say('2', 2)
  assert.deepEqual(sent(driven.acknowledge(connection, 'pubrec', 1, 0x80), connection), [])
  driven.acknowledge(connection, 'pubrec', 2)
  assert.deepEqual(sent(driven.acknowledge(connection, 'pubrec', 2, 0x80), connection), ['pubrel 2 0'])
  assert.equal(outbound.inFlightMessages, 1)
})

test('acknowledgements of unknown messages are ignored, but a PUBREC is told so', () => {
  const { driven, connection } = started(5)
  assert.deepEqual(sent(driven.acknowledge(connection, 'puback', 9), connection), [])
  assert.deepEqual(sent(driven.acknowledge(connection, 'pubcomp', 9), connection), [])
  assert.deepEqual(sent(driven.acknowledge(connection, 'pubrec', 9), connection), ['pubrel 9 146'])
})

test('an acknowledgement that does not fit the QoS closes the connection', () => {
  for (const [qos, type] of [
    [2, 'puback'],
    [1, 'pubrec'],
    [1, 'pubcomp'],
    [2, 'pubcomp'],
  ] as const) {
    const { driven, connection, say } = started(5)
    say('1', qos)
    assert.deepEqual(sent(driven.acknowledge(connection, type, 1), connection), ['disconnect 130', 'close'])
  }
})

test('[MQTT-3.3.2-5] a message whose time is over while it waits is not sent and gives way to the next', () => {
  const { driven, connection, say } = started(1)
  say('1')
  const publisher = driven.connect('q')
  const properties = { messageExpiryInterval: 5 }
  driven.publish(publisher, { topicName: 'a', payload: Buffer.from('late'), qos: 1, packetId: 1, properties })
  say('3')
  driven.advance(5)
  assert.deepEqual(sent(driven.acknowledge(connection, 'puback', 1), connection), ['publish a 3 qos 1 2'])
  assert.equal(driven.state.tally.copies.expired, 1)
})

test('[MQTT-3.1.2-25] what is larger than the Maximum Packet Size counts as dropped and takes no room in the window', () => {
  const driven = new DrivenCore()
  const connection = driven.connect('s', { properties: { maximumPacketSize: 50, receiveMaximum: 1 } })
  driven.subscribe(connection, 'a')
  const publisher = driven.connect('p')
  const turn = driven.publish(publisher, { topicName: 'a', payload: Buffer.alloc(50), qos: 1, packetId: 1 })
  assert.deepEqual(sent(turn, connection), [])
  assert.equal(driven.state.tally.copies.droppedTooLarge, 1)
  assert.equal(driven.session('s').outbound.freeWindow, 1)
})

test('a client that does not read gets nothing more until it has taken what was sent', () => {
  const { driven, connection, say, outbound } = started(100, { unsentBytesMax: 3 })
  for (const text of ['1', '2', '3']) say(text)
  assert.deepEqual([outbound.inFlightMessages, outbound.queuedMessages], [2, 1])
  const turn = driven.input((core, nowMs, flushed) => core.flushed(connection, 0, nowMs, flushed))
  assert.deepEqual(sent(turn, connection), ['publish a 3 qos 1 3'])
})

test('a client that comes back to much gets it piece by piece: the next when it has been taken', () => {
  const { driven, connection, say, outbound } = started(65_535)
  driven.breakOff(connection)
  for (let packetId = 1; packetId <= 100; packetId++) say(String(packetId).padStart(1023, '0'))
  const again = driven.connect('s')
  assert.equal(outbound.inFlightMessages, 32, '32 KiB')
  driven.input((core, nowMs, turn) => core.flushed(again, 0, nowMs, turn))
  assert.equal(outbound.inFlightMessages, 64)
})
