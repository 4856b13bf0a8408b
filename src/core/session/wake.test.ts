import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenCore } from '../../../test/support/driven-core.ts'
import type { Connection } from '../connection/connection.ts'
import type { Turn } from '../turn.ts'

function start(): { driven: DrivenCore; from: Connection } {
  const driven = new DrivenCore({}, { topicRules: [{ filter: 'orders/#', wake: true }] })
  const from = driven.connect('publisher')
  const away = driven.connect('away')
  driven.subscribe(away, 'orders/#', { qos: 1 })
  driven.subscribe(away, 'other', { qos: 1 })
  driven.breakOff(away)
  return { driven, from }
}

function wakes(turn: Turn): string[] {
  return turn.events.flatMap((event) => {
    if (event.type !== 'wake') return []
    return [`${event.clientIdentifier} ${event.topicName} ${event.backlogMessages} ${event.backlogBytes}`]
  })
}

function publishTo(driven: DrivenCore, from: Connection, topicName: string, qos: 0 | 1 = 1): string[] {
  return wakes(driven.publish(from, { topicName, qos, packetId: qos, payload: Buffer.from('12') }))
}

test('a client that is away is to be woken when something is queued for it under a rule that says so', () => {
  const { driven, from } = start()
  assert.deepEqual(publishTo(driven, from, 'orders/1', 0), [], 'at QoS 0 nothing is queued')
  assert.deepEqual(publishTo(driven, from, 'other'), [])
  assert.deepEqual(publishTo(driven, from, 'orders/1'), ['away orders/1 2 17'])
})

test('it is woken at most once in ten seconds, with the newest numbers, and not without cause', () => {
  const { driven, from } = start()
  assert.equal(publishTo(driven, from, 'orders/1').length, 1)
  driven.nowMs += 5000
  assert.deepEqual(publishTo(driven, from, 'orders/2'), [])
  assert.deepEqual(publishTo(driven, from, 'orders/3'), [])
  assert.deepEqual(wakes(driven.advance(5)), ['away orders/3 3 30'])
  assert.deepEqual(wakes(driven.advance(10)), [], 'nothing was queued since')
  assert.equal(driven.state.wakes.size, 0)
  assert.deepEqual(publishTo(driven, from, 'orders/4'), ['away orders/4 4 40'])
})

test('a client that has come by itself is not woken', () => {
  const { driven, from } = start()
  publishTo(driven, from, 'orders/1')
  publishTo(driven, from, 'orders/2')
  const back = driven.connect('away')
  assert.deepEqual(wakes(driven.advance(10)), [])
  assert.deepEqual(publishTo(driven, from, 'orders/3'), [])
  for (const packetId of [1, 2, 3]) driven.acknowledge(back, 'puback', packetId)
  driven.breakOff(back)
  assert.deepEqual(wakes(driven.advance(20)), [])
})
