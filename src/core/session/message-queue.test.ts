import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { publish } from '../../protocol/packets/publish.ts'
import { Message } from '../message.ts'
import { Copy } from './copy.ts'
import { MessageQueue } from './message-queue.ts'

function copyOf(id: number, bytes: number): Copy {
  const packet = publish({ topicName: 'a', payload: Buffer.alloc(bytes) })
  return new Copy(new Message(id, packet, null, 0), 1, false, null, null)
}

test('first in, first out, with number and bytes kept', () => {
  const queue = new MessageQueue()
  for (const id of [1, 2, 3]) queue.push(copyOf(id, id * 10))
  assert.deepEqual([queue.length, queue.bytes], [3, 63])
  assert.equal(queue.shift()?.message.id, 1)
  assert.deepEqual([queue.length, queue.bytes, queue.first?.message.id], [2, 52, 2])
  assert.deepEqual(
    [...queue].map((copy) => copy.message.id),
    [2, 3],
  )
})

test('an empty queue gives nothing and can be filled again', () => {
  const queue = new MessageQueue()
  queue.push(copyOf(1, 0))
  queue.shift()
  assert.deepEqual([queue.shift(), queue.first, queue.length, queue.bytes], [undefined, undefined, 0, 0])
  queue.push(copyOf(2, 5))
  assert.deepEqual([queue.first?.message.id, queue.bytes], [2, 6])
})

test('it behaves like an array however far its head has moved', () => {
  const steps = fc.array(fc.integer({ min: -3000, max: 3000 }), { maxLength: 12 })
  fc.assert(
    fc.property(steps, (all) => {
      const queue = new MessageQueue()
      const model: number[] = []
      let id = 0
      for (const step of all) {
        for (let count = 0; count < step; count++) {
          id += 1
          queue.push(copyOf(id, 0))
          model.push(id)
        }
        for (let count = 0; count < -step; count++) assert.equal(queue.shift()?.message.id, model.shift())
        assert.deepEqual(
          [...queue].map((copy) => copy.message.id),
          model,
        )
        assert.deepEqual([queue.length, queue.bytes], [model.length, model.length])
      }
    }),
    { numRuns: 20 },
  )
})
