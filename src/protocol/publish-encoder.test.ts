/**
 * Unit tests of when a packet can go on as it came.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteWriter } from './byte-writer.ts'
import type { ProtocolVersion } from './control-packet.ts'
import { PacketDecoder } from './packet-decoder.ts'
import { Publish, type PublishFields, publish } from './packets/publish.ts'
import { encodePublish, isAsItCame, type PublishDelivery } from './publish-encoder.ts'

const plain: PublishDelivery = {
  qos: 1,
  dup: false,
  retain: false,
  packetId: 7,
  topicAlias: 0,
  omitTopicName: false,
  subscriptionIdentifiers: null,
  messageExpiryInterval: -1,
}
const versions = [4, 5] as const
const limits = { connectBytesMax: 65_536, packetBytesMax: 65_536, propertiesMax: 100 }

function encoded(packet: Publish, version: ProtocolVersion, delivery: PublishDelivery): Buffer {
  const writer = new ByteWriter()
  encodePublish(writer, packet, version, delivery)
  return Buffer.from(writer.bytes.subarray(0, writer.position))
}

/** As a publisher sends it. */
function received(version: ProtocolVersion, fields: Partial<PublishFields>, delivery: Partial<PublishDelivery> = {}) {
  const packet = publish({ topicName: 'a/b', payload: Buffer.from('text'), packetId: 300, ...fields })
  const { qos, dup, retain, packetId } = packet
  const decoder = new PacketDecoder({ role: 'client', protocolVersion: version, ...limits })
  decoder.push(encoded(packet, version, { ...plain, qos, dup, retain, packetId, ...delivery }))
  const found = decoder.next()
  assert.ok(found instanceof Publish)
  return found
}

for (const version of versions) {
  for (const qos of [0, 1, 2] as const) {
    for (const retain of [false, true]) {
      for (const contentType of ['', 'text/plain']) {
        test(`MQTT ${version}, QoS ${qos}, retain ${retain}, content type '${contentType}': goes on as it came but for the Packet Identifier`, () => {
          const properties = contentType === '' ? {} : { contentType }
          const source = received(version, { qos, retain, properties, packetId: qos === 0 ? 0 : 300 })
          const delivery = { ...plain, qos, retain, packetId: qos === 0 ? 0 : 7 }
          assert.equal(isAsItCame(source, version, delivery), true)
          const bytes = Buffer.from(source.bytes.subarray(source.packetStart, source.packetEnd))
          if (qos > 0) bytes.writeUInt16BE(7, source.topicNameEnd - source.packetStart)
          assert.deepEqual(bytes, encoded(source, version, delivery))
        })
      }
    }
  }
}

test('what a copy has of its own, or another version, makes other bytes', () => {
  const source = received(5, { qos: 1 })
  assert.equal(isAsItCame(source, 5, plain), true)
  assert.equal(isAsItCame(source, 4, plain), false)
  const others: Partial<PublishDelivery>[] = [
    { qos: 0 },
    { dup: true },
    { retain: true },
    { topicAlias: 3 },
    { subscriptionIdentifiers: [1] },
    { messageExpiryInterval: 60 },
  ]
  for (const other of others) assert.equal(isAsItCame(source, 5, { ...plain, ...other }), false, JSON.stringify(other))
})

test('a packet without its Topic Name, with properties that go no further or not from the wire is made anew', () => {
  const withAlias = received(5, { qos: 1, properties: { topicAlias: 2 } }, { topicAlias: 2, omitTopicName: true })
  assert.equal(withAlias.topicName, '')
  assert.equal(isAsItCame(withAlias, 5, plain), false)
  const expiring = received(5, { qos: 1 }, { messageExpiryInterval: 60 })
  assert.equal(expiring.properties.messageExpiryInterval, 60)
  assert.equal(isAsItCame(expiring, 5, plain), false)
  assert.equal(isAsItCame(publish({ topicName: 'a', qos: 1 }), 5, plain), false)
})
