import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findTopicName } from './topic-name-cache.ts'

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
  for (const text of ['a/known/name', `a/${'long'.repeat(20)}/name`]) {
    const bytes = Buffer.from(text)
    const known = findTopicName(bytes, 0, bytes.length)
    bytes.fill(0x7a)
    assert.equal(find(text), known)
  }
})

test('an entry of a long name keeps no more memory than that takes', () => {
  const bytes = Buffer.from('another/name/'.repeat(10))
  assert.equal(findTopicName(bytes, 0, bytes.length)?.bytes?.buffer.byteLength, bytes.length)
})

test('two names that fall on one place are both kept, and a third takes the place of one', () => {
  // In the hash of two letters next to each other 31 of the second make one of the first.
  const [one, two, three] = ['AaBB/p', 'BBAa/p', 'BBBB/p']
  const [first, second] = [find(one), find(two)]
  assert.deepEqual([find(one), find(two)], [first, second])
  const third = find(three)
  assert.equal(find(three), third)
  const given = [one, two].filter((text, index) => find(text) !== [first, second][index])
  assert.equal(given.length, 1, given.join())
})

test('an entry whose place another has taken is not the same as its bytes any more, but found anew', () => {
  const texts = ['AaBB/q', 'BBAa/q', 'AaAa/q', 'BBBB/q']
  const entries = texts.map(find)
  const [left = assert.fail()] = texts.flatMap((text, index) => {
    const known = entries[index]
    return known != null && !known.isSame(Buffer.from(text), 0, text.length) ? [text] : []
  })
  assert.equal(find(left)?.name, left)
})

test('more names than there are places, and long ones, are all told apart', () => {
  for (let number = 0; number < 150_000; number++) assert.equal(find(`name/${number}`)?.name, `name/${number}`)
  const long = 'l'.repeat(300)
  assert.deepEqual([find(`${long}1`)?.name, find(`${long}2`)?.name], [`${long}1`, `${long}2`])
})

test('[MQTT-3.3.2-2] what is no Topic Name is never found, however often it is asked for', () => {
  for (const text of ['a/#', '+', 'a\u0000b']) assert.deepEqual([find(text), find(text)], [null, null])
  assert.equal(findTopicName(Buffer.from([0xff]), 0, 1), null)
})

test('names of the same length are compared in every byte', () => {
  for (let length = 1; length <= 100; length++) {
    const bytes = Buffer.from('n'.repeat(length + 1))
    const known = findTopicName(bytes, 0, length) ?? assert.fail()
    assert.deepEqual([known.isSame(bytes, 0, length), known.isSame(bytes, 0, length + 1)], [true, false])
    for (let place = 0; place < length; place++) {
      const other = Buffer.from(bytes)
      other[place] = 0x6d
      assert.equal(known.isSame(other, 0, length), false, `byte ${place} of ${length}`)
    }
  }
})
