import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection } from '../core/connection/connection.ts'
import { Message } from '../core/message.ts'
import { OutgoingPublish } from '../core/turn.ts'
import { ByteWriter } from '../protocol/byte-writer.ts'
import { publish } from '../protocol/packets/publish.ts'
import { encodePublish } from '../protocol/publish-encoder.ts'
import { SharedOutput, type SharedPacket } from './shared-output.ts'

function toMany(size = 5, packetId = 7, seq = 0): Message {
  const message = new Message(seq, publish({ topicName: 'a/b', payload: Buffer.alloc(size, 'x'), qos: 1 }), 0)
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

/** The packet the copy goes out as, which has to be there. */
function sharedBy(shared: SharedOutput, outgoing: OutgoingPublish, version: 4 | 5 = 5): SharedPacket {
  const packet = shared.packetOf(outgoing, version)
  assert.ok(packet)
  assert.ok(packet.bytes.subarray(packet.start, packet.end).equals(encoded(outgoing, version)))
  return packet
}

test('copies under the same Packet Identifier are one packet, for each version of the protocol', () => {
  const shared = new SharedOutput()
  const message = toMany()
  for (const version of [4, 5] as const) {
    const packet = sharedBy(shared, copy(message), version)
    assert.ok(sharedBy(shared, copy(message), version) === packet)
  }
})

test('the packet of the next message lies behind it', () => {
  const shared = new SharedOutput()
  const first = sharedBy(shared, copy(toMany()))
  const next = sharedBy(shared, copy(toMany(9, 8)))
  assert.deepEqual([next.start, next.bytes === first.bytes], [first.end, true])
})

test('what is particular to one client is not shared', () => {
  const shared = new SharedOutput()
  const message = toMany()
  assert.equal(shared.packetOf(copy(message, { packetId: 8 }), 5), null)
  assert.equal(shared.packetOf(copy(message, { dup: true }), 5), null)
  assert.equal(shared.packetOf(copy(message, { identifiers: [1] }), 5), null)
  assert.equal(shared.packetOf(copy(message, { seconds: 10 }), 5), null)
  assert.equal(shared.packetOf(copy(toMany(5, 0), { packetId: 1 }), 5), null, 'it goes to one Session alone')
})

test('what was handed out stays as it is, however much follows', () => {
  const shared = new SharedOutput()
  const first = toMany()
  const { start, end, bytes } = sharedBy(shared, copy(first))
  for (const size of [1000, 40_000, ...Array<number>(30).fill(10_000)]) sharedBy(shared, copy(toMany(size, 9)))
  assert.ok(bytes.subarray(start, end).equals(encoded(copy(first), 5)))
})

test('Sessions that come back one after the other get the same packets, next to each other as before', () => {
  const shared = new SharedOutput()
  const messages = Array.from({ length: 500 }, (_, i) => toMany(60, i + 1, i + 1000))
  const first = messages.map((message) => sharedBy(shared, copy(message)))
  shared.forget()
  const again = messages.map((message) => sharedBy(shared, copy(message)))
  assert.deepEqual(
    again.map((packet, i) => packet === first[i]),
    messages.map(() => true),
  )
  const other = sharedBy(shared, copy(messages[3] ?? toMany()), 4)
  assert.ok(other !== first[3], 'not another version of the protocol')
  assert.ok(sharedBy(shared, copy(toMany(60, 5, 1004))) === first[4], 'a message read from the store again')
  assert.ok(sharedBy(shared, copy(toMany(70, 6, 5005))) !== first[5], 'not another message')
})

test('a message without a record is not found again, and the bytes of all but the latest are let go of', () => {
  const shared = new SharedOutput()
  const passing = toMany(60, 9)
  const first = sharedBy(shared, copy(passing))
  shared.forget()
  assert.ok(sharedBy(shared, copy(passing)) !== first)
  const early = sharedBy(shared, copy(toMany(60, 1, 1)))
  const large = sharedBy(shared, copy(toMany(100_000, 2, 2)))
  sharedBy(shared, copy(toMany(60, 3, 3)))
  assert.equal(large.bytes.length, 0)
  assert.ok(early.bytes.length > 0)
  for (let seq = 4; seq < 200; seq++) sharedBy(shared, copy(toMany(10_000, seq, seq)))
  assert.equal(early.bytes.length, 0)
  assert.ok(sharedBy(shared, copy(toMany(60, 1, 1))) !== early)
})
