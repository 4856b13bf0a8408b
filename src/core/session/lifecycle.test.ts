import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectPacket, DrivenCore, sent } from '../../../test/support/driven-core.ts'
import type { Connection } from '../connection/connection.ts'

function watched(): { driven: DrivenCore; watcher: Connection } {
  const driven = new DrivenCore()
  const watcher = driven.connect('watcher')
  driven.subscribe(watcher, 'will', { qos: 0 })
  return { driven, watcher }
}

const wills = (willDelayInterval: number) => ({ will: { properties: { willDelayInterval } } })
const gone = ['publish will gone qos 0']

test('[MQTT-3.1.3-9] a will waits for its delay, and not at all if the client comes back before', () => {
  const { driven, watcher } = watched()
  driven.breakOff(driven.connect('c', wills(10)))
  assert.deepEqual(sent(driven.advance(9), watcher), [])
  driven.connect('c')
  assert.deepEqual(sent(driven.advance(100), watcher), [])
})

test('a will goes out when its delay is over, once', () => {
  const { driven, watcher } = watched()
  driven.breakOff(driven.connect('c', wills(10)))
  assert.deepEqual(sent(driven.advance(10), watcher), gone)
  assert.deepEqual(sent(driven.advance(2000), watcher), [])
})

test('a will does not wait longer than its Session lives', () => {
  const { driven, watcher } = watched()
  driven.breakOff(driven.connect('c', { ...wills(10), properties: { sessionExpiryInterval: 5 } }))
  assert.deepEqual(sent(driven.advance(5), watcher), gone)
  driven.breakOff(driven.connect('d', { ...wills(10), properties: { sessionExpiryInterval: 0 } }))
  assert.equal(driven.state.tally.made, 2)
})

test('[MQTT-3.14.4-3] DISCONNECT cancels the will, except with 0x04', () => {
  const { driven, watcher } = watched()
  assert.deepEqual(sent(driven.disconnect(driven.connect('c', wills(0))), watcher), [])
  assert.deepEqual(sent(driven.disconnect(driven.connect('c', wills(0)), 4), watcher), gone)
})

test('a will that waits goes out when the client starts afresh', () => {
  const { driven, watcher } = watched()
  driven.breakOff(driven.connect('c', wills(10)))
  const turn = driven.input((core, nowMs, both) => {
    const connection = core.open({}, watcher.origin, nowMs)
    core.receive(connection, connectPacket('c', { cleanStart: true }), nowMs, both)
  })
  assert.deepEqual(sent(turn, watcher), gone)
})

test('the record of a will says whose it was, so that it is not sent again after a crash', () => {
  const { driven } = watched()
  const { records } = driven.breakOff(driven.connect('c', wills(0)))
  const [will, disconnected] = records
  assert.ok(will?.type === 'message' && disconnected?.type === 'session-disconnected')
  assert.deepEqual([will.willOf, disconnected.willPending], [driven.session('c').number, false])
})

test('[MQTT-3.1.2-23] a Session ends when its time is over, unless the client is back', () => {
  const driven = new DrivenCore()
  driven.breakOff(driven.connect('c'))
  driven.advance(999)
  const connection = driven.connect('c')
  driven.advance(5000)
  assert.equal(driven.session('c').isOnline, true)
  driven.breakOff(connection)
  const { records } = driven.advance(1000)
  assert.deepEqual(
    records.map((record) => record.type),
    ['session-ended'],
  )
})

test('what an ended Session had of a shared group goes to another member, written down whole', () => {
  const driven = new DrivenCore()
  const passing = driven.connect('passing', { properties: { sessionExpiryInterval: 0 } })
  driven.subscribe(passing, '$share/g/a', { qos: 1 })
  const publisher = driven.connect('p')
  const message = { topicName: 'a', payload: Buffer.from('x'), qos: 1, packetId: 1 } as const
  assert.deepEqual(driven.publish(publisher, message).records, [])
  const other = driven.connect('other')
  driven.subscribe(other, '$share/g/a', { qos: 1 })
  const turn = driven.breakOff(passing)
  assert.deepEqual(sent(turn, other), ['publish a x qos 1 1'])
  const [set, record] = turn.records
  assert.ok(set?.type === 'recipients')
  assert.deepEqual(set.members[0]?.sharedFilter, '$share/g/a')
  assert.ok(record?.type === 'message', 'nobody has recorded the message before')
  assert.equal(record.recipients.length, 1)
})

test('[MQTT-4.8.2-5] a QoS 2 message that was sent stays with its Session and ends with it', () => {
  const driven = new DrivenCore()
  const passing = driven.connect('passing', { properties: { sessionExpiryInterval: 0 } })
  driven.subscribe(passing, '$share/g/a')
  const publisher = driven.connect('p')
  driven.publish(publisher, { topicName: 'a', payload: Buffer.from('x'), qos: 2, packetId: 1 })
  const other = driven.connect('other')
  driven.subscribe(other, '$share/g/a')
  assert.deepEqual(sent(driven.breakOff(passing), other), [])
  assert.equal(driven.state.tally.copies.sessionEnded, 1)
})

test('a broker that keeps nothing across a restart remembers nothing of a Session that has ended', () => {
  const driven = new DrivenCore()
  const { state } = driven
  driven.subscribe(driven.connect('s'), 'a')
  driven.publish(driven.connect('p'), { topicName: 'a', payload: Buffer.from('x'), qos: 1, packetId: 1 })
  for (const connection of [...state.connections]) driven.breakOff(connection)
  driven.advance(1000)
  assert.deepEqual([state.sessions.size, state.live.count], [0, 0])
  assert.deepEqual([state.changed.size, state.recipientSets.recorded.size], [0, 0])
})
