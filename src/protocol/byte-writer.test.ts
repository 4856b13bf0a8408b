import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter, stringSize, variableByteIntegerSize } from './byte-writer.ts'

function readerOf(writer: ByteWriter): ByteReader {
  return new ByteReader(writer.bytes, 0, writer.position, 5)
}

test('growing keeps what was written', () => {
  const writer = new ByteWriter(4)
  writer.writeUint32(0x01020304)
  writer.ensure(100)
  writer.writeByte(5)
  assert.deepEqual([...writer.bytes.subarray(0, writer.position)], [1, 2, 3, 4, 5])
  assert.ok(writer.bytes.length >= 104)
})

test('a buffer that is large enough stays the same', () => {
  const writer = new ByteWriter(4)
  const { bytes } = writer
  writer.ensure(4)
  assert.equal(writer.bytes, bytes)
})

test('what is written is read again, and is as long as it was said to be', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 268_435_455 }), fc.string({ unit: 'grapheme' }), (number, text) => {
      const writer = new ByteWriter()
      const size = variableByteIntegerSize(number) + stringSize(text)
      writer.ensure(size)
      writer.writeVariableByteInteger(number)
      writer.writeString(text)
      assert.equal(writer.position, size)
      const reader = readerOf(writer)
      assert.equal(reader.readVariableByteInteger('x'), number)
      if (!text.includes('\u0000')) assert.equal(reader.readString('x'), text)
    }),
  )
})

test('short and long parts of another buffer are copied alike', () => {
  const source = Buffer.from(Array.from({ length: 100 }, (_, index) => index))
  for (const size of [0, 1, 24, 25, 90]) {
    const writer = new ByteWriter(128)
    writer.writeByte(0xff)
    writer.copyFrom(source, 5, 5 + size)
    assert.deepEqual(writer.bytes.subarray(1, writer.position), source.subarray(5, 5 + size))
  }
})
