/**
 * What a look at very many Topic Names costs, in a process of its own: what other tests leave on the heap V8 clears away piece by piece, in
 * the turns that are measured.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measureTopics } from './looking.ts'

test('200,000 Topic Names cost under 400 bytes each, and nobody waits 20 ms of processor time for a look at them', async () => {
  const { bytesEach, pageSeconds, busiestSeconds, filterSeconds, stallSeconds } = await measureTopics(200_000)
  assert.ok(bytesEach < 400, `${bytesEach} bytes`)
  for (const seconds of [pageSeconds, busiestSeconds, filterSeconds]) assert.ok(seconds < 1, `${seconds} s`)
  assert.ok(stallSeconds < 0.02, `${stallSeconds} s`)
})
