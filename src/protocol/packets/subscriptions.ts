/**
 * SUBSCRIBE, SUBACK, UNSUBSCRIBE and UNSUBACK: MQTT 5.0 sections 3.8 to 3.11.
 *
 * Topic Filters are read as text; whether one is allowed is for the core to say, filter by filter.
 */
import { ByteReader } from '../byte-reader.ts'
import type {
  ReasonProperties,
  Suback,
  Subscribe,
  SubscriptionRequest,
  Unsuback,
  Unsubscribe,
} from '../control-packet.ts'
import { decodeProperties, type PropertyBounds } from '../properties.ts'
import { ProtocolViolation } from '../protocol-violation.ts'
import { ReasonCode } from '../reason-code.ts'

export function decodeSubscribe(
  bytes: Buffer,
  body: number,
  end: number,
  version: number,
  bounds: PropertyBounds,
): Subscribe {
  const reader = new ByteReader(bytes, body, end, version)
  const packetId = reader.readPacketId()
  const properties = version === 5 ? decodeProperties<Subscribe['properties']>(reader, 'subscribe', bounds) : {}
  const subscriptions: SubscriptionRequest[] = []
  while (reader.remaining > 0) subscriptions.push(readRequest(reader))
  if (subscriptions.length === 0) {
    const statement = version === 5 ? 'MQTT-3.8.3-2' : 'MQTT3-3.8.3-3'
    throw new ProtocolViolation(ReasonCode.ProtocolError, statement, 'SUBSCRIBE without a Topic Filter')
  }
  return { type: 'subscribe', packetId, subscriptions, properties }
}

function readRequest(reader: ByteReader): SubscriptionRequest {
  const topicFilter = readTopicFilter(reader)
  const options = reader.readByte('the Subscription Options')
  const qosBits = options & 3
  const reserved = reader.version === 5 ? 0xc0 : 0xfc
  if (qosBits === 3 || (options & reserved) !== 0) {
    const statement = reader.version === 5 ? 'MQTT-3.8.3-5' : 'MQTT3-3.8.3-4'
    throw reader.malformed(statement, `the Subscription Options 0x${options.toString(16)} set QoS 3 or reserved bits`)
  }
  const handling = (options >> 4) & 3
  if (handling === 3) {
    throw new ProtocolViolation(ReasonCode.ProtocolError, 'MQTT-3.8.3-5', 'Retain Handling is 3')
  }
  return {
    topicFilter,
    qos: qosBits === 0 ? 0 : qosBits === 1 ? 1 : 2,
    noLocal: (options & 4) !== 0,
    retainAsPublished: (options & 8) !== 0,
    retainHandling: handling === 0 ? 0 : handling === 1 ? 1 : 2,
  }
}

function readTopicFilter(reader: ByteReader): string {
  const topicFilter = reader.readString('a Topic Filter')
  if (topicFilter !== '') return topicFilter
  const statement = reader.version === 5 ? 'MQTT-4.7.3-1' : 'MQTT3-4.7.3-1'
  throw reader.malformed(statement, 'a Topic Filter is empty')
}

export function decodeUnsubscribe(
  bytes: Buffer,
  body: number,
  end: number,
  version: number,
  bounds: PropertyBounds,
): Unsubscribe {
  const reader = new ByteReader(bytes, body, end, version)
  const packetId = reader.readPacketId()
  const properties = version === 5 ? decodeProperties<Unsubscribe['properties']>(reader, 'unsubscribe', bounds) : {}
  const topicFilters: string[] = []
  while (reader.remaining > 0) topicFilters.push(readTopicFilter(reader))
  if (topicFilters.length === 0) {
    const statement = version === 5 ? 'MQTT-3.10.3-2' : 'MQTT3-3.10.3-2'
    throw new ProtocolViolation(ReasonCode.ProtocolError, statement, 'UNSUBSCRIBE without a Topic Filter')
  }
  return { type: 'unsubscribe', packetId, topicFilters, properties }
}

export function decodeSuback(
  bytes: Buffer,
  body: number,
  end: number,
  version: number,
  bounds: PropertyBounds,
): Suback {
  const reader = new ByteReader(bytes, body, end, version)
  const packetId = reader.readPacketId()
  const properties = version === 5 ? decodeProperties<ReasonProperties>(reader, 'suback', bounds) : {}
  return { type: 'suback', packetId, reasonCodes: readCodes(reader), properties }
}

export function decodeUnsuback(
  bytes: Buffer,
  body: number,
  end: number,
  version: number,
  bounds: PropertyBounds,
): Unsuback {
  const reader = new ByteReader(bytes, body, end, version)
  const packetId = reader.readPacketId()
  const properties = version === 5 ? decodeProperties<ReasonProperties>(reader, 'unsuback', bounds) : {}
  const reasonCodes = version === 5 ? readCodes(reader) : []
  reader.expectEnd('UNSUBACK')
  return { type: 'unsuback', packetId, reasonCodes, properties }
}

function readCodes(reader: ByteReader): number[] {
  const codes: number[] = []
  while (reader.remaining > 0) codes.push(reader.readByte('a Reason Code'))
  return codes
}
