import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LiveRecords } from './live-records.ts'

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
  assert.deepEqual(live.runs(5000), [3, 3, 1023, 1025, 4999, 4999])
  assert.deepEqual(live.runs(2_000_000), [3, 3, 1023, 1025, 4999, 5000, 1_000_000, 1_000_000])
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
      const runs = live.runs(4000)
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
