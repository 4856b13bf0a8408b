import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EntryList } from './entry-list.ts'

function listOf(count: number): EntryList {
  const list = new EntryList()
  for (let index = 0; index < count; index++) list.push(10 + 3 * index, 100 + index, index, index % 2 === 1)
  return list
}

test('entries keep their positions while the list grows and forgets its beginning', () => {
  const list = listOf(1000)
  assert.equal(list.end, 1000)
  list.forgetBefore(700)
  assert.equal(list.push(5000, 7, 42, true), 1000)
  assert.deepEqual([list.orderAt(700), list.messageAt(999), list.sizeAt(1000)], [10 + 2100, 1099, 42])
  assert.equal(list.count, 301)
  assert.deepEqual([list.mayGiveWayAt(998), list.mayGiveWayAt(999)], [false, true])
  assert.equal(list.orderAt(1001), Number.POSITIVE_INFINITY)
})

test('forgetting waits until it frees half of the list', () => {
  const list = listOf(100)
  list.forgetBefore(49)
  assert.equal(list.count, 100)
  list.forgetBefore(50)
  assert.equal(list.count, 50)
  list.forgetBefore(100)
  assert.equal(list.count, 0)
  assert.equal(list.push(900, 1, 1, false), 100)
})

test('an entry is found by its order, and nothing else is', () => {
  const list = listOf(50)
  list.forgetBefore(30)
  assert.equal(list.find(10 + 3 * 40), 40)
  assert.equal(list.find(10 + 3 * 20), -1)
  assert.equal(list.find(11 + 3 * 40), -1)
})
