/**
 * A message as it stands in its record: so that what is read from the disk can be sent on without being taken apart. @hot
 */
import { ByteReader } from '../protocol/byte-reader.ts'
import { type ByteWriter, variableByteIntegerSize } from '../protocol/byte-writer.ts'
import type { PublishProperties, Qos, WillMessage, WillProperties } from '../protocol/control-packet.ts'
import { Publish } from '../protocol/packets/publish.ts'
import { decodeProperties, encodeProperties, propertiesSize } from '../protocol/properties.ts'
import { forwardedPropertiesSize, writeForwardedProperties } from '../protocol/publish-encoder.ts'
import { CorruptError, numberSizeMax, type RestReader, writeBlob, writeNumber, writeText } from './rest-bytes.ts'

const bounds = { propertiesMax: 1_000_000 }

/** Topic Name, Message Expiry Interval (one more than it is, 0 for none), the other properties, and the payload to the end. */
export function writePublish(writer: ByteWriter, source: Publish): void {
  const propertiesBytes = forwardedPropertiesSize(source)
  const topicBytes =
    source.topicNameStart >= 0 ? source.topicNameEnd - source.topicNameStart : Buffer.byteLength(source.topicName)
  writer.ensure(4 * numberSizeMax + topicBytes + propertiesBytes + source.payloadSize)
  writeNumber(writer, topicBytes)
  if (source.topicNameStart >= 0) writer.copyFrom(source.bytes, source.topicNameStart, source.topicNameEnd)
  else writer.position += writer.bytes.write(source.topicName, writer.position, 'utf8')
  const expiry = source.properties.messageExpiryInterval
  writeNumber(writer, expiry === undefined ? 0 : expiry + 1)
  writer.writeVariableByteInteger(propertiesBytes)
  writeForwardedProperties(writer, source, propertiesBytes)
  writer.copyFrom(source.bytes, source.payloadStart, source.packetEnd)
}

/** Points into the reader's bytes, up to its end. */
export function readPublish(reader: RestReader, qos: Qos, retain: boolean): Publish {
  const packet = new Publish()
  packet.qos = qos
  packet.retain = retain
  packet.bytes = reader.bytes
  packet.packetStart = reader.position
  const topicBytes = reader.readNumber()
  packet.topicNameStart = reader.skip(topicBytes)
  packet.topicNameEnd = reader.position
  packet.topicName = reader.bytes.toString('utf8', packet.topicNameStart, packet.topicNameEnd)
  const expiry = reader.readNumber()
  const properties = readProperties<PublishProperties>(reader, 'publish', packet)
  if (expiry > 0) properties.messageExpiryInterval = expiry - 1
  if (expiry > 0 || packet.propertiesEnd > packet.propertiesStart) packet.properties = properties
  packet.payloadStart = reader.position
  packet.packetEnd = reader.end
  reader.position = reader.end
  return packet
}

function readProperties<Properties extends object>(
  reader: RestReader,
  holder: 'publish' | 'will',
  packet: Publish | null,
): Properties {
  const section = new ByteReader(reader.bytes, reader.position, reader.end, 5)
  try {
    const properties = decodeProperties<Properties>(section, holder, bounds)
    if (packet !== null) {
      const size = section.position - reader.position
      // The length in front takes as many bytes as the rest tells.
      packet.propertiesEnd = section.position
      packet.propertiesStart = section.position - withoutLength(size)
    }
    reader.position = section.position
    return properties
  } catch (error) {
    throw new CorruptError(`properties that are none: ${error instanceof Error ? error.message : error}`)
  }
}

/** Bytes of a section of `size` bytes that are not its length. */
function withoutLength(size: number): number {
  for (let lengthSize = 1; lengthSize < 4; lengthSize++) {
    if (variableByteIntegerSize(size - lengthSize) === lengthSize) return size - lengthSize
  }
  return size - 4
}

export function writeWill(writer: ByteWriter, will: WillMessage | null): void {
  writer.ensure(1)
  if (will === null) {
    writer.writeByte(0)
    return
  }
  writer.writeByte(1 | (will.qos << 1) | (will.retain ? 8 : 0))
  writeText(writer, will.topicName)
  writeBlob(writer, will.payload)
  const size = propertiesSize(will.properties)
  writer.ensure(numberSizeMax + size)
  encodeProperties(writer, will.properties, size)
}

export function readWill(reader: RestReader): WillMessage | null {
  const flags = reader.readByte()
  if (flags === 0) return null
  const topicName = reader.readText()
  const payload = reader.readBlob()
  const properties = readProperties<WillProperties>(reader, 'will', null)
  return { topicName, payload, qos: qosOf(flags >> 1), retain: (flags & 8) !== 0, properties }
}

/** From two bits. */
export function qosOf(bits: number): Qos {
  const qos = bits & 3
  if (qos === 3) throw new CorruptError('a QoS of 3')
  return qos === 0 ? 0 : qos === 1 ? 1 : 2
}
