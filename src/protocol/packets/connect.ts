/**
 * CONNECT: MQTT 5.0 section 3.1.
 */
import { ByteReader } from '../byte-reader.ts'
import { type ByteWriter, stringSize } from '../byte-writer.ts'
import {
  type Connect,
  type ConnectProperties,
  type ProtocolVersion,
  packetBytesMost,
  type WillMessage,
  type WillProperties,
} from '../control-packet.ts'
import { decodeProperties, encodeProperties, type PropertyBounds, propertiesSize, sectionSize } from '../properties.ts'
import { ProtocolViolation } from '../protocol-violation.ts'
import { checkResponseTopic } from '../publish-decoder.ts'
import { ReasonCode } from '../reason-code.ts'

/** What a CONNECT says of its sender, noted as soon as it is read so that a refusal of the rest has the right form. */
export interface ConnectClaims {
  protocolVersion: ProtocolVersion | 0
  /** Bytes; `packetBytesMost` if there is no limit. */
  maximumPacketSize: number
}

/** Bytes the client takes in one packet. Not Infinity for any number: V8 keeps that outside of the object, another way to memory for each copy. */
export function takenBytes({ maximumPacketSize = packetBytesMost }: ConnectProperties): number {
  return Math.min(maximumPacketSize, packetBytesMost)
}

export function decodeConnect(
  bytes: Buffer,
  body: number,
  end: number,
  claims: ConnectClaims,
  bounds: PropertyBounds,
): Connect {
  const protocolVersion = readVersion(new ByteReader(bytes, body, end, 4), claims)
  const reader = new ByteReader(bytes, body + 7, end, protocolVersion)
  const flags = reader.readByte('the Connect Flags')
  checkFlags(reader, flags)
  const keepAliveSeconds = reader.readUint16('the Keep Alive')
  const properties = protocolVersion === 5 ? decodeProperties<ConnectProperties>(reader, 'connect', bounds) : {}
  claims.maximumPacketSize = takenBytes(properties)
  if (properties.authenticationData !== undefined && properties.authenticationMethod === undefined) {
    const text = 'Authentication Data without an Authentication Method'
    throw new ProtocolViolation(ReasonCode.ProtocolError, 'MQTT-4.13.1-1', text)
  }
  const clientIdentifier = reader.readString('the Client Identifier')
  const will = (flags & 4) === 0 ? null : readWill(reader, flags, bounds)
  const userName = (flags & 128) === 0 ? null : reader.readString('the User Name')
  const password = (flags & 64) === 0 ? null : reader.readBinary('the Password')
  reader.expectEnd('CONNECT')
  const cleanStart = (flags & 2) !== 0
  return {
    type: 'connect',
    protocolVersion,
    cleanStart,
    keepAliveSeconds,
    clientIdentifier,
    will,
    userName,
    password,
    properties,
  }
}

/** Accepts "MQTT" with 4 or 5 only [MQTT-3.1.2-1] [MQTT-3.1.2-2]. */
function readVersion(reader: ByteReader, claims: ConnectClaims): 4 | 5 {
  const name = reader.readString('the Protocol Name')
  if (name !== 'MQTT' && name !== 'MQIsdp') {
    const text = `the Protocol Name must be MQTT, found "${name.slice(0, 32)}"`
    throw new ProtocolViolation(ReasonCode.UnsupportedProtocolVersion, 'MQTT-3.1.2-1', text)
  }
  const level = reader.readByte('the Protocol Version')
  claims.protocolVersion = name === 'MQTT' && level >= 5 ? 5 : 4
  if (name === 'MQTT' && (level === 4 || level === 5)) return level
  const text = `MQTT 3.1.1 and 5.0 are spoken here, found ${name} with level ${level}`
  throw new ProtocolViolation(ReasonCode.UnsupportedProtocolVersion, 'MQTT-3.1.2-2', text)
}

function checkFlags(reader: ByteReader, flags: number): void {
  const { version } = reader
  const willQos = (flags >> 3) & 3
  if ((flags & 1) !== 0) {
    throw reader.malformed(
      version === 5 ? 'MQTT-3.1.2-3' : 'MQTT3-3.1.2-3',
      'the reserved bit of the Connect Flags is set',
    )
  }
  if (willQos === 3) throw reader.malformed(version === 5 ? 'MQTT-3.1.2-12' : 'MQTT3-3.1.2-14', 'Will QoS is 3')
  if ((flags & 4) === 0 && (flags & 0x38) !== 0) {
    const statement = version === 5 ? 'MQTT-3.1.2-11' : 'MQTT3-3.1.2-13'
    throw reader.malformed(statement, 'Will QoS or Will Retain is set without Will Flag')
  }
  if (version === 4 && (flags & 0xc0) === 0x40) {
    throw reader.malformed('MQTT3-3.1.2-22', 'the Password Flag is set without the User Name Flag')
  }
}

function readWill(reader: ByteReader, flags: number, bounds: PropertyBounds): WillMessage {
  const properties = reader.version === 5 ? decodeProperties<WillProperties>(reader, 'will', bounds) : {}
  if (properties.responseTopic !== undefined) checkResponseTopic(properties.responseTopic)
  const topicName = reader.readString('the Will Topic')
  if (topicName === '' || topicName.includes('#') || topicName.includes('+')) {
    throw reader.malformed('MQTT-4.7.1-1', `the Will Topic must not be empty or hold a wildcard, found "${topicName}"`)
  }
  const payload = reader.readBinary('the Will Payload')
  const qosBits = (flags >> 3) & 3
  const qos = qosBits === 0 ? 0 : qosBits === 1 ? 1 : 2
  return { topicName, payload, qos, retain: (flags & 32) !== 0, properties }
}

export function connectBodySize(packet: Connect): number {
  const { protocolVersion: version, will, userName, password, properties } = packet
  let size = (version === 3 ? 8 : 6) + 4 + stringSize(packet.clientIdentifier)
  if (version === 5) size += sectionSize(properties)
  if (will !== null) {
    size += stringSize(will.topicName) + 2 + will.payload.length
    if (version === 5) size += sectionSize(will.properties)
  }
  if (userName !== null) size += stringSize(userName)
  if (password !== null) size += 2 + password.length
  return size
}

export function encodeConnectBody(writer: ByteWriter, packet: Connect): void {
  const { protocolVersion: version, will, userName, password, properties } = packet
  writer.writeString(version === 3 ? 'MQIsdp' : 'MQTT')
  writer.writeByte(version)
  let flags = packet.cleanStart ? 2 : 0
  if (will !== null) flags |= 4 | (will.qos << 3) | (will.retain ? 32 : 0)
  if (userName !== null) flags |= 128
  if (password !== null) flags |= 64
  writer.writeByte(flags)
  writer.writeUint16(packet.keepAliveSeconds)
  if (version === 5) encodeProperties(writer, properties, propertiesSize(properties))
  writer.writeString(packet.clientIdentifier)
  if (will !== null) {
    if (version === 5) encodeProperties(writer, will.properties, propertiesSize(will.properties))
    writer.writeString(will.topicName)
    writer.writeBinary(will.payload)
  }
  if (userName !== null) writer.writeString(userName)
  if (password !== null) writer.writeBinary(password)
}
