/**
 * Bytes to packets and back.
 */
import assert from 'node:assert/strict'
import { OutboundTopicAliases } from '../../src/core/connection/topic-aliases.ts'
import { ByteWriter } from '../../src/protocol/byte-writer.ts'
import { PacketDecoder } from '../../src/protocol/packet-decoder.ts'
import { encodeAcknowledgement } from '../../src/protocol/packet-encoder.ts'
import { type Publish, publish } from '../../src/protocol/packets/publish.ts'
import { encodePublish, isAsItCame, type PublishDelivery } from '../../src/protocol/publish-encoder.ts'
import { findTopicName } from '../../src/protocol/topic-name-cache.ts'
import type { MicroBenchmark } from './micro.ts'

const count = 400
const topicName = 'site/17/device/4711/temperature'
const payload = Buffer.alloc(64, 120)
const decoderOptions = { role: 'client', connectBytesMax: 65_536, packetBytesMax: 1 << 20, propertiesMax: 100 } as const
const delivery: PublishDelivery = {
  qos: 1,
  retain: false,
  dup: false,
  packetId: 7,
  topicAlias: 0,
  omitTopicName: false,
  subscriptionIdentifiers: null,
  messageExpiryInterval: -1,
}

const deliveryAtQos0: PublishDelivery = { ...delivery, qos: 0, packetId: 0 }

/** `count` packets one behind the other, as they leave for a client of that version. */
function wire(version: 4 | 5, qos: 0 | 1): Buffer {
  const writer = new ByteWriter(count * 128)
  for (let i = 0; i < count; i++) {
    const packet = publish({ topicName, payload, qos, packetId: qos === 0 ? 0 : i + 1 })
    encodePublish(writer, packet, version, { ...delivery, qos, packetId: packet.packetId })
  }
  return Buffer.from(writer.bytes.subarray(0, writer.position))
}

function decoding(version: 4 | 5, qos: 0 | 1, cutAt: number): MicroBenchmark {
  const bytes = wire(version, qos)
  const decoder = new PacketDecoder({ ...decoderOptions, protocolVersion: version })
  return {
    name: `decode PUBLISH, QoS ${qos}, MQTT ${version === 4 ? '3.1.1' : '5.0'}${cutAt < bytes.length ? ', cut chunks' : ''}`,
    covers: ['protocol/packet-decoder.ts', 'protocol/publish-decoder.ts', 'protocol/packets/publish.ts'],
    operations: count,
    round() {
      let found = 0
      for (let at = 0; at < bytes.length; at += cutAt) {
        decoder.push(bytes.subarray(at, at + cutAt))
        while (decoder.next() !== null) found++
      }
      assert.equal(found, count)
    },
  }
}

function decoded(version: 4 | 5): Publish {
  const decoder = new PacketDecoder({ ...decoderOptions, protocolVersion: version })
  decoder.push(wire(version, 0))
  const packet = decoder.next()
  assert.ok(packet?.type === 'publish')
  return packet
}

function encoding(): MicroBenchmark[] {
  const writer = new ByteWriter(count * 256)
  const source = decoded(4)
  const covers = ['protocol/publish-encoder.ts', 'protocol/byte-writer.ts']
  const repeated = (name: string, encode: () => void, files = covers): MicroBenchmark => ({
    name,
    covers: files,
    operations: count,
    round() {
      writer.position = 0
      for (let i = 0; i < count; i++) encode()
      assert.ok(writer.position > count)
    },
  })
  return [
    repeated('encode PUBLISH as it came', () => {
      const { bytes, packetStart, packetEnd } = source
      writer.ensure(packetEnd - packetStart)
      if (isAsItCame(source, 4, deliveryAtQos0)) writer.copyFrom(bytes, packetStart, packetEnd)
    }),
    repeated('encode PUBLISH for another version', () => encodePublish(writer, source, 5, delivery)),
    repeated('encode PUBACK', () => encodeAcknowledgement(writer, 'puback', 7, 0, 5), [
      'protocol/byte-writer.ts',
      'protocol/packet-encoder.ts',
    ]),
  ]
}

function topicNames(): MicroBenchmark {
  const names = Array.from({ length: count }, (_, i) => Buffer.from(`site/${i}/device/${i * 7}/temperature`))
  return {
    name: 'a Topic Name from its bytes',
    covers: ['protocol/topic-name-cache.ts'],
    operations: count,
    round() {
      for (const bytes of names) findTopicName(bytes, 0, bytes.length)
    },
  }
}

function aliases(): MicroBenchmark {
  const outbound = new OutboundTopicAliases(16)
  const names = Array.from({ length: 8 }, (_, i) => `site/${i}/temperature`)
  return {
    name: 'a Topic Alias for a known name',
    covers: ['core/connection/topic-aliases.ts'],
    operations: 50 * names.length,
    round() {
      for (let i = 0; i < 50; i++) for (const name of names) outbound.assign(name)
    },
  }
}

export const protocolBenchmarks: readonly MicroBenchmark[] = [
  decoding(4, 0, 1 << 20),
  decoding(5, 1, 1 << 20),
  decoding(4, 1, 1000),
  ...encoding(),
  topicNames(),
  aliases(),
]
