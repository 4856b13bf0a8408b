/**
 * Packets that carry a Reason Code and nothing but properties: PUBACK, PUBREC, PUBREL, PUBCOMP, CONNACK, DISCONNECT, AUTH.
 * MQTT 5.0 sections 3.2, 3.4 to 3.7, 3.14 and 3.15.
 */
import { ByteReader } from '../byte-reader.ts'
import type {
  Acknowledgement,
  Auth,
  Connack,
  ConnackProperties,
  Disconnect,
  DisconnectProperties,
  ReasonProperties,
} from '../control-packet.ts'
import { decodeProperties, type PropertyBounds, type PropertyHolder } from '../properties.ts'
import { ProtocolViolation } from '../protocol-violation.ts'
import { connectReasonCodes, ReasonCode, serverDisconnectCodes } from '../reason-code.ts'

const received = [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]
const released = [0x00, 0x92]
const clientDisconnectCodes: ReadonlySet<number> = new Set([
  0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99,
])

const noProperties: ReasonProperties = Object.freeze({})

const allowedCodes: Record<'puback' | 'pubrec' | 'pubrel' | 'pubcomp' | 'connack' | 'auth', ReadonlySet<number>> = {
  puback: new Set(received),
  pubrec: new Set(received),
  pubrel: new Set(released),
  pubcomp: new Set(released),
  connack: connectReasonCodes,
  auth: new Set([0x00, 0x18, 0x19]),
}

function readReasonCode(reader: ByteReader, what: string, allowed: ReadonlySet<number>): number {
  const code = reader.readByte('the Reason Code')
  if (!allowed.has(code)) {
    const text = `${what.toUpperCase()} with Reason Code 0x${code.toString(16)}, which it cannot have`
    throw new ProtocolViolation(ReasonCode.ProtocolError, 'MQTT-4.13.1-1', text)
  }
  return code
}

export function decodeAcknowledgement(
  type: Acknowledgement['type'],
  bytes: Buffer,
  body: number,
  end: number,
  version: number,
  bounds: PropertyBounds,
): Acknowledgement {
  const reader = new ByteReader(bytes, body, end, version)
  const packetId = reader.readPacketId()
  let reasonCode = 0
  let properties = noProperties
  if (version === 5 && reader.remaining > 0) {
    reasonCode = readReasonCode(reader, type, allowedCodes[type])
    if (reader.remaining > 0) properties = decodeProperties<ReasonProperties>(reader, type, bounds)
  }
  reader.expectEnd(type.toUpperCase())
  return { type, packetId, reasonCode, properties }
}

/** A Packet Identifier alone, which stands for success: nearly all of them. Null if it is 0, for the long way to complain. */
export function decodeShortAcknowledgement(packetType: number, bytes: Buffer, body: number): Acknowledgement | null {
  const packetId = ((bytes[body] ?? 0) << 8) | (bytes[body + 1] ?? 0)
  if (packetId === 0) return null
  const type = packetType === 4 ? 'puback' : packetType === 5 ? 'pubrec' : packetType === 6 ? 'pubrel' : 'pubcomp'
  return { type, packetId, reasonCode: 0, properties: noProperties }
}

export function decodeConnack(
  bytes: Buffer,
  body: number,
  end: number,
  version: number,
  bounds: PropertyBounds,
): Connack {
  const reader = new ByteReader(bytes, body, end, version)
  const flags = reader.readByte('the Connect Acknowledge Flags')
  if (flags > 1) throw reader.malformed('MQTT-3.2.2-1', 'the reserved bits of the Connect Acknowledge Flags are set')
  const reasonCode =
    version === 5 ? readReasonCode(reader, 'connack', allowedCodes.connack) : reader.readByte('the return code')
  const properties = version === 5 ? decodeProperties<ConnackProperties>(reader, 'connack', bounds) : {}
  reader.expectEnd('CONNACK')
  return { type: 'connack', sessionPresent: flags === 1, reasonCode, properties }
}

export function decodeDisconnect(
  bytes: Buffer,
  body: number,
  end: number,
  version: number,
  bounds: PropertyBounds,
  isFromServer: boolean,
): Disconnect {
  const reader = new ByteReader(bytes, body, end, version)
  const packet: Disconnect = { type: 'disconnect', reasonCode: 0, properties: {} }
  if (version === 5 && reader.remaining > 0) {
    packet.reasonCode = readReasonCode(
      reader,
      'disconnect',
      isFromServer ? serverDisconnectCodes : clientDisconnectCodes,
    )
    packet.properties = readRest<DisconnectProperties>(reader, 'disconnect', bounds)
  }
  reader.expectEnd('DISCONNECT')
  const { sessionExpiryInterval, serverReference } = packet.properties
  if (isFromServer && sessionExpiryInterval !== undefined) {
    const text = 'DISCONNECT with a Session Expiry Interval from a server'
    throw new ProtocolViolation(ReasonCode.ProtocolError, 'MQTT-3.14.2-2', text)
  }
  if (!isFromServer && serverReference !== undefined) {
    const text = 'DISCONNECT with a Server Reference from a client'
    throw new ProtocolViolation(ReasonCode.ProtocolError, 'MQTT-4.13.1-1', text)
  }
  return packet
}

export function decodeAuth(bytes: Buffer, body: number, end: number, bounds: PropertyBounds): Auth {
  const reader = new ByteReader(bytes, body, end, 5)
  const packet: Auth = { type: 'auth', reasonCode: 0, properties: {} }
  if (reader.remaining > 0) {
    packet.reasonCode = readReasonCode(reader, 'auth', allowedCodes.auth)
    packet.properties = readRest<Auth['properties']>(reader, 'auth', bounds)
  }
  reader.expectEnd('AUTH')
  return packet
}

/** Properties may be left out altogether. */
function readRest<Properties extends object>(
  reader: ByteReader,
  holder: PropertyHolder,
  bounds: PropertyBounds,
): Properties {
  // All fields of these interfaces are optional.
  if (reader.remaining === 0) return {} as Properties
  return decodeProperties<Properties>(reader, holder, bounds)
}
