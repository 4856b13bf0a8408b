/**
 * Decodes PUBLISH in place: MQTT 5.0 section 3.3. @hot
 */
import { ByteReader } from './byte-reader.ts'
import type { PublishProperties } from './control-packet.ts'
import { Publish } from './packets/publish.ts'
import { decodeProperties, type PropertyBounds } from './properties.ts'
import { malformed, ProtocolViolation } from './protocol-violation.ts'
import { ReasonCode } from './reason-code.ts'
import { findTopicName, type KnownTopicName } from './topic-name-cache.ts'

/** What a decoder remembers between two packets of one connection. */
export interface PublishMemory {
  lastTopicName: KnownTopicName | null
}

/** `start` is the fixed header, `body` the variable header, `end` the byte behind the packet. */
export function decodePublish(
  memory: PublishMemory,
  bytes: Buffer,
  start: number,
  body: number,
  end: number,
  version: number,
  bounds: PropertyBounds,
  fromServer: boolean,
): Publish {
  const first = bytes[start] ?? 0
  const qosBits = (first >> 1) & 3
  checkFlags(first, qosBits, version)
  const packet = new Publish()
  packet.dup = (first & 8) !== 0
  packet.qos = qosBits === 0 ? 0 : qosBits === 1 ? 1 : 2
  packet.retain = (first & 1) !== 0
  packet.bytes = bytes
  packet.packetStart = start
  packet.packetEnd = end
  packet.wireVersion = version
  const topicStart = body + 2
  const topicEnd = topicStart + (((bytes[body] ?? 0) << 8) | (bytes[body + 1] ?? 0))
  let position = topicEnd + (qosBits > 0 ? 2 : 0)
  if (topicStart > end || position > end) throw malformed('MQTT-4.13.1-1', 'PUBLISH ends inside its variable header')
  if (topicEnd > topicStart) readTopicName(memory, packet, topicStart, topicEnd, version)
  if (qosBits > 0) {
    packet.packetId = ((bytes[topicEnd] ?? 0) << 8) | (bytes[topicEnd + 1] ?? 0)
    if (packet.packetId === 0) {
      const statement = version === 5 ? 'MQTT-2.2.1-3' : 'MQTT3-2.3.1-1'
      throw new ProtocolViolation(ReasonCode.ProtocolError, statement, 'PUBLISH with Packet Identifier 0')
    }
  }
  if (version === 5) {
    if (bytes[position] === 0 && position < end) {
      position += 1
      packet.propertiesStart = position
      packet.propertiesEnd = position
    } else position = readProperties(packet, position, bounds, fromServer)
  }
  packet.payloadStart = position
  if (packet.topicName === '' && packet.properties.topicAlias === undefined) {
    const statement = version === 5 ? 'MQTT-3.3.2-1' : 'MQTT3-4.7.3-1'
    const code = version === 5 ? ReasonCode.ProtocolError : ReasonCode.MalformedPacket
    throw new ProtocolViolation(code, statement, 'PUBLISH with an empty Topic Name and no Topic Alias')
  }
  return packet
}

function checkFlags(first: number, qosBits: number, version: number): void {
  if (qosBits === 3)
    throw malformed(version === 5 ? 'MQTT-3.3.1-4' : 'MQTT3-3.3.1-4', 'both QoS bits of PUBLISH are set')
  if (qosBits === 0 && (first & 8) !== 0) {
    throw malformed(version === 5 ? 'MQTT-3.3.1-2' : 'MQTT3-3.3.1-2', 'PUBLISH at QoS 0 with DUP 1')
  }
}

function readTopicName(memory: PublishMemory, packet: Publish, start: number, end: number, version: number): void {
  let known = memory.lastTopicName
  if (known === null || !known.isSame(packet.bytes, start, end)) {
    known = findTopicName(packet.bytes, start, end)
    if (known === null) {
      const statement = version === 5 ? 'MQTT-3.3.2-2' : 'MQTT3-3.3.2-2'
      const text = 'the Topic Name of PUBLISH must be well-formed UTF-8 without U+0000 and without wildcards'
      throw malformed(statement, text)
    }
    memory.lastTopicName = known
  }
  packet.topicName = known.name
  packet.topicNameStart = start
  packet.topicNameEnd = end
}

function readProperties(packet: Publish, position: number, bounds: PropertyBounds, fromServer: boolean): number {
  const reader = new ByteReader(packet.bytes, position, packet.packetEnd, 5)
  const properties = decodeProperties<PublishProperties>(reader, 'publish', bounds)
  packet.properties = properties
  const { responseTopic, subscriptionIdentifiers, topicAlias, messageExpiryInterval } = properties
  if (!fromServer && subscriptionIdentifiers !== undefined) {
    const text = 'a client must not send a Subscription Identifier in PUBLISH'
    throw new ProtocolViolation(ReasonCode.ProtocolError, 'MQTT-3.3.4-6', text)
  }
  if (responseTopic !== undefined) checkResponseTopic(responseTopic)
  // Only properties that go on unaltered may be copied as a block.
  if (subscriptionIdentifiers === undefined && topicAlias === undefined && messageExpiryInterval === undefined) {
    packet.propertiesEnd = reader.position
    packet.propertiesStart = blockStart(packet.bytes, position)
  }
  return reader.position
}

function blockStart(bytes: Buffer, lengthStart: number): number {
  let position = lengthStart
  while ((bytes[position] ?? 0) > 127) position += 1
  return position + 1
}

/** A Topic Name like any other: not empty, no wildcards [MQTT-3.3.2-14]. */
export function checkResponseTopic(responseTopic: string): void {
  if (responseTopic === '' || responseTopic.includes('#') || responseTopic.includes('+')) {
    const text = `the Response Topic must not be empty or hold a wildcard, found "${responseTopic}"`
    throw new ProtocolViolation(ReasonCode.ProtocolError, 'MQTT-3.3.2-14', text)
  }
}
