import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Deadline, Deadlines } from './deadlines.ts'

function deadlineAt(atMs: number): Deadline {
  return { atMs, type: 'settled' }
}

test('nothing is due in an empty heap, ever', () => {
  const deadlines = new Deadlines(() => false)
  assert.equal(deadlines.nextMs, Number.POSITIVE_INFINITY)
  assert.equal(deadlines.takeDue(Number.MAX_SAFE_INTEGER), null)
})

test('a deadline is due at its time, not before, and taken once', () => {
  const deadlines = new Deadlines(() => false)
  const deadline = deadlineAt(10)
  deadlines.add(deadline)
  assert.equal(deadlines.takeDue(9), null)
  assert.equal(deadlines.takeDue(10), deadline)
  assert.equal(deadlines.takeDue(10), null)
})

test('whatever is added and taken in between, the earliest that is due comes first', () => {
  const steps = fc.array(fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constant('take' as const)), { maxLength: 200 })
  fc.assert(
    fc.property(steps, fc.integer({ min: 0, max: 50 }), (all, nowMs) => {
      const deadlines = new Deadlines(() => false)
      const model: number[] = []
      for (const step of all) {
        if (step === 'take') {
          const expected = (model[0] ?? Number.POSITIVE_INFINITY) <= nowMs ? model.shift() : undefined
          assert.equal(deadlines.takeDue(nowMs)?.atMs, expected)
        } else {
          deadlines.add(deadlineAt(step))
          model.push(step)
          model.sort((one, other) => one - other)
        }
        assert.equal(deadlines.nextMs, model[0] ?? Number.POSITIVE_INFINITY)
        assert.equal(deadlines.size, model.length)
      }
    }),
  )
})

test('vain deadlines are dropped as others are added, and the rest come in order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.boolean()), { maxLength: 300 }), (all) => {
      const vain = new Set<Deadline>()
      const deadlines = new Deadlines((deadline) => vain.has(deadline))
      const awaited: number[] = []
      for (const [atMs, isVain] of all) {
        const deadline = deadlineAt(atMs)
        deadlines.add(deadline)
        if (isVain) vain.add(deadline)
        else awaited.push(atMs)
      }
      const taken: number[] = []
      for (let next = deadlines.takeDue(50); next !== null; next = deadlines.takeDue(50)) {
        if (!vain.has(next)) taken.push(next.atMs)
      }
      assert.deepEqual(
        taken,
        awaited.sort((one, other) => one - other),
      )
    }),
  )
})

test('what is vain does not pile up', () => {
  const vain = new Set<Deadline>()
  const deadlines = new Deadlines((deadline) => vain.has(deadline))
  for (let atMs = 0; atMs < 100; atMs++) deadlines.add(deadlineAt(atMs))
  for (let round = 0; round < 10_000; round++) {
    const deadline = deadlineAt(100 + round)
    deadlines.add(deadline)
    vain.add(deadline)
  }
  assert.ok(deadlines.size < 300, `${deadlines.size} are there`)
})
