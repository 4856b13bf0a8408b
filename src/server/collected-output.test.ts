import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeChance } from '../../test/support/chance.ts'
import type { Channel } from '../transport/channel.ts'
import { CollectedOutput, isWorthAView } from './collected-output.ts'

/** What is written to it, and how: it takes no more than `room` at once. */
function channel(room = Number.POSITIVE_INFINITY) {
  const writes: Uint8Array[] = []
  const size = () => writes.reduce((sum, bytes) => sum + bytes.length, 0)
  const port = {
    write(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
      writes.push(bytes.subarray(start, end))
      return size() <= room
    },
    get bufferedBytes() {
      return Math.max(0, size() - room)
    },
  }
  // The rest of a channel is not asked for.
  return { port: port as unknown as Channel, writes, text: () => Buffer.concat(writes).toString('latin1') }
}

function write(output: CollectedOutput, text: string): void {
  const writer = output.writer()
  writer.ensure(text.length)
  writer.writeBytes(Buffer.from(text))
}

test('packets that lie next to each other go out in one write, where they are', () => {
  const output = new CollectedOutput()
  const bytes = Buffer.from('..abcdef..')
  output.addRun(bytes, 2, 5)
  output.addRun(bytes, 5, 8)
  const { port, writes, text } = channel()
  assert.equal(output.size, 6)
  assert.equal(output.writeTo(port), true)
  assert.equal(text(), 'abcdef')
  assert.equal(writes[0]?.buffer, bytes.buffer)
  assert.equal(output.size, 0)
})

test('packets under another Packet Identifier are copied together, and where they came from is not changed', () => {
  const output = new CollectedOutput()
  const bytes = Buffer.from('..a##bc##d..')
  output.addRenumbered(bytes, 2, 6, 3, 0x3132)
  output.addRenumbered(bytes, 6, 10, 7, 0x3334)
  const { port, writes, text } = channel()
  assert.equal(output.size, 8)
  output.writeTo(port)
  assert.equal(text(), 'a12bc34d')
  assert.equal(writes.length, 1)
  assert.equal(bytes.toString(), '..a##bc##d..')
  output.addRun(bytes, 2, 6)
  output.writeTo(port)
  assert.equal(text(), 'a12bc34da##b')
})

test('in any mixture everything goes out once and in order', () => {
  const chance = makeChance(7)
  for (let round = 0; round < 300; round++) {
    const output = new CollectedOutput()
    const { port, text } = channel(chance(2) === 0 ? 0 : Number.POSITIVE_INFINITY)
    const elsewhere = Buffer.alloc(60_000, 'r')
    let at = 0
    let expected = ''
    for (let step = 0; step < chance(12); step++) {
      const size = chance(5) === 0 ? 17_000 : chance(300)
      const kind = chance(6)
      if (kind === 0) {
        write(output, 'w'.repeat(size))
        expected += 'w'.repeat(size)
      } else if (kind === 1 && at + size < elsewhere.length) {
        output.addRun(elsewhere, at, at + size)
        at += size + chance(2)
        expected += 'r'.repeat(size)
      } else if (kind === 2) {
        output.addView(Buffer.alloc(size, 'v'), 0, size)
        expected += 'v'.repeat(size)
      } else if (kind === 3) output.endRun()
      else if (kind === 4 && size >= 2 && at + size < elsewhere.length) {
        output.addRenumbered(elsewhere, at, at + size, at, 0x6964)
        at += size + chance(2)
        expected += `id${'r'.repeat(size - 2)}`
      } else if (chance(4) === 0) output.writeTo(port)
    }
    output.writeTo(port)
    assert.equal(text(), expected, `round ${round}`)
    assert.equal(output.size, 0)
  }
})

test('bytes that the channel has not taken yet are never written to again', () => {
  const output = new CollectedOutput()
  const { port, text } = channel(0)
  write(output, 'first')
  assert.equal(output.writeTo(port), false)
  write(output, 'SECOND')
  output.writeTo(port)
  assert.equal(text(), 'firstSECOND')
})

test('what waits refers to a large payload and copies a small one out of its chunk', () => {
  const large = Buffer.allocUnsafeSlow(20_000)
  const chunk = Buffer.allocUnsafeSlow(65_536)
  assert.ok(isWorthAView(large, 19_000))
  assert.ok(!isWorthAView(chunk, 19_000), 'it would keep three times as much alive')
  assert.ok(!isWorthAView(Buffer.allocUnsafeSlow(1000), 1000), 'a copy costs less')
  const output = new CollectedOutput()
  output.addRun(chunk, 0, 100)
  output.endRun()
  output.addRun(large, 0, 20_000)
  output.endRun()
  const { port, writes } = channel()
  output.writeTo(port)
  assert.deepEqual(
    writes.map((bytes) => [bytes.length, bytes.buffer === large.buffer, bytes.buffer === chunk.buffer]),
    [
      [100, false, false],
      [20_000, true, false],
    ],
  )
})

test('what waits is kept in parts: no more room than a part is taken ahead, and nothing is copied again', () => {
  const output = new CollectedOutput()
  let expected = ''
  for (let number = 0; number < 5000; number++) {
    const text = `${number} `.padEnd(1000, '.')
    if (number % 2 === 0) write(output, text)
    else {
      output.addRun(Buffer.from(text), 0, 1000)
    }
    output.wait()
    expected += text
    assert.ok(output.capacity <= 1024 * 1024, `${output.capacity}`)
  }
  assert.equal(output.size, 5_000_000)
  const { port, writes, text } = channel(0)
  output.writeTo(port)
  assert.equal(text(), expected)
  assert.ok(writes.length <= 8, `${writes.length}`)
})
