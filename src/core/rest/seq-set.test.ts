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
        set.toArray(),
        [...plain].sort((one, other) => one - other),
      )
      assert.equal(set.size, plain.size)
    }),
  )
})
