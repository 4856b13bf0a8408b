/**
 * Every file on the hot path has a micro-benchmark, and every micro-benchmark works.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { microBenchmarks } from '../bench/micro/all.ts'
import { time } from '../bench/micro/micro.ts'

const sources = fileURLToPath(new URL('../src', import.meta.url))
const hotFiles = readdirSync(sources, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && readFileSync(join(sources, path), 'utf8').includes('@hot'))
  .sort()

after(() => {
  for (const { close } of microBenchmarks) close?.()
})

test('every file marked @hot is covered by a micro-benchmark, and no other', () => {
  const covered = [...new Set(microBenchmarks.flatMap(({ covers }) => covers))].sort()
  assert.deepEqual(covered, hotFiles)
})

test('every micro-benchmark can be told from the others by its name', () => {
  const names = microBenchmarks.map(({ name }) => name)
  assert.deepEqual(names, [...new Set(names)])
})

test('every micro-benchmark runs again and again and finds what it expects', async () => {
  for (const benchmark of microBenchmarks) {
    const { nsMedian, nsLowest, nsHighest } = await time(benchmark, { warmUpMs: 0, sampleMs: 0, samples: 3 })
    assert.ok(0 < nsLowest && nsLowest <= nsMedian && nsMedian <= nsHighest, benchmark.name)
  }
})
