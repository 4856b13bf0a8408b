import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenCore } from '../../../test/support/driven-core.ts'
import { TopicSeen, TopicsSeen } from './topics-seen.ts'

test('the rate is that of the last ten to twenty seconds, and of a new one that of its time', () => {
  const seen = new TopicSeen('t')
  seen.begin(0)
  for (let at = 0; at < 30_000; at += 100) seen.count(at)
  assert.ok(Math.abs(seen.ratePerSecond(30_000) - 10) < 0.2, `${seen.ratePerSecond(30_000)}`)
  assert.ok(seen.ratePerSecond(35_000) < 6)
  assert.equal(seen.ratePerSecond(60_000), 0)
  const fresh = new TopicSeen('t')
  fresh.begin(0)
  for (let at = 0; at < 2000; at += 100) fresh.count(at)
  assert.equal(fresh.ratePerSecond(2000), 10)
})

test('the least used make room, and one that is published to all the time stays', () => {
  const topics = new TopicsSeen(3)
  const publish = (name: string): void => {
    const seen = topics.find(name)
    if (seen !== null) topics.count(seen, 1)
  }
  for (const name of ['a', 'b', 'c']) publish(name)
  for (let number = 0; number < 100; number++) {
    publish('b')
    publish(`n${number}`)
  }
  const names = [...topics].map((seen) => seen.topicName)
  assert.equal(names.length, 3)
  assert.ok(names.includes('b'), names.join(' '))
  assert.equal(topics.forgotten, 99 + 1)
})

test('however many Topic Names come by turns, few more are known than are counted, and each of those once', () => {
  for (const namesInTurn of [25, 60, 1000]) {
    const topics = new TopicsSeen(10, 0)
    // As a Route does, which outlives its place in the table.
    const routed = Array.from({ length: namesInTurn }, (_, number) => topics.find(`n${number}`) ?? assert.fail())
    for (let number = 0; number < 5000; number++) {
      const seen = routed[(number * 7) % namesInTurn] ?? assert.fail()
      topics.count(number % 3 === 0 ? (topics.find(seen.topicName) ?? seen) : seen, number)
      assert.ok(topics.known <= 50, `${topics.known} of ${namesInTurn} are known`)
      const names = [...topics].map(({ topicName }) => topicName)
      assert.equal(new Set(names).size, names.length, names.join())
      for (const listed of topics) assert.equal(topics.find(listed.topicName), listed)
    }
    assert.equal(topics.size, 10)
  }
})

test('messages are counted once, also while Subscriptions change, and those to "$" Topic Names not', () => {
  const driven = new DrivenCore()
  const client = driven.connect('c')
  for (let number = 0; number < 10; number++) {
    driven.subscribe(client, `f${number}`)
    driven.publish(client, { topicName: 't' })
    driven.publish(client, { topicName: '$own/t' })
  }
  assert.deepEqual(
    [...driven.state.topics].map(({ topicName, messages }) => [topicName, messages]),
    [['t', 10]],
  )
})

test('one that was forgotten while it is still routed is listed again', () => {
  const driven = new DrivenCore({ topicsSeenMax: 1 })
  const client = driven.connect('c')
  for (const topicName of ['a', 'b', 'a', 'a']) driven.publish(client, { topicName })
  assert.deepEqual(
    [...driven.state.topics].map(({ topicName, messages }) => [topicName, messages]),
    [['a', 2]],
  )
  assert.equal(driven.state.topics.forgotten, 2)
})
