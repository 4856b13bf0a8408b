import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CopiesByPacketId } from './copies-by-packet-id.ts'
import { Copy } from './copy.ts'

function copyWith(packetId: number): Copy {
  const copy = new Copy(null, 0, 0, 1, 1, 'cleared', null, null)
  copy.packetId = packetId
  return copy
}

test('whatever comes and goes, it holds what a Map would, in the same order', () => {
  const step = fc.record({ packetId: fc.integer({ min: 1, max: 65_535 }), deletes: fc.boolean() })
  const near = fc.record({ packetId: fc.integer({ min: 1, max: 40 }), deletes: fc.boolean() })
  fc.assert(
    fc.property(fc.array(fc.oneof(step, near), { maxLength: 200 }), (steps) => {
      const copies = new CopiesByPacketId()
      const expected = new Map<number, Copy>()
      for (const { packetId, deletes } of steps) {
        const known = expected.get(packetId)
        assert.equal(copies.get(packetId), known)
        if (known !== undefined) assert.ok(copies.isTaken(packetId))
        if (deletes && known !== undefined) {
          assert.ok(copies.delete(known))
          expected.delete(packetId)
        } else if (known === undefined) {
          const copy = copyWith(packetId)
          copies.add(copy)
          expected.set(packetId, copy)
        }
        assert.equal(copies.size, expected.size)
      }
      assert.deepEqual(
        Array.from(copies, (copy) => copy.packetId),
        [...expected.keys()],
      )
    }),
  )
})

test('there is room for every Packet Identifier at once', () => {
  const copies = new CopiesByPacketId()
  for (let packetId = 1; packetId <= 65_535; packetId++) copies.add(copyWith(packetId))
  assert.equal(copies.size, 65_535)
  for (let packetId = 1; packetId <= 65_535; packetId++) assert.equal(copies.get(packetId)?.packetId, packetId)
})

test('a copy that has left leads to no other, and is not there to be deleted again', () => {
  const copies = new CopiesByPacketId()
  const [first, second, third] = [copyWith(1), copyWith(2), copyWith(3)]
  for (const copy of [first, second, third]) copies.add(copy)
  assert.ok(copies.delete(second))
  assert.deepEqual([second.before, second.after], [null, null])
  assert.equal(copies.delete(second), false)
  assert.deepEqual([...copies], [first, third])
})

test('the one that is looked at may be deleted', () => {
  const copies = new CopiesByPacketId()
  for (const packetId of [1, 2, 3]) copies.add(copyWith(packetId))
  const seen: number[] = []
  for (const copy of copies) {
    seen.push(copy.packetId)
    copies.delete(copy)
  }
  assert.deepEqual([seen, copies.size], [[1, 2, 3], 0])
})
