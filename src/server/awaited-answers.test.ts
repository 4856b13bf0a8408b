import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { AwaitedAnswers } from './awaited-answers.ts'
import { createBroker } from './embedded-broker.ts'
import { ReadingTime } from './reading-time.ts'

const plain = { type: 'answer', reasonCode: 0, matched: 1, queued: 0, fate: null, text: null } as const

test('each answer goes to whoever waits under its token, once', async () => {
  const answers = new AwaitedAnswers(new ReadingTime(() => 0))
  const [first, second] = [answers.expect(), answers.expect()]
  answers.answer({ ...plain, token: second.token, matched: 2 })
  answers.answer({ ...plain, token: second.token, matched: 3 })
  answers.answer({ ...plain, token: first.token })
  assert.deepEqual([(await first.answered).matched, (await second.answered).matched], [1, 2])
})

test('when the store has failed, whoever waits still is told', async () => {
  const answers = new AwaitedAnswers(new ReadingTime(() => 0))
  const { answered } = answers.expect()
  answers.fail(new Error('no space'))
  await assert.rejects(answered, /no space/)
})

test('when a turn of the event loop has spent its time, the rest is answered in the next, in order', async () => {
  let nowMs = 1000
  const answers = new AwaitedAnswers(new ReadingTime(() => nowMs))
  const told: number[] = []
  for (let number = 1; number <= 3; number++) {
    const { token, answered } = answers.expect()
    void answered.then(({ matched }) => told.push(matched))
    answers.answer({ ...plain, token, matched: number })
    nowMs += 6
  }
  await Promise.resolve()
  assert.deepEqual(told, [1, 2])
  await nextTurn()
  assert.deepEqual(told, [1, 2, 3])
})

test('a program that publishes in a loop and waits for each answer leaves the others their turn', async () => {
  const broker = createBroker({ listen: [] })
  await broker.start()
  let received = 0
  await broker.subscribe('t', { qos: 1 }, () => {
    received += 1
  })
  let published = 0
  for (; received === 0 && published < 300_000; published++) await broker.publish({ topicName: 't', payload: 'x' })
  assert.ok(received > 0, `nothing received while ${published} were published`)
  await broker.stop()
})
