import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection } from '../core/connection/connection.ts'
import { Message } from '../core/message.ts'
import { OutgoingPublish } from '../core/turn.ts'
import { ByteWriter } from '../protocol/byte-writer.ts'
import { publish } from '../protocol/packets/publish.ts'
import { encodePublish } from '../protocol/publish-encoder.ts'
import { SharedOutput } from './shared-output.ts'

function toMany(size = 5, packetId = 7): Message {
  const message = new Message(0, publish({ topicName: 'a/b', payload: Buffer.alloc(size, 'x'), qos: 1 }), 0)
  message.sharedPacketId = packetId
  return message
}

interface Differences {
  dup?: boolean
  packetId?: number
  identifiers?: readonly number[]
  seconds?: number
}

function copy(
  message: Message,
  { dup = false, packetId, identifiers, seconds = -1 }: Differences = {},
): OutgoingPublish {
  // Nothing here looks at the connection.
  const connection = {} as Connection
  const id = packetId ?? message.sharedPacketId
  return new OutgoingPublish(connection, message, 1, dup, false, id, 0, false, identifiers ?? null, seconds)
}

function encoded(outgoing: OutgoingPublish, version: 4 | 5): Buffer {
  const writer = new ByteWriter()
  encodePublish(writer, outgoing.message.publish, version, outgoing)
  return Buffer.from(writer.bytes.subarray(0, writer.position))
}

test('copies under the same Packet Identifier are one packet, for each version of the protocol', () => {
  const shared = new SharedOutput()
  const message = toMany()
  for (const version of [4, 5] as const) {
    assert.ok(shared.holds(copy(message), version))
    const { start, end, bytes } = shared
    assert.deepEqual(bytes.subarray(start, end), encoded(copy(message), version))
    assert.ok(shared.holds(copy(message), version))
    assert.deepEqual([shared.start, shared.end, shared.bytes === bytes], [start, end, true])
  }
})

test('the packet of the next message lies behind it', () => {
  const shared = new SharedOutput()
  shared.holds(copy(toMany()), 5)
  const { bytes, end } = shared
  shared.holds(copy(toMany(9, 8)), 5)
  assert.deepEqual([shared.start, shared.bytes === bytes], [end, true])
})

test('what is particular to one client is not shared', () => {
  const shared = new SharedOutput()
  const message = toMany()
  assert.ok(!shared.holds(copy(message, { packetId: 8 }), 5))
  assert.ok(!shared.holds(copy(message, { dup: true }), 5))
  assert.ok(!shared.holds(copy(message, { identifiers: [1] }), 5))
  assert.ok(!shared.holds(copy(message, { seconds: 10 }), 5))
  assert.ok(!shared.holds(copy(toMany(5, 0), { packetId: 1 }), 5), 'it goes to one Session alone')
})

test('what was handed out stays as it is, however much follows', () => {
  const shared = new SharedOutput()
  const first = toMany()
  shared.holds(copy(first), 5)
  const { start, end, bytes } = shared
  for (const size of [1000, 40_000, 10_000, 10_000]) {
    const next = toMany(size, 9)
    shared.holds(copy(next), 5)
    assert.deepEqual(shared.bytes.subarray(shared.start, shared.end), encoded(copy(next), 5))
  }
  assert.deepEqual(bytes.subarray(start, end), encoded(copy(first), 5))
})

test('the same part of a buffer is one view', () => {
  const shared = new SharedOutput()
  const bytes = Buffer.from('abcdef')
  const view = shared.view(bytes, 1, 4)
  assert.equal(view.toString(), 'bcd')
  assert.equal(shared.view(bytes, 1, 4), view)
  assert.equal(shared.view(bytes, 1, 5).toString(), 'bcde')
})
