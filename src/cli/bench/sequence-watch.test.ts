import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SequenceWatch } from './sequence-watch.ts'
import { readStamp, stampBytes, writeStamp } from './stamp.ts'

function seen(...sequences: number[]) {
  const watch = new SequenceWatch()
  for (const sequence of sequences) watch.saw(sequence)
  const { distinct, duplicates, outOfOrder, gaps } = watch
  return { distinct, duplicates, outOfOrder, gaps }
}

test('what comes in order is distinct, and nothing is missing', () => {
  assert.deepEqual(seen(0, 1, 2, 3), { distinct: 4, duplicates: 0, outOfOrder: 0, gaps: 0 })
})

test('a message that never comes is a gap', () => {
  assert.deepEqual(seen(1, 2, 5), { distinct: 3, duplicates: 0, outOfOrder: 0, gaps: 3 })
})

test('a message that comes twice is a duplicate, also when others came between', () => {
  assert.deepEqual(seen(0, 0, 1, 2, 1), { distinct: 3, duplicates: 2, outOfOrder: 0, gaps: 0 })
})

test('a message that comes late is out of order once, and a duplicate after that', () => {
  assert.deepEqual(seen(0, 2, 1, 1, 3), { distinct: 4, duplicates: 1, outOfOrder: 1, gaps: 0 })
})

test('a stamp is read as it was written, and other payloads have none', () => {
  const stamp = { run: 0xdead_beef, publisher: 7, sequence: 0xffff_ffff, sentMs: 1_764_000_000_123.456 }
  const payload = Buffer.alloc(stampBytes + 10)
  writeStamp(payload, 0, stamp)
  assert.deepEqual(readStamp(payload), stamp)
  assert.equal(readStamp(payload.subarray(0, stampBytes - 1)), null)
  assert.equal(readStamp(Buffer.alloc(stampBytes)), null)
})
