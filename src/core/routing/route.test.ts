import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DrivenConnect, DrivenCore, sent } from '../../../test/support/driven-core.ts'
import type { Connection } from '../connection/connection.ts'
import type { Turn } from '../turn.ts'

const levels = Array.from({ length: 14 }, (_, i) => `l${i}`)
const topicName = levels.join('/')
/** Every way of putting + in the place of a level matches the Topic Name. */
const filterOf = (bits: number): string => levels.map((level, i) => ((bits >> i) & 1 ? '+' : level)).join('/')

const sessions = 6
const filtersEach = 10_000

function withMany(fields: DrivenConnect = {}) {
  const driven = new DrivenCore({ subscriptionsPerSessionMax: 2 * filtersEach })
  const subscribers = Array.from({ length: sessions }, (_, i) => driven.connect(`s${i}`, fields))
  for (const subscriber of subscribers) {
    for (let at = 0; at < filtersEach; at += 100) {
      const subscriptions = Array.from({ length: 100 }, (_, i) => {
        const retain = { retainAsPublished: false, retainHandling: 2 } as const
        return { topicFilter: filterOf(at + i), qos: 0, noLocal: false, ...retain } as const
      })
      driven.receive(subscriber, { type: 'subscribe', packetId: 1, subscriptions, properties: {} })
    }
  }
  const publisher = driven.connect('p')
  const turn = driven.publish(publisher, { topicName, payload: Buffer.from('x'), qos: 1, packetId: 7 })
  return { driven, subscribers, publisher, turn }
}

function goOn(driven: DrivenCore, turn: Turn): Turn {
  const [question] = turn.questions
  assert.ok(question?.type === 'go-on', 'others get their turn')
  return driven.input((core, nowMs, next) => core.answered(question, { type: 'had-their-turn' }, nowMs, next))
}

const copiesOf = (turn: Turn, subscribers: readonly Connection[]) =>
  subscribers.map((subscriber) => sent(turn, subscriber).length)

test('a PUBLISH that very many Subscriptions match lets others have their turn, and each Session gets one copy', () => {
  const { driven, subscribers, publisher, turn: first } = withMany()
  let turn = first
  let turns = 0
  for (; turn.questions.length > 0; turns++) {
    assert.deepEqual(copiesOf(turn, [publisher, ...subscribers]), new Array(1 + sessions).fill(0))
    assert.equal(publisher.isWaiting, true, 'no other packet of it comes in between')
    turn = goOn(driven, turn)
  }
  assert.equal(
    turns,
    8,
    '10,000 nodes are found, 4,000 at a time, and 60,000 Subscriptions looked at twice, 25,000 at a time',
  )
  assert.deepEqual(sent(turn, publisher), ['puback 7 0'])
  assert.deepEqual(copiesOf(turn, subscribers), new Array(sessions).fill(1))
  assert.equal(driven.state.tally.received, 1)
  const again = driven.publish(publisher, { topicName, payload: Buffer.from('y'), qos: 1, packetId: 8 })
  assert.deepEqual(copiesOf(again, subscribers), new Array(sessions).fill(1), 'the route is known')
})

test('a Subscription that is made while a route is being made gets the message, too', () => {
  const { driven, subscribers, publisher, turn } = withMany()
  const late = driven.connect('late')
  driven.subscribe(late, '#', { qos: 0 })
  const routed = goOn(driven, turn)
  assert.deepEqual(copiesOf(routed, [late, ...subscribers]), new Array(1 + sessions).fill(1))
  assert.deepEqual(sent(routed, publisher), ['puback 7 0'])
})

test('a publisher that goes while a route is being made has published nothing', () => {
  const { driven, subscribers, publisher, turn } = withMany()
  driven.breakOff(publisher)
  assert.deepEqual(copiesOf(goOn(driven, turn), subscribers), new Array(sessions).fill(0))
  assert.equal(driven.state.tally.received, 0)
})
