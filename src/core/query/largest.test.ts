import assert from 'node:assert/strict'
import { test } from 'node:test'
import { largest } from './largest.ts'

function find(sizes: readonly number[], most: number): { found: number[]; steps: number } {
  const query = largest(sizes, most, (size) => size)
  for (let steps = 0; ; steps++) {
    const { done, value } = query.next()
    if (done === true) return { found: value, steps }
  }
}

test('the largest are found, in their order, with a step for each thing', () => {
  const sizes = Array.from({ length: 10_000 }, (_, index) => (index * 7919) % 10_007)
  const expected = [...sizes].sort((one, other) => other - one).slice(0, 10)
  assert.deepEqual(find(sizes, 10), { found: expected, steps: 10_000 })
})

test('what has no size is left out', () => {
  assert.deepEqual(find([0, 3, 0, 1], 10).found, [3, 1])
  assert.deepEqual(find([], 10).found, [])
})
