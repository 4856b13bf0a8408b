import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { publish } from '../../protocol/packets/publish.ts'
import { Message } from '../message.ts'
import { Copy } from './copy.ts'
import { MessageQueue } from './message-queue.ts'
import { UnderWay } from './under-way.ts'

function copyOf(seq: number, bytes: number): Copy {
  const packet = publish({ topicName: 'a', payload: Buffer.alloc(bytes) })
  const message = new Message(seq, packet, 0)
  return new Copy(message, seq, 0, message.size, 1, 'cleared', null, null)
}

test('first in, first out, with number and bytes kept', () => {
  const queue = new MessageQueue(new UnderWay())
  for (const seq of [1, 2, 3]) queue.push(copyOf(seq, seq * 10))
  assert.deepEqual([queue.length, queue.bytes], [3, 63])
  assert.equal(queue.shift()?.messageSeq, 1)
  assert.deepEqual([queue.length, queue.bytes, queue.first?.messageSeq], [2, 52, 2])
  assert.deepEqual(
    [...queue].map((copy) => copy.messageSeq),
    [2, 3],
  )
})

test('an empty queue gives nothing and can be filled again', () => {
  const queue = new MessageQueue(new UnderWay())
  queue.push(copyOf(1, 0))
  queue.shift()
  assert.deepEqual([queue.shift(), queue.first, queue.length, queue.bytes], [undefined, undefined, 0, 0])
  queue.push(copyOf(2, 5))
  assert.deepEqual([queue.first?.messageSeq, queue.bytes], [2, 6])
})

test('it behaves like an array however far its head has moved', () => {
  const steps = fc.array(fc.integer({ min: -3000, max: 3000 }), { maxLength: 12 })
  fc.assert(
    fc.property(steps, (all) => {
      const queue = new MessageQueue(new UnderWay())
      const model: number[] = []
      let seq = 0
      for (const step of all) {
        for (let count = 0; count < step; count++) {
          seq += 1
          queue.push(copyOf(seq, 0))
          model.push(seq)
        }
        for (let count = 0; count < -step; count++) assert.equal(queue.shift()?.messageSeq, model.shift())
        assert.deepEqual(
          [...queue].map((copy) => copy.messageSeq),
          model,
        )
        assert.deepEqual([queue.length, queue.bytes], [model.length, model.length])
      }
    }),
    { numRuns: 20 },
  )
})
