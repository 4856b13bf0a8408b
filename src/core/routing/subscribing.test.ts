import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenCore, sent } from '../../../test/support/driven-core.ts'
import type { Connection } from '../connection/connection.ts'
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

/** Goes on until nothing is left to do; how many Subscriptions there were before each step. */
function goOnToTheEnd(driven: DrivenCore, connection: Connection, first: Turn) {
  const counts: number[] = []
  let turn = first
  for (; turn.questions.length > 0; turn = goOn(driven, turn)) {
    counts.push(driven.state.subscriptions.count)
    assert.deepEqual(sent(turn, connection), [])
    assert.equal(connection.isWaiting, true, 'no other packet of it comes in between')
  }
  assert.equal(connection.isWaiting, false)
  const [last] = turn.onceDurable
  assert.ok(last?.type === 'packet')
  return { counts, answer: last.packet }
}

test('a SUBSCRIBE with very many Topic Filters waits for its turn, lets others have theirs, and is acknowledged once', () => {
  const driven = new DrivenCore({ subscriptionsPerSessionMax: 2000 })
  const { connection, turn } = subscribeTo(driven, 300)
  const { counts, answer } = goOnToTheEnd(driven, connection, turn)
  assert.deepEqual(counts, [0, 125, 250])
  assert.equal(driven.state.subscriptions.count, 300)
  assert.ok(answer.type === 'suback')
  assert.deepEqual(answer.reasonCodes, new Array(300).fill(1))
})

test('an UNSUBSCRIBE with very many Topic Filters waits for its turn, lets others have theirs, and is acknowledged once', () => {
  const driven = new DrivenCore({ subscriptionsPerSessionMax: 2000 })
  const { connection, turn: first } = subscribeTo(driven, 200)
  goOnToTheEnd(driven, connection, first)
  const topicFilters = Array.from({ length: 300 }, (_, number) => `a/${number}`)
  const turn = driven.receive(connection, { type: 'unsubscribe', packetId: 8, topicFilters, properties: {} })
  const { counts, answer } = goOnToTheEnd(driven, connection, turn)
  assert.deepEqual(counts, [200, 75, 0])
  assert.ok(answer.type === 'unsuback')
  assert.deepEqual(answer.reasonCodes, [...new Array(200).fill(0), ...new Array(100).fill(0x11)])
})

test('what a client that has gone meanwhile had asked for is not gone on with', () => {
  const driven = new DrivenCore({ subscriptionsPerSessionMax: 2000 })
  const { connection, turn } = subscribeTo(driven, 200)
  const next = goOn(driven, turn)
  assert.equal(driven.state.subscriptions.count, 125)
  driven.breakOff(connection)
  goOn(driven, next)
  assert.equal(driven.state.subscriptions.count, 125)
})
