import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Latencies } from './latencies.ts'

test('a percentile is within one percent, from microseconds to minutes', () => {
  for (const most of [0.1, 1, 30, 5000, 120_000]) {
    const latencies = new Latencies()
    for (let i = 1; i <= 10_000; i++) latencies.add((most * i) / 10_000)
    for (const share of [0.1, 0.5, 0.9, 0.99, 0.999]) {
      const expected = most * share
      assert.ok(Math.abs(latencies.at(share) - expected) <= Math.max(0.01 * expected, 0.001), `${share} of ${most}`)
    }
    assert.equal(latencies.summary()?.max, most)
  }
})

test('without a time there is no summary, and a time below zero counts as zero', () => {
  const latencies = new Latencies()
  assert.equal(latencies.summary(), null)
  latencies.add(-5)
  assert.deepEqual(latencies.summary(), { p50: 0, p90: 0, p99: 0, p999: 0, max: 0 })
})
