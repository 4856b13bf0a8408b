/**
 * Turns every Control Packet but PUBLISH into bytes: MQTT 5.0 chapter 3.
 *
 * For 3.1.1 properties and Reason Codes are left out; a packet that 3.1.1 does not have is our own mistake.
 */
import { type ByteWriter, stringSize, variableByteIntegerSize } from './byte-writer.ts'
import type { ControlPacket, ProtocolVersion, Subscribe, Unsubscribe } from './control-packet.ts'
import { connectBodySize, encodeConnectBody } from './packets/connect.ts'
import { encodeProperties, propertiesSize, sectionSize } from './properties.ts'

/** All packets but PUBLISH, which has an encoder of its own. */
export type PlainPacket = Exclude<ControlPacket, { type: 'publish' }>

const firstBytes: Record<PlainPacket['type'], number> = {
  connect: 0x10,
  connack: 0x20,
  puback: 0x40,
  pubrec: 0x50,
  pubrel: 0x62,
  pubcomp: 0x70,
  subscribe: 0x82,
  suback: 0x90,
  unsubscribe: 0xa2,
  unsuback: 0xb0,
  pingreq: 0xc0,
  pingresp: 0xd0,
  disconnect: 0xe0,
  auth: 0xf0,
}

/** Bytes of the whole packet. */
export function packetSize(packet: PlainPacket, version: ProtocolVersion): number {
  const body = bodySize(packet, version)
  return 1 + variableByteIntegerSize(body) + body
}

/** @throws Error if `version` has no such packet. */
export function encodePacket(writer: ByteWriter, packet: PlainPacket, version: ProtocolVersion): void {
  const body = bodySize(packet, version)
  writer.ensure(5 + body)
  writer.writeByte(firstBytes[packet.type])
  writer.writeVariableByteInteger(body)
  if (body > 0) encodeBody(writer, packet, version)
}

/** An acknowledgement without properties, the way nearly all are. @hot */
export function encodeAcknowledgement(
  writer: ByteWriter,
  type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp',
  packetId: number,
  reasonCode: number,
  version: ProtocolVersion,
): void {
  const isLong = version === 5 && reasonCode !== 0
  writer.ensure(5)
  writer.writeByte(firstBytes[type])
  writer.writeByte(isLong ? 3 : 2)
  writer.writeUint16(packetId)
  if (isLong) writer.writeByte(reasonCode)
}

function bodySize(packet: PlainPacket, version: ProtocolVersion): number {
  const isFive = version === 5
  switch (packet.type) {
    case 'connect':
      return connectBodySize(packet)
    case 'connack':
      return 2 + (isFive ? sectionSize(packet.properties) : 0)
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return 2 + (isFive ? answerSize(packet.reasonCode, packet.properties) : 0)
    case 'subscribe':
      return 2 + (isFive ? sectionSize(packet.properties) : 0) + filtersSize(packet)
    case 'unsubscribe':
      return 2 + (isFive ? sectionSize(packet.properties) : 0) + filtersSize(packet)
    case 'suback':
      return 2 + (isFive ? sectionSize(packet.properties) : 0) + packet.reasonCodes.length
    case 'unsuback':
      return 2 + (isFive ? sectionSize(packet.properties) + packet.reasonCodes.length : 0)
    case 'pingreq':
    case 'pingresp':
      return 0
    case 'disconnect':
      return isFive ? answerSize(packet.reasonCode, packet.properties) : 0
    case 'auth':
      if (!isFive) throw new Error('AUTH exists in MQTT 5.0 only')
      return answerSize(packet.reasonCode, packet.properties)
  }
}

/** A Reason Code of 0 without properties is left out, and so is an empty section of properties. */
function answerSize(reasonCode: number, properties: object): number {
  const size = propertiesSize(properties)
  if (size === 0) return reasonCode === 0 ? 0 : 1
  return 1 + variableByteIntegerSize(size) + size
}

function filtersSize(packet: Subscribe | Unsubscribe): number {
  if (packet.type === 'unsubscribe') return packet.topicFilters.reduce((sum, filter) => sum + stringSize(filter), 0)
  return packet.subscriptions.reduce((sum, { topicFilter }) => sum + stringSize(topicFilter) + 1, 0)
}

function encodeBody(writer: ByteWriter, packet: PlainPacket, version: ProtocolVersion): void {
  const isFive = version === 5
  switch (packet.type) {
    case 'connect':
      encodeConnectBody(writer, packet)
      return
    case 'connack':
      writer.writeByte(packet.sessionPresent ? 1 : 0)
      writer.writeByte(packet.reasonCode)
      if (isFive) encodeProperties(writer, packet.properties, propertiesSize(packet.properties))
      return
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      writer.writeUint16(packet.packetId)
      if (isFive) encodeAnswer(writer, packet.reasonCode, packet.properties)
      return
    case 'subscribe':
    case 'unsubscribe':
      encodeFilters(writer, packet, isFive)
      return
    case 'suback':
    case 'unsuback':
      writer.writeUint16(packet.packetId)
      if (isFive) encodeProperties(writer, packet.properties, propertiesSize(packet.properties))
      if (!isFive && packet.type === 'unsuback') return
      for (const code of packet.reasonCodes) writer.writeByte(!isFive && code > 0x80 ? 0x80 : code)
      return
    case 'disconnect':
    case 'auth':
      encodeAnswer(writer, packet.reasonCode, packet.properties)
      return
    case 'pingreq':
    case 'pingresp':
      return
  }
}

function encodeAnswer(writer: ByteWriter, reasonCode: number, properties: object): void {
  const size = propertiesSize(properties)
  if (size === 0 && reasonCode === 0) return
  writer.writeByte(reasonCode)
  if (size > 0) encodeProperties(writer, properties, size)
}

function encodeFilters(writer: ByteWriter, packet: Subscribe | Unsubscribe, isFive: boolean): void {
  writer.writeUint16(packet.packetId)
  if (isFive) encodeProperties(writer, packet.properties, propertiesSize(packet.properties))
  if (packet.type === 'unsubscribe') {
    for (const topicFilter of packet.topicFilters) writer.writeString(topicFilter)
    return
  }
  for (const { topicFilter, qos, noLocal, retainAsPublished, retainHandling } of packet.subscriptions) {
    writer.writeString(topicFilter)
    const more = isFive ? (noLocal ? 4 : 0) | (retainAsPublished ? 8 : 0) | (retainHandling << 4) : 0
    writer.writeByte(qos | more)
  }
}
