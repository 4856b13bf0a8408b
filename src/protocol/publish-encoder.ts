/**
 * Encodes PUBLISH for one receiver: MQTT 5.0 section 3.3. @hot
 *
 * What nobody changed is copied as it came: Topic Name, properties and payload as blocks. A whole packet that nobody changed
 * (`isAsItCame`) need not come here.
 */
import { type ByteWriter, stringSize, variableByteIntegerSize } from './byte-writer.ts'
import type { ProtocolVersion, PublishProperties, Qos } from './control-packet.ts'
import type { Publish } from './packets/publish.ts'
import { encodeProperties, propertiesSize } from './properties.ts'

/** What is particular to one copy. */
export interface PublishDelivery {
  readonly qos: Qos
  readonly dup: boolean
  readonly retain: boolean
  /** 0 at QoS 0. */
  readonly packetId: number
  /** 0 for none. */
  readonly topicAlias: number
  /** The receiver already knows the alias: the Topic Name is left empty. */
  readonly omitTopicName: boolean
  readonly subscriptionIdentifiers: readonly number[] | null
  /** Seconds left, in place of the source's; -1 for none. */
  readonly messageExpiryInterval: number
}

/** Whether `encodePublish` gives the bytes of the source, but for the Packet Identifier that stands behind its Topic Name. */
export function isAsItCame(source: Publish, version: ProtocolVersion, delivery: PublishDelivery): boolean {
  return (
    source.wireVersion === version &&
    source.qos === delivery.qos &&
    source.retain === delivery.retain &&
    source.dup === delivery.dup &&
    source.topicNameStart >= 0 &&
    delivery.topicAlias === 0 &&
    delivery.subscriptionIdentifiers === null &&
    delivery.messageExpiryInterval < 0 &&
    (version !== 5 || source.propertiesStart >= 0)
  )
}

/** Bytes of the whole packet. */
export function publishSize(source: Publish, version: ProtocolVersion, delivery: PublishDelivery): number {
  const body = bodySize(source, version, delivery)
  return 1 + variableByteIntegerSize(body) + body
}

/** Writes a PUBLISH as one receiver gets it, at `writer.position`. */
export function encodePublish(
  writer: ByteWriter,
  source: Publish,
  version: ProtocolVersion,
  delivery: PublishDelivery,
): void {
  encodeHead(writer, source, version, delivery, source.payloadSize)
  writer.copyFrom(source.bytes, source.payloadStart, source.packetEnd)
}

/** The same without the payload, which stands in `source.bytes` and is to be sent behind it. */
export function encodePublishHead(
  writer: ByteWriter,
  source: Publish,
  version: ProtocolVersion,
  delivery: PublishDelivery,
): void {
  encodeHead(writer, source, version, delivery, 0)
}

/** Makes room for that much of the payload, too. */
function encodeHead(
  writer: ByteWriter,
  source: Publish,
  version: ProtocolVersion,
  delivery: PublishDelivery,
  payloadRoom: number,
): void {
  const body = bodySize(source, version, delivery)
  const { qos, dup, retain, packetId, omitTopicName } = delivery
  writer.ensure(5 + body - source.payloadSize + payloadRoom)
  writer.writeByte(0x30 | (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0))
  writer.writeVariableByteInteger(body)
  if (omitTopicName) writer.writeUint16(0)
  else if (source.topicNameStart < 0) writer.writeString(source.topicName)
  else {
    writer.writeUint16(source.topicNameEnd - source.topicNameStart)
    writer.copyFrom(source.bytes, source.topicNameStart, source.topicNameEnd)
  }
  if (qos > 0) writer.writeUint16(packetId)
  if (version === 5) writeProperties(writer, source, delivery)
}

function bodySize(source: Publish, version: ProtocolVersion, delivery: PublishDelivery): number {
  const { topicNameStart, topicNameEnd, topicName } = source
  let size = source.packetEnd - source.payloadStart + (delivery.qos > 0 ? 2 : 0)
  if (delivery.omitTopicName) size += 2
  else size += topicNameStart >= 0 ? 2 + topicNameEnd - topicNameStart : stringSize(topicName)
  if (version !== 5) return size
  const properties = ownPropertiesSize(delivery) + forwardedPropertiesSize(source)
  return size + variableByteIntegerSize(properties) + properties
}

function ownPropertiesSize(delivery: PublishDelivery): number {
  let size = 0
  if (delivery.topicAlias > 0) size += 3
  if (delivery.messageExpiryInterval >= 0) size += 5
  const identifiers = delivery.subscriptionIdentifiers
  if (identifiers !== null) for (const identifier of identifiers) size += 1 + variableByteIntegerSize(identifier)
  return size
}

/** Bytes of the properties that go on unaltered to every receiver, without their length. */
export function forwardedPropertiesSize(source: Publish): number {
  if (source.propertiesStart >= 0) return source.propertiesEnd - source.propertiesStart
  return propertiesSize(forwarded(source.properties))
}

/** All but what each copy has of its own [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-20]. */
function forwarded(properties: PublishProperties): PublishProperties {
  const { topicAlias: _, subscriptionIdentifiers: __, messageExpiryInterval: ___, ...rest } = properties
  return rest
}

function writeProperties(writer: ByteWriter, source: Publish, delivery: PublishDelivery): void {
  const own = ownPropertiesSize(delivery)
  const size = forwardedPropertiesSize(source)
  writer.writeVariableByteInteger(own + size)
  if (delivery.topicAlias > 0) {
    writer.writeByte(35)
    writer.writeUint16(delivery.topicAlias)
  }
  if (delivery.messageExpiryInterval >= 0) {
    writer.writeByte(2)
    writer.writeUint32(delivery.messageExpiryInterval)
  }
  if (delivery.subscriptionIdentifiers !== null) {
    for (const identifier of delivery.subscriptionIdentifiers) {
      writer.writeByte(11)
      writer.writeVariableByteInteger(identifier)
    }
  }
  writeForwardedProperties(writer, source, size)
}

/** `size` is what `forwardedPropertiesSize` said. The caller has made room. */
export function writeForwardedProperties(writer: ByteWriter, source: Publish, size: number): void {
  if (size === 0) return
  if (source.propertiesStart >= 0) writer.copyFrom(source.bytes, source.propertiesStart, source.propertiesEnd)
  else encodeProperties(writer, forwarded(source.properties), null)
}
