import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Deadline, Deadlines } from './deadlines.ts'

function deadlineAt(atMs: number): Deadline {
  return { atMs, type: 'settled' }
}

test('nothing is due in an empty heap, ever', () => {
  const deadlines = new Deadlines()
  assert.equal(deadlines.nextMs, Number.POSITIVE_INFINITY)
  assert.equal(deadlines.takeDue(Number.MAX_SAFE_INTEGER), null)
})

test('a deadline is due at its time, not before, and taken once', () => {
  const deadlines = new Deadlines()
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
      const deadlines = new Deadlines()
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
