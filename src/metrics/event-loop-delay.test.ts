import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventLoopDelay } from './event-loop-delay.ts'

test('a delay counts as what would have been due meanwhile, each by as much as it was late', () => {
  const delay = new EventLoopDelay(250)
  delay.note(0, 0)
  delay.note(249, 200)
  delay.note(2500, 1300)
  const counts = new Map(delay.histogram.cumulative())
  assert.deepEqual([counts.get(0.0001), counts.get(0.25), counts.get(1), counts.get(2.5)], [1, 3, 6, 12])
  assert.equal(delay.histogram.recentMaxSeconds(1300), 2.5)
})

test('a process that hung for hours costs no more than a minute of entries', () => {
  const delay = new EventLoopDelay(250)
  delay.note(5 * 3_600_000, 0)
  assert.equal(delay.histogram.count, 240)
  assert.equal(delay.histogram.recentMaxSeconds(0), 5 * 3600)
})
