import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LoadAverage } from './load-average.ts'

test('a steady rate is approached within minutes, sooner by the shorter average', () => {
  const average = new LoadAverage()
  for (let step = 1; step <= 6; step++) average.update(step * 100, 10_000)
  // 600 in a minute: 1 - e^-1, 1 - e^(-1/5) and 1 - e^(-1/15) of it.
  assert.deepEqual(average.texts, ['379.27', '108.76', '38.70'])
  for (let step = 7; step <= 600; step++) average.update(step * 100, 10_000)
  assert.deepEqual(average.texts[0], '600.00')
})

test('nothing for a long time is the same in one step as in many', () => {
  const once = new LoadAverage()
  const often = new LoadAverage()
  for (const average of [once, often]) average.update(1000, 10_000)
  once.rest(120_000)
  for (let step = 0; step < 12; step++) often.update(1000, 10_000)
  assert.deepEqual(once.texts, often.texts)
  once.rest(10 * 3_600_000)
  assert.deepEqual(once.texts, ['0.00', '0.00', '0.00'])
})
