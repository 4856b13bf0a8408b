import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ByteWriter } from '../../protocol/byte-writer.ts'
import { PacketDecoder } from '../../protocol/packet-decoder.ts'
import { Publish, type PublishFields, publish } from '../../protocol/packets/publish.ts'
import { encodePublish } from '../../protocol/publish-encoder.ts'
import { Message } from '../message.ts'
import { RetainedMessage } from './retained-message.ts'
import { RetainedMessages } from './retained-messages.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** As a publisher sends it. */
function received(version: 4 | 5, fields: Partial<PublishFields>): Publish {
  const { properties = {} } = fields
  const packet = publish({ topicName: 'a/ä', payload: Buffer.from('text'), retain: true, packetId: 7, ...fields })
  const { qos, dup, retain, packetId } = packet
  const { topicAlias = 0, messageExpiryInterval = -1 } = properties
  const own = { topicAlias, omitTopicName: false, messageExpiryInterval, subscriptionIdentifiers: null }
  const writer = new ByteWriter()
  encodePublish(writer, packet, version, { qos, dup, retain, packetId, ...own })
  const limits = { connectBytesMax: 65_536, packetBytesMax: 65_536, propertiesMax: 100 }
  const decoder = new PacketDecoder({ role: 'client', protocolVersion: version, ...limits })
  decoder.push(Buffer.from(writer.bytes.subarray(0, writer.position)))
  const found = decoder.next()
  assert.ok(found instanceof Publish)
  return found
}

const withoutTopicName = received(5, { properties: { topicAlias: 3 } })
withoutTopicName.topicNameStart = -1

for (const [what, packet] of Object.entries({
  'MQTT 3.1.1 at QoS 0': received(4, { packetId: 0 }),
  'MQTT 3.1.1 at QoS 1, sent again': received(4, { qos: 1, dup: true }),
  'MQTT 5.0 at QoS 2': received(5, { qos: 2 }),
  'MQTT 5.0 with properties': received(5, { qos: 1, properties: { contentType: 'x', userProperties: [['a', 'b']] } }),
  'MQTT 5.0 with a Message Expiry Interval': received(5, { qos: 1, properties: { messageExpiryInterval: 5 } }),
  'MQTT 5.0 with a Topic Alias alone': withoutTopicName,
  'a large payload': received(4, { qos: 1, payload: Buffer.alloc(5000, 'x') }),
  'made in this process': publish({ topicName: 'a', payload: Buffer.from('text'), qos: 1, retain: true }),
})) {
  test(`what is kept of a message is all of it but its Packet Identifier: ${what}`, () => {
    const message = new Message(9, packet, 1000.5)
    message.publisher = { account: 'a', clientIdentifier: 'c' }
    const { payload } = packet
    const retained = new RetainedMessage(message)
    const again = retained.toMessage()
    assert.deepEqual({ ...again.publish, packetId: 0 }, { ...packet, packetId: 0 })
    assert.deepEqual(again.publish.payload, payload)
    assert.deepEqual({ ...again, publish: null }, { ...message, publish: null })
    const { topicName, qos, size, expiresMs } = retained
    assert.deepEqual([topicName, qos, size, expiresMs], [packet.topicName, packet.qos, message.size, message.expiresMs])
    const { bytes, payloadStart } = again.publish
    again.own()
    assert.equal(again.publish.bytes, bytes, 'it has a place of its own already')
    assert.equal(again.publish.payloadStart, payloadStart)
  })
}

test('a Retained Message takes less than 450 bytes with all that leads to it, however many levels its Topic Name has', () => {
  const retained = new RetainedMessages(() => {})
  const publisher = { account: 'a', clientIdentifier: 'c' }
  const count = 20_000
  const before = bytesInUse()
  for (let index = 0; index < count; index++) {
    const topicName = `site/plant/${index}/state/door`
    const message = new Message(index + 1, received(4, { topicName, payload: Buffer.alloc(16) }), 1e12 + index)
    message.publisher = publisher
    retained.set(message)
  }
  const each = (bytesInUse() - before) / count
  assert.equal(retained.count, count)
  assert.ok(each < 450, `${each.toFixed(0)} bytes`)
})

function bytesInUse(): number {
  for (let round = 0; round < 2; round++) collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
