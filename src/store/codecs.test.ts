import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { record, snapshot, wholeNumber, will } from '../../test/support/at-rest.ts'
import type { CoreRecord } from '../core/record.ts'
import type { Snapshot } from '../core/rest/snapshot-round.ts'
import { ByteWriter } from '../protocol/byte-writer.ts'
import { readWill, writeWill } from './publish-codec.ts'
import { readableRecord, readableSnapshot } from './readable.ts'
import { moveRecordBytes, placesIn, readBlock, writeRecordBytes } from './record-codec.ts'
import { CorruptError, numberSizeMax, RestReader, writeNumber } from './rest-bytes.ts'
import { decodeSnapshot, encodeSnapshot, encodeSnapshotInSteps, snapshotKey } from './snapshot-codec.ts'

/** The first has the seq `first`, each other one the next but one. */
function blockOf(records: readonly CoreRecord[]): Buffer {
  const writer = new ByteWriter(16)
  for (const [index, each] of records.entries()) writeRecordBytes(writer, each, index === 0 ? 0 : 2)
  return Buffer.from(writer.bytes.subarray(0, writer.position))
}

function readAll(bytes: Buffer, first: number) {
  const found: ReturnType<typeof readableRecord>[] = []
  readBlock(bytes, first, (seq, each) => found.push(readableRecord(seq, each)))
  return found
}

const first = 1000

test('every record comes back as it was, behind the others of its block', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 4 }), (records) => {
      const expected = records.map((each, index) => readableRecord(first + 2 * index, each))
      assert.deepEqual(readAll(blockOf(records), first), expected)
    }),
  )
})

test('a message read from a block is written again as the same bytes', () => {
  fc.assert(
    fc.property(record, (each) => {
      const bytes = blockOf([each])
      readBlock(bytes, first, (_, again) => assert.deepEqual(blockOf([again]), bytes))
    }),
  )
})

test('a record moved to another place keeps what it says and its seq', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 2, maxLength: 4 }), wholeNumber, (records, distance) => {
      const bytes = blockOf(records)
      const last = [...placesIn(bytes, first)].at(-1)
      assert.ok(last !== undefined)
      const writer = new ByteWriter(16)
      moveRecordBytes(writer, bytes, last.start, last.end, 0)
      const moved = Buffer.from(writer.bytes.subarray(0, writer.position))
      assert.deepEqual(readAll(moved, last.seq), readAll(bytes, first).slice(-1))
      const far = new ByteWriter(16)
      moveRecordBytes(far, moved, 0, moved.length, distance)
      const [place] = placesIn(Buffer.from(far.bytes.subarray(0, far.position)), 0)
      assert.equal(place?.seq, distance)
    }),
  )
})

test('a block cut anywhere but between two records is corrupt, and nothing worse happens', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 2 }), (records) => {
      const bytes = blockOf(records)
      const ends = new Set([...placesIn(bytes, first)].map(({ end }) => end))
      for (let size = 1; size < bytes.length; size++) {
        if (ends.has(size)) continue
        assert.throws(() => readAll(bytes.subarray(0, size), first), CorruptError)
        assert.throws(() => [...placesIn(bytes.subarray(0, size), first)], CorruptError)
      }
    }),
    { numRuns: 50 },
  )
})

test('a record whose length says less than it has is corrupt, unless it is the payload that is shorter', () => {
  fc.assert(
    fc.property(record, (each) => {
      const bytes = blockOf([each])
      const payloadSize = each.type === 'message' ? each.message.publish.payloadSize : 0
      for (let size = 4; size < bytes.length - payloadSize; size++) {
        const cut = Buffer.from(bytes.subarray(0, size))
        cut.writeUInt32BE(size - 4)
        assert.throws(() => readAll(cut, first), CorruptError)
      }
    }),
    { numRuns: 50 },
  )
})

