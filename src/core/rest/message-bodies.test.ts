import assert from 'node:assert/strict'
import { test } from 'node:test'
import { publish } from '../../protocol/packets/publish.ts'
import { Message } from '../message.ts'
import { MessageBodies } from './message-bodies.ts'

function message(seq: number): Message {
  return new Message(seq, publish({ topicName: 'a', payload: Buffer.alloc(599), qos: 1 }), 0)
}

/** Room for four of them, or three when room has been made. */
const bytesMax = 4000

function kept(bodies: MessageBodies, last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1).filter((seq) => bodies.get(seq) !== undefined)
}

test('the oldest messages are let go of, and only those that are durable', () => {
  const bodies = new MessageBodies(bytesMax)
  for (let seq = 1; seq <= 6; seq++) bodies.keep(message(seq))
  bodies.makeRoom()
  assert.deepEqual(kept(bodies, 6), [1, 2, 3, 4, 5, 6])
  bodies.durableSeq = 1
  bodies.makeRoom()
  assert.deepEqual(kept(bodies, 6), [2, 3, 4, 5, 6])
  bodies.durableSeq = 6
  bodies.makeRoom()
  assert.deepEqual(kept(bodies, 6), [4, 5, 6])
  assert.equal(bodies.bytes, 3000)
})

test('a message that is forgotten and read again is counted once and is the newest', () => {
  const bodies = new MessageBodies(bytesMax)
  bodies.durableSeq = 10
  for (const seq of [1, 2, 3, 4]) bodies.keep(message(seq))
  bodies.makeRoom()
  bodies.forget(1)
  assert.equal(bodies.bytes, 3000)
  bodies.keep(message(1))
  bodies.keep(message(1))
  assert.equal(bodies.bytes, 4000)
  bodies.keep(message(5))
  bodies.makeRoom()
  assert.deepEqual(kept(bodies, 5), [1, 4, 5])
})
