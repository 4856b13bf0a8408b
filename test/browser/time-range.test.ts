/**
 * The axis of time of a chart.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { timeRange } from '../../src/dashboard/parts/time-range.ts'

test('a line that has just begun is shown at the end of a minute, and a longer one whole', () => {
  assert.deepEqual(timeRange(1000, 1000), [940, 1000])
  assert.deepEqual(timeRange(990, 1000), [940, 1000])
  assert.deepEqual(timeRange(700, 1000), [700, 1000])
})
