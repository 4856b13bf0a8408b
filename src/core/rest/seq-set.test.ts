import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SeqSet } from './seq-set.ts'

test('it agrees with a Set whatever comes and goes, in ascending order', () => {
  // Neighbours, and places far behind 2^32.
  const seq = fc.oneof(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 2 ** 40, max: 2 ** 40 + 3000 }))
  fc.assert(
    fc.property(fc.array(seq, { maxLength: 300 }), (seqs) => {
      const set = new SeqSet()
      const plain = new Set<number>()
      for (const each of seqs) {
        if (plain.delete(each)) set.delete(each)
        else {
          plain.add(each)
          set.add(each)
        }
      }
      assert.deepEqual(
        [...set.freeze()],
        [...plain].sort((one, other) => one - other),
      )
      assert.equal(set.size, plain.size)
    }),
  )
})

test('what is frozen stays as it was, whatever comes and goes afterwards', () => {
  const set = new SeqSet()
  for (const seq of [5000, 3, 4, 2 ** 40]) set.add(seq)
  const frozen = set.freeze()
  const [first] = frozen
  assert.equal(first, 3)
  set.delete(3)
  set.delete(5000)
  set.add(7)
  set.add(9000)
  const later = set.freeze()
  set.add(8)
  assert.deepEqual([...frozen], [3, 4, 5000, 2 ** 40])
  assert.equal(frozen.length, 4)
  assert.deepEqual([...later], [4, 7, 9000, 2 ** 40])
  assert.deepEqual([...set.freeze()], [4, 7, 8, 9000, 2 ** 40])
})
