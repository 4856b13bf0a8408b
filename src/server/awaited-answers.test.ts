import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AwaitedAnswers } from './awaited-answers.ts'

const plain = { type: 'answer', reasonCode: 0, matched: 1, queued: 0, fate: null, text: null } as const

test('each answer goes to whoever waits under its token, once', async () => {
  const answers = new AwaitedAnswers()
  const [first, second] = [answers.expect(), answers.expect()]
  answers.answer({ ...plain, token: second.token, matched: 2 })
  answers.answer({ ...plain, token: second.token, matched: 3 })
  answers.answer({ ...plain, token: first.token })
  assert.deepEqual([(await first.answered).matched, (await second.answered).matched], [1, 2])
})

test('when the store has failed, whoever waits still is told', async () => {
  const answers = new AwaitedAnswers()
  const { answered } = answers.expect()
  answers.fail(new Error('no space'))
  await assert.rejects(answered, /no space/)
})
