import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenCore, sent } from '../../../test/support/driven-core.ts'
import type { Turn } from '../turn.ts'

const plain = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const

function subscribeTo(driven: DrivenCore, count: number) {
  const connection = driven.connect('s')
  const subscriptions = Array.from({ length: count }, (_, number) => ({ ...plain, topicFilter: `a/${number}` }))
  const turn = driven.receive(connection, { type: 'subscribe', packetId: 7, subscriptions, properties: {} })
  return { connection, turn }
}

function goOn(driven: DrivenCore, turn: Turn): Turn {
  const [question] = turn.questions
  assert.ok(question?.type === 'go-on', 'others get their turn')
  return driven.input((core, nowMs, next) => core.answered(question, { type: 'had-their-turn' }, nowMs, next))
}

test('a SUBSCRIBE with very many Topic Filters lets others have their turn, and is acknowledged once', () => {
  const driven = new DrivenCore({ subscriptionsPerSessionMax: 2000 })
  let { connection, turn } = subscribeTo(driven, 1200)
  const counts: number[] = []
  for (let slice = 0; slice < 2; slice++) {
    counts.push(driven.state.subscriptions.count)
    assert.deepEqual(sent(turn, connection), [])
    assert.equal(connection.isWaiting, true, 'no other packet of it comes in between')
    turn = goOn(driven, turn)
  }
  assert.deepEqual(counts, [500, 1000])
  assert.equal(driven.state.subscriptions.count, 1200)
  const [suback] = turn.onceDurable
  assert.ok(suback?.type === 'packet' && suback.packet.type === 'suback')
  assert.deepEqual(suback.packet.reasonCodes, new Array(1200).fill(1))
  assert.equal(connection.isWaiting, false)
})

test('an UNSUBSCRIBE with very many Topic Filters lets others have their turn, and is acknowledged once', () => {
  const driven = new DrivenCore({ subscriptionsPerSessionMax: 2000 })
  const { connection, turn: first } = subscribeTo(driven, 600)
  goOn(driven, first)
  const topicFilters = Array.from({ length: 1200 }, (_, number) => `a/${number}`)
  let turn = driven.receive(connection, { type: 'unsubscribe', packetId: 8, topicFilters, properties: {} })
  const counts: number[] = []
  for (let slice = 0; slice < 2; slice++) {
    counts.push(driven.state.subscriptions.count)
    assert.deepEqual(sent(turn, connection), [])
    assert.equal(connection.isWaiting, true, 'no other packet of it comes in between')
    turn = goOn(driven, turn)
  }
  assert.deepEqual(counts, [100, 0])
  const [unsuback] = turn.onceDurable
  assert.ok(unsuback?.type === 'packet' && unsuback.packet.type === 'unsuback')
  assert.deepEqual(unsuback.packet.reasonCodes, [...new Array(600).fill(0), ...new Array(600).fill(0x11)])
  assert.equal(connection.isWaiting, false)
})

test('what a client that has gone meanwhile had asked for is not gone on with', () => {
  const driven = new DrivenCore({ subscriptionsPerSessionMax: 2000 })
  const { connection, turn } = subscribeTo(driven, 600)
  driven.breakOff(connection)
  goOn(driven, turn)
  assert.equal(driven.state.subscriptions.count, 500)
})
