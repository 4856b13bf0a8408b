import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LatencyHistogram } from './latency-histogram.ts'

test('each bucket has what took at most as long as its bound, and the last has everything', () => {
  const histogram = new LatencyHistogram()
  histogram.observe(0.001, 2, 0)
  histogram.observe(0.0011, 1, 0)
  histogram.observe(60, 1, 0)
  const counts = new Map(histogram.cumulative())
  assert.deepEqual([counts.get(0.0005), counts.get(0.001), counts.get(0.0025)], [0, 2, 3])
  assert.deepEqual([counts.get(10), counts.get(Number.POSITIVE_INFINITY), histogram.count], [3, 4, 4])
  assert.ok(Math.abs(histogram.sumSeconds - 60.0031) < 1e-9)
})

test('quantiles lie within their bucket and are never longer than what was measured', () => {
  const histogram = new LatencyHistogram()
  histogram.observe(0.003, 99, 0)
  histogram.observe(0.03, 1, 0)
  const { p50Seconds, p99Seconds } = histogram.quantiles(0)
  assert.ok(p50Seconds !== null && p50Seconds > 0.0025 && p50Seconds <= 0.005)
  assert.ok(p99Seconds !== null && p99Seconds <= 0.005)
  histogram.observe(20, 1000, 0)
  assert.equal(histogram.quantiles(0).p99Seconds, 20)
})

test('quantiles are of the last half minute to minute, counts of all', () => {
  const histogram = new LatencyHistogram()
  histogram.observe(1, 10, 1000)
  assert.ok(histogram.quantiles(50_000).p50Seconds !== null)
  histogram.observe(0.001, 10, 61_000)
  const { count, p99Seconds } = histogram.quantiles(92_000)
  assert.deepEqual([count, (p99Seconds ?? 1) <= 0.001], [20, true])
  assert.deepEqual(histogram.quantiles(500_000), { count: 20, p50Seconds: null, p99Seconds: null })
})

test('the longest is that of the last half minute to minute, however often somebody asks', () => {
  const histogram = new LatencyHistogram()
  assert.equal(histogram.recentMaxSeconds(0), 0)
  histogram.observe(3, 1, 1000)
  histogram.observe(1, 1, 40_000)
  assert.deepEqual([histogram.recentMaxSeconds(50_000), histogram.recentMaxSeconds(60_000)], [3, 3])
  assert.deepEqual([histogram.recentMaxSeconds(72_000), histogram.recentMaxSeconds(500_000)], [1, 0])
})

test('nothing counted has no quantiles', () => {
  const histogram = new LatencyHistogram()
  histogram.observe(1, 0, 0)
  assert.deepEqual(histogram.quantiles(0), { count: 0, p50Seconds: null, p99Seconds: null })
})
