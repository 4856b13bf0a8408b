import assert from 'node:assert/strict'
import { test } from 'node:test'
import { publish } from '../../protocol/packets/publish.ts'
import { Message } from '../message.ts'
import { RetainedMessages } from './retained-messages.ts'

const ignoreReleased = (): void => undefined

function message(topicName: string, seq: number, messageExpiryInterval?: number): Message {
  const properties = messageExpiryInterval === undefined ? {} : { messageExpiryInterval }
  return new Message(seq, publish({ topicName, properties }), 0)
}

test('[MQTT-3.3.1-5] the last message of a Topic Name takes the place of the one before', () => {
  const retained = new RetainedMessages(ignoreReleased)
  retained.set(message('a', 1))
  retained.set(message('a', 2))
  assert.deepEqual([retained.count, retained.get('a')?.seq], [1, 2])
})

test('whoever is replaced, deleted or over is named, once, because nobody needs its record any more', () => {
  const released: number[] = []
  const retained = new RetainedMessages((seq) => released.push(seq))
  for (const seq of [1, 2]) retained.set(message('a', seq))
  retained.set(message('b', 3, 5))
  retained.delete('a')
  retained.delete('a')
  retained.expire('b', 5000)
  assert.deepEqual(released, [1, 2, 3])
})

test('deleting says whether there was one', () => {
  const retained = new RetainedMessages(ignoreReleased)
  retained.set(message('a', 1))
  assert.deepEqual([retained.delete('b'), retained.delete('a'), retained.delete('a')], [false, true, false])
  assert.equal(retained.count, 0)
})

test('a message is removed when its time is over, but not one that took its place and lives longer', () => {
  const retained = new RetainedMessages(ignoreReleased)
  retained.set(message('a', 1, 5))
  retained.set(message('b', 2, 5))
  retained.set(message('b', 3))
  retained.expire('a', 4999)
  assert.equal(retained.get('a')?.seq, 1)
  retained.expire('a', 5000)
  retained.expire('b', 5000)
  assert.deepEqual([retained.get('a'), retained.get('b')?.seq], [undefined, 3])
})

test('what is kept does not keep the chunk it came in', () => {
  const retained = new RetainedMessages(ignoreReleased)
  const chunk = Buffer.alloc(100_000)
  const packet = publish({ topicName: 'a', payload: chunk.subarray(50_000, 50_010) })
  retained.set(new Message(1, packet, 0))
  assert.ok((retained.get('a')?.toMessage().publish.bytes.buffer.byteLength ?? 0) <= 1024)
})