test('a block with wrong bytes is read or is corrupt, and nothing worse happens', () => {
  fc.assert(
    fc.property(
      fc.array(record, { minLength: 1, maxLength: 3 }),
      fc.nat(),
      fc.nat({ max: 255 }),
      (records, at, byte) => {
        const bytes = blockOf(records)
        bytes[at % bytes.length] = byte
        try {
          readAll(bytes, first)
        } catch (error) {
          assert.ok(error instanceof CorruptError, String(error))
        }
      },
    ),
    { numRuns: 1000 },
  )
})

test('every snapshot comes back as it was', () => {
  fc.assert(
    fc.property(snapshot, (each) => {
      const { key, isGone } = snapshotKey(each)
      assert.equal(isGone, false)
      const again = decodeSnapshot(key, Buffer.from(encodeSnapshot(each)))
      assert.deepEqual(readableSnapshot(1, again), readableSnapshot(1, each))
    }),
  )
})

test('a snapshot of what is no more removes the one before', () => {
  assert.deepEqual(snapshotKey({ type: 'session', number: 7, session: null }), { key: 'a/session/7', isGone: true })
  assert.deepEqual(snapshotKey({ type: 'recipients', id: 8, members: null }), { key: 'b/recipients/8', isGone: true })
})

/** A Session without its groups is as versions 1 and 2 wrote it. */
function olderSize(each: Snapshot): number {
  if (each.type !== 'session' || each.session === null) return Number.NaN
  return encodeSnapshot({ ...each, session: { ...each.session, groups: null } }).length
}

test('a Session that an older version wrote has groups that are not known', () => {
  fc.assert(
    fc.property(snapshot, (each) => {
      const { key } = snapshotKey(each)
      const older = decodeSnapshot(key, Buffer.from(encodeSnapshot(each)).subarray(0, olderSize(each) || undefined))
      if (older.type === 'session') assert.equal(older.session?.groups, null)
    }),
  )
})

test('a snapshot that is cut, or too long, or of an unknown kind is corrupt', () => {
  fc.assert(
    fc.property(snapshot, (each) => {
      const { key } = snapshotKey(each)
      const bytes = Buffer.from(encodeSnapshot(each))
      const older = olderSize(each)
      for (let size = 0; size < bytes.length; size++) {
        if (size === older) continue
        assert.throws(() => decodeSnapshot(key, bytes.subarray(0, size)), CorruptError)
      }
      assert.throws(() => decodeSnapshot(key, Buffer.concat([bytes, Buffer.of(0)])), CorruptError)
    }),
    { numRuns: 50 },
  )
  for (const key of ['d/new-kind', 'a/session/x', 'b/recipients', '']) {
    assert.throws(() => decodeSnapshot(key, Buffer.alloc(100)), CorruptError, key)
  }
})

test('a will comes back as it was', () => {
  fc.assert(
    fc.property(fc.option(will), (each) => {
      const writer = new ByteWriter(16)
      writeWill(writer, each)
      const again = readWill(new RestReader(Buffer.from(writer.bytes.subarray(0, writer.position))))
      assert.deepEqual(again, each)
    }),
  )
})

test('numbers from 0 to 2^53 - 1 come back, in at most eight bytes', () => {
  fc.assert(
    fc.property(wholeNumber, (number) => {
      const writer = new ByteWriter(16)
      writeNumber(writer, number)
      assert.ok(writer.position <= numberSizeMax)
      assert.equal(new RestReader(writer.bytes, 0, writer.position).readNumber(), number)
    }),
  )
})

test('a number above 2^53 - 1, or of more than eight bytes, is corrupt', () => {
  const above = Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10])
  assert.throws(() => new RestReader(above).readNumber(), CorruptError)
  assert.throws(() => new RestReader(Buffer.alloc(9, 0x80)).readNumber(), CorruptError)
})

test('a snapshot of very many Retained Messages is encoded in steps', () => {
  const seqs = Array.from({ length: 25_000 }, (_, index) => 3 * index)
  const snapshot = { type: 'retained', seqs } as const
  const steps = encodeSnapshotInSteps(snapshot)
  let count = 1
  let last = steps.next()
  for (; last.done !== true; count++) last = steps.next()
  assert.equal(count, 3)
  assert.deepEqual(decodeSnapshot('c/retained', Buffer.from(last.value)), snapshot)
})
