import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lendWriter, returnWriter } from './output-pool.ts'

test('a writer that comes back is lent again, empty', () => {
  const writer = lendWriter()
  writer.writeByte(1)
  returnWriter(writer)
  assert.equal(lendWriter(), writer)
  assert.equal(writer.position, 0)
})

test('two borrowers never share a writer', () => {
  assert.notEqual(lendWriter(), lendWriter())
})

test('one that has grown large is let go', () => {
  const writer = lendWriter()
  writer.ensure(300 * 1024)
  returnWriter(writer)
  assert.notEqual(lendWriter(), writer)
})

test('as many are kept as a message to some thousand subscribers needs, and no more', () => {
  const writers = Array.from({ length: 5000 }, () => lendWriter())
  for (const writer of writers) returnWriter(writer)
  const again = new Set(Array.from({ length: 5000 }, () => lendWriter()))
  assert.equal(writers.filter((writer) => again.has(writer)).length, (16 * 1024 * 1024) / 4096)
})
