import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LiveRecords } from './live-records.ts'

function runsOf(live: LiveRecords, before: number): { runs: number[]; steps: number } {
  const making = live.runsInSteps(before)
  for (let steps = 1; ; steps++) {
    const { done, value } = making.next()
    if (done === true) return { runs: value, steps }
  }
}

test('a record lives as long as anybody needs it', () => {
  const live = new LiveRecords()
  live.add(5, 2)
  live.add(5, 1)
  assert.equal(live.release(5), 2)
  assert.equal(live.release(5), 1)
  assert.equal(live.has(5), true)
  assert.equal(live.release(5), 0)
  assert.equal(live.has(5), false)
  assert.throws(() => live.release(5), /record 5 was released more often than it was needed/)
})

test('runs join neighbours, across tables too, and stop before the bound', () => {
  const live = new LiveRecords()
  for (const seq of [1023, 1024, 1025, 3, 5000, 4999, 1_000_000]) live.add(seq, 1)
  assert.deepEqual(runsOf(live, 5000).runs, [3, 3, 1023, 1025, 4999, 4999])
  assert.deepEqual(runsOf(live, 2_000_000).runs, [3, 3, 1023, 1025, 4999, 5000, 1_000_000, 1_000_000])
})

test('it agrees with a Map of counts whatever happens', () => {
  const step = fc.record({ seq: fc.integer({ min: 1, max: 3000 }), times: fc.integer({ min: 0, max: 2 }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const live = new LiveRecords()
      const counts = new Map<number, number>()
      for (const { seq, times } of steps) {
        const before = counts.get(seq) ?? 0
        if (times > 0) live.add(seq, times)
        else if (before > 0) assert.equal(live.release(seq), before - 1)
        counts.set(seq, times > 0 ? before + times : Math.max(0, before - 1))
      }
      const needed = [...counts].filter(([, count]) => count > 0).map(([seq]) => seq)
      assert.equal(live.count, needed.length)
      const runs = runsOf(live, 4000).runs
      const listed: number[] = []
      for (let at = 0; at < runs.length; at += 2) {
        for (let seq = runs[at] ?? 0; seq <= (runs[at + 1] ?? 0); seq++) listed.push(seq)
      }
      assert.deepEqual(
        listed,
        needed.sort((one, other) => one - other),
      )
    }),
  )
})

test('runs are found in steps, between which records may be let go of, and new ones come', () => {
  const live = new LiveRecords()
  for (let seq = 0; seq < 100 * 1024; seq++) live.add(seq, 1)
  assert.deepEqual(runsOf(live, 100 * 1024), { runs: [0, 100 * 1024 - 1], steps: 4 })
  const making = live.runsInSteps(100 * 1024)
  assert.equal(making.next().done, false)
  // One that was looked at already, one that was not, a whole table that was not, and one that is not asked for.
  live.release(5)
  live.release(70_000)
  for (let seq = 98 * 1024; seq < 99 * 1024; seq++) live.release(seq)
  live.add(200 * 1024, 1)
  let last = making.next()
  while (last.done !== true) last = making.next()
  assert.deepEqual(last.value, [0, 69_999, 70_001, 98 * 1024 - 1, 99 * 1024, 100 * 1024 - 1])
})
