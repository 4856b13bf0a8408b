/**
 * Unit tests of what a Publish does with the chunk it was decoded from.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteWriter } from '../byte-writer.ts'
import { PacketDecoder } from '../packet-decoder.ts'
import { encodePublish } from '../publish-encoder.ts'
import { Publish, publish } from './publish.ts'

const plain = {
  qos: 1,
  dup: false,
  retain: false,
  packetId: 7,
  topicAlias: 0,
  omitTopicName: false,
  subscriptionIdentifiers: null,
  messageExpiryInterval: -1,
} as const

/** Messages behind each other at the beginning of a chunk of so many bytes. */
function receivedTogether(payloads: readonly string[], chunkBytes: number): Publish[] {
  const writer = new ByteWriter(chunkBytes)
  for (const text of payloads) {
    const properties = { contentType: 'text/plain' }
    encodePublish(writer, publish({ topicName: 'a/b', payload: Buffer.from(text), qos: 1, properties }), 5, plain)
  }
  const limits = { connectBytesMax: 65_536, packetBytesMax: 65_536, propertiesMax: 100 }
  const decoder = new PacketDecoder({ role: 'client', protocolVersion: 5, ...limits })
  decoder.push(writer.bytes.subarray(0, writer.position))
  return payloads.map(() => {
    const packet = decoder.next()
    assert.ok(packet instanceof Publish)
    return packet
  })
}

/** A message at the beginning of a chunk of 64 KiB, as a socket hands it over. */
function received(payload: string): Publish {
  const [packet] = receivedTogether([payload], 65_536)
  assert.ok(packet !== undefined)
  return packet
}

function encoded(packet: Publish): Buffer {
  const writer = new ByteWriter()
  encodePublish(writer, packet, 5, plain)
  return writer.bytes.subarray(0, writer.position)
}

test('a message that owns its bytes keeps nothing else alive and is not copied again', () => {
  const packet = received('kept'.padEnd(200))
  packet.own()
  const { bytes } = packet
  assert.equal(bytes.buffer.byteLength, packet.packetEnd)
  packet.own()
  packet.ownBriefly()
  assert.equal(packet.bytes, bytes)
})

test('small messages that stay share a little memory, and none is copied again', () => {
  const texts = Array.from({ length: 100 }, (_, number) => `message ${number}`)
  const packets = texts.map(received)
  for (const packet of packets) packet.own()
  const slabs = new Set(packets.map(({ bytes }) => bytes.buffer))
  for (const slab of slabs) assert.equal(slab.byteLength, 1024)
  assert.ok(slabs.size < 6, `${slabs.size} of them for 100 messages`)
  const places = packets.map(({ bytes, packetStart }) => [bytes, packetStart])
  for (const packet of packets) packet.own()
  for (const packet of packets) packet.ownBriefly()
  assert.deepEqual(
    packets.map(({ bytes, packetStart }) => [bytes, packetStart]),
    places,
  )
  assert.deepEqual(
    packets.map(({ payload }) => payload.toString()),
    texts,
  )
})

test('messages in flight lie side by side, each copied there once', () => {
  const first = received('one')
  const second = received('two')
  first.ownBriefly()
  second.ownBriefly()
  assert.equal(first.bytes, second.bytes)
  const { packetStart } = first
  first.ownBriefly()
  assert.equal(first.packetStart, packetStart)
  assert.equal(first.payload.toString(), 'one')
  assert.equal(second.payload.toString(), 'two')
})

test('messages of one chunk leave it together, and each is what it was', () => {
  const texts = Array.from({ length: 300 }, (_, number) => `message ${number}, ${'x'.repeat(64)}`)
  const packets = receivedTogether(texts, 65_536)
  for (const packet of packets) packet.ownBriefly()
  assert.deepEqual(
    packets.map(({ payload }) => payload.toString()),
    texts,
  )
  const neighbours = packets.slice(1).filter((packet, index) => {
    const before = packets[index]
    return packet.bytes === before?.bytes && packet.packetStart === before.packetEnd
  })
  const slabs = new Set(packets.map(({ bytes }) => bytes))
  assert.equal(neighbours.length + slabs.size, packets.length)
  for (const { bytes } of packets) assert.equal(bytes.length, 16_384)
})

test('messages of two chunks in turn do not get into each other', () => {
  const ours = receivedTogether(['one', 'two', 'three'], 65_536)
  const theirs = receivedTogether(['four', 'five', 'six'], 65_536)
  for (const [index, packet] of ours.entries()) {
    packet.ownBriefly()
    theirs[index]?.ownBriefly()
  }
  const textsOf = (packets: readonly Publish[]) => packets.map(({ payload }) => payload.toString())
  assert.deepEqual([textsOf(ours), textsOf(theirs)].flat(), ['one', 'two', 'three', 'four', 'five', 'six'])
})

test('a message in flight stays in a chunk that keeps no more alive than a slab would', () => {
  const [packet] = receivedTogether(['one'.padEnd(200), 'two'], 16_384)
  assert.ok(packet !== undefined)
  const { bytes } = packet
  packet.ownBriefly()
  assert.equal(packet.bytes, bytes)
  packet.own()
  assert.equal(packet.bytes.buffer.byteLength, packet.packetEnd)
})

test('a message in flight that is then kept leaves the slab', () => {
  const packet = received('kept after all'.padEnd(200))
  packet.ownBriefly()
  packet.own()
  assert.equal(packet.bytes.buffer.byteLength, packet.packetEnd)
})

test('a message is encoded to the same bytes wherever it lies', () => {
  const packet = received('the same')
  const before = Buffer.from(encoded(packet))
  packet.ownBriefly()
  assert.deepEqual(encoded(packet), before)
  packet.own()
  assert.deepEqual(encoded(packet), before)
})

test('a large message is given a place of its own at once', () => {
  const packet = received('x'.repeat(4000))
  packet.ownBriefly()
  assert.equal(packet.bytes.buffer.byteLength, packet.packetEnd)
})
