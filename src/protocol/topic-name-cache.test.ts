import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findTopicName, isSame } from './topic-name-cache.ts'

function find(text: string) {
  const bytes = Buffer.from(`xx${text}xx`)
  return findTopicName(bytes, 2, bytes.length - 2)
}

test('the same bytes give the same entry, from whatever chunk they come', () => {
  const first = find('커피/정보')
  assert.equal(first?.name, '커피/정보')
  assert.equal(find('커피/정보'), first)
})

test('an entry does not hold the chunk, which may be written over', () => {
  const bytes = Buffer.from('a/known/name')
  const known = findTopicName(bytes, 0, bytes.length)
  bytes.fill(0x7a)
  assert.equal(String(known?.bytes), 'a/known/name')
})

test('an entry keeps no more memory than its name takes', () => {
  const bytes = Buffer.from('another/name')
  assert.equal(findTopicName(bytes, 0, bytes.length)?.bytes.buffer.byteLength, bytes.length)
})

test('more names than there are places, and long ones, are all told apart', () => {
  for (let number = 0; number < 20_000; number++) assert.equal(find(`name/${number}`)?.name, `name/${number}`)
  const long = 'l'.repeat(300)
  assert.deepEqual([find(`${long}1`)?.name, find(`${long}2`)?.name], [`${long}1`, `${long}2`])
})

test('[MQTT-3.3.2-2] what is no Topic Name is never found, however often it is asked for', () => {
  for (const text of ['a/#', '+', 'a\u0000b']) assert.deepEqual([find(text), find(text)], [null, null])
  assert.equal(findTopicName(Buffer.from([0xff]), 0, 1), null)
})

test('names of the same length are compared to the last byte', () => {
  for (const length of [10, 60]) {
    const known = find('n'.repeat(length))
    assert.ok(known !== null)
    const other = Buffer.from(`${'n'.repeat(length - 1)}m`)
    assert.deepEqual([isSame(known, other, 0, length), isSame(known, known.bytes, 0, length)], [false, true])
    assert.equal(isSame(known, Buffer.concat([known.bytes, known.bytes]), 0, length + 1), false)
  }
})
