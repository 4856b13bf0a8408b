import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenCore } from '../../test/support/driven-core.ts'
import { messageEventTypes } from './event-topics.ts'
import type { Limits } from './limits.ts'

const payload = Buffer.from('x')
const passing = { properties: { sessionExpiryInterval: 0 } }

function started(limits: Partial<Limits> = {}) {
  const driven = new DrivenCore(limits)
  const publisher = driven.connect('p', passing)
  return { driven, publisher, events: driven.state.messageEvents }
}

test('no event about a message is made while nobody listens', () => {
  const { driven, publisher, events } = started()
  const watcher = driven.connect('w', passing)
  for (const topicFilter of ['#', '$pabal/who/1/reply']) driven.subscribe(watcher, topicFilter)
  driven.observe(watcher, '$SYS/#')
  driven.observe(watcher, '$pabal/events/client/#')
  driven.publish(publisher, { topicName: 'a', payload })
  assert.deepEqual([events.isWatched, events.news], [false, []])
})

for (const topicFilter of ['message/unmatched', '#', '+/dropped', 'overflow']) {
  test(`a Subscription to $pabal/events/${topicFilter} has them made, and its end stops that`, () => {
    const { driven, events } = started()
    const watcher = driven.connect('w', passing)
    driven.observe(watcher, `$pabal/events/${topicFilter}`)
    driven.observe(watcher, `$share/g/$pabal/events/${topicFilter}`)
    assert.equal(events.isWatched, true)
    const topicFilters = [`$pabal/events/${topicFilter}`]
    driven.receive(watcher, { type: 'unsubscribe', packetId: 1, topicFilters, properties: {} })
    assert.equal(events.isWatched, true)
    driven.breakOff(watcher)
    assert.equal(events.isWatched, false)
  })
}

test('an event says which message, whose, and under which rule', () => {
  const { driven, publisher, events } = started()
  events.hostTypes = messageEventTypes
  driven.publish(publisher, { topicName: 'a', payload, qos: 1, packetId: 1 })
  assert.deepEqual(events.news, [
    {
      type: 'messageUnmatched',
      topicName: 'a',
      qos: 1,
      retain: false,
      size: 2,
      account: '',
      clientIdentifier: 'p',
      rule: '#',
      reason: null,
      messageId: 1,
    },
  ])
})

test('an event names the entry of its message in the log, if there is one', () => {
  const { driven, publisher, events } = started({ fateLogPerSecondMax: 1 })
  events.hostTypes = messageEventTypes
  for (let number = 0; number < 2; number++) driven.publish(publisher, { topicName: 'a', payload })
  const ids = events.news.map((event) => (event.type === 'messageUnmatched' ? event.messageId : undefined))
  assert.deepEqual(ids, [driven.state.fateLog.lastId, null])
})

test('there are no more than so many in a second, and then one that says how many were left out', () => {
  const { driven, publisher, events } = started({ messageEventsPerSecondMax: 3 })
  events.hostTypes = messageEventTypes
  for (let number = 0; number < 10; number++) driven.publish(publisher, { topicName: 'a', payload })
  assert.equal(events.news.length, 3)
  assert.equal(driven.core.nextDeadlineMs(driven.nowMs), driven.nowMs + 1000)
  driven.advance(1)
  assert.deepEqual(events.news.at(-1), { type: 'eventsLeftOut', count: 7 })
  driven.publish(publisher, { topicName: 'a', payload })
  assert.equal(events.news.length, 5)
  driven.advance(1)
  assert.equal(events.news.length, 5)
})

test('nothing is told of what the broker itself publishes, and of a copy nobody knows any more it is only counted', () => {
  const { driven, events } = started()
  events.hostTypes = messageEventTypes
  const watcher = driven.connect('w')
  driven.observe(watcher, '$pabal/events/#')
  const session = driven.session('w')
  driven.state.beginCopy(session, 7)
  driven.state.endCopy('droppedQueueFull', session, 7, null)
  assert.deepEqual(events.news, [])
  driven.advance(1)
  assert.deepEqual(events.news, [{ type: 'eventsLeftOut', count: 1 }])
})

test('of a client that does not take what it is sent, it is told which messages it goes without', () => {
  const { driven, publisher, events } = started({ unsentBytesMax: 65_536 })
  events.hostTypes = messageEventTypes
  const slow = driven.connect('slow', passing)
  driven.subscribe(slow, 'a')
  driven.input((core, nowMs, turn) => core.flushed(slow, 65_536, nowMs, turn))
  driven.publish(publisher, { topicName: 'a', payload })
  const named = { account: '', clientIdentifier: 'slow', topicName: 'a', qos: 0, size: 2, messageId: 1 }
  assert.deepEqual(events.news, [{ type: 'copyDropped', ...named, reason: 'slow' }])
})

test('what code in this process does not listen for takes no part of the bound, and is not told of as left out', () => {
  const { driven, publisher, events } = started({ messageEventsPerSecondMax: 1 })
  events.hostTypes = new Set(['copyDropped', 'eventsLeftOut'])
  const watcher = driven.connect('w', passing)
  driven.subscribe(watcher, 'b')
  for (let number = 0; number < 5; number++) driven.publish(publisher, { topicName: 'a', payload })
  assert.deepEqual([events.isWatched, events.news, events.dueMs], [true, [], Number.POSITIVE_INFINITY])
})
