/**
 * What a look at very many Topic Names costs, in a process of its own: what other tests leave on the heap V8 clears away piece by piece, in
 * the turns that are measured.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measureTopics } from './looking.ts'

test('200,000 Topic Names cost under 400 bytes each, and a look at them takes no turn of 20 ms of processor time', async () => {
  const { bytesEach, pageSeconds, busiestSeconds, filterSeconds, ...turns } = await measureTopics(200_000)
  assert.ok(bytesEach < 400, `${bytesEach} bytes`)
  for (const seconds of [pageSeconds, busiestSeconds, filterSeconds]) assert.ok(seconds < 1, `${seconds} s`)
  // 256 of them are looked at in one.
  assert.ok(turns.busiestTurns > 200, `${turns.busiestTurns} turns`)
  assert.ok(turns.usualStallSeconds < 0.02, `${turns.usualStallSeconds} s`)
  assert.ok(turns.stallSeconds < 0.2, `${turns.stallSeconds} s`)
})
