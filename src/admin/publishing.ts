/**
 * A message as it comes in over HTTP, in EMQX's words, made a PUBLISH, and what became of it.
 */
import { randomBytes } from 'node:crypto'
import type { z } from 'zod'
import type { Claim } from '../core/owed/owing.ts'
import { isReserved, topicNameFault } from '../core/routing/topic-name.ts'
import type { PublishProperties } from '../protocol/control-packet.ts'
import { type Publish as PublishPacket, publish } from '../protocol/packets/publish.ts'
import { propertiesFault } from '../protocol/properties-fault.ts'
import { reasonCodeName } from '../protocol/reason-code.ts'
import type { AdminPublished, BrokerAccess } from '../server/admin-part.ts'
import { describeValue } from '../server/config/reading.ts'
import type { Fault, Published } from './api-types.ts'
import { HttpProblem } from './problem.ts'
import { type HostReceipts, receiptTopicName } from './receipts.ts'
import type { publishSchema } from './schemas/bodies.ts'

type Written = z.output<typeof publishSchema>

/** What the other packet fields may take of the Maximum Packet Size. */
const headBytes = 1024

/** `place` is where it stands in the request. @throws HttpProblem that names all that is wrong. */
export function readMessage({ state }: BrokerAccess, written: Written, place: string): PublishPacket {
  const { topic, payload = '', payload_encoding = 'plain', qos = 1, retain = false } = written
  const faults: Fault[] = []
  const wrong = (part: string, found: string, expected: string, advice: string): void => {
    faults.push({ place: `${place}.${part}`, found, expected, advice })
  }
  const topicFault = topicNameFault(topic, state.limits)
  if (topicFault !== null) wrong('topic', `${describeValue(topic)}: ${topicFault}`, 'a Topic Name', 'correct it')
  else if (isReserved(topic)) wrong('topic', describeValue(topic), 'one that is not reserved', 'choose another one')
  const bytes = Buffer.from(payload, payload_encoding === 'base64' ? 'base64' : 'utf8')
  if (payload_encoding === 'base64' && !isBase64(payload)) {
    wrong('payload', 'a text that is no base64', 'base64 with its padding', 'encode it, or leave out payload_encoding')
  }
  const max = state.limits.packetBytesMax - headBytes
  if (bytes.length > max)
    wrong('payload', `${bytes.length} bytes`, `at most ${max} bytes`, 'raise the limit packetBytesMax')
  const properties = propertiesOf(written)
  const responseFault = topicNameFault(properties.responseTopic ?? topic, state.limits)
  if (properties.responseTopic !== undefined && responseFault !== null) {
    wrong('properties.response_topic', describeValue(properties.responseTopic), 'a Topic Name', responseFault)
  }
  const propertyFault = propertiesFault(properties, 'publish')
  if (propertyFault !== null) wrong('properties', propertyFault, 'properties of a PUBLISH', 'correct them')
  if (faults.length > 0) throw new HttpProblem('bad-request', faults)
  return publish({ topicName: topic, payload: bytes, qos, retain, properties })
}

function propertiesOf({ properties = {} }: Written): PublishProperties {
  const { payload_format_indicator, message_expiry_interval, response_topic, correlation_data } = properties
  const { content_type, user_properties } = properties
  const made: PublishProperties = {}
  if (payload_format_indicator !== undefined) made.payloadFormatIndicator = payload_format_indicator
  if (message_expiry_interval !== undefined) made.messageExpiryInterval = message_expiry_interval
  if (response_topic !== undefined) made.responseTopic = response_topic
  if (correlation_data !== undefined) made.correlationData = Buffer.from(correlation_data)
  if (content_type !== undefined) made.contentType = content_type
  if (user_properties !== undefined) {
    made.userProperties = Object.entries(user_properties).flatMap(([name, value]) =>
      (typeof value === 'string' ? [value] : value).map((each): [string, string] => [name, each]),
    )
  }
  return made
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)
}

/** Publishes, and waits until it is durable for everybody who must have it. */
export async function publishMessage(
  broker: BrokerAccess,
  receipts: HostReceipts,
  packet: PublishPacket,
  wantsReceipt: boolean,
): Promise<Published> {
  const receiptId = wantsReceipt ? randomBytes(16).toString('base64url') : null
  const published = await broker.publish(packet, receiptId === null ? null : claimFor(receipts, receiptId))
  const { reasonCode, matched, queued, fate } = published
  return {
    reason_code: reasonCode,
    message: published.text ?? messageOf(published),
    matched,
    queued,
    held: fate === 'held',
    fate,
    rule: broker.state.rules.ruleFor(packet.topicName).options.filter,
    receipt_id: reasonCode < 0x80 ? receiptId : null,
  }
}

function claimFor(receipts: HostReceipts, id: string): Claim {
  const receipt = { topicName: receiptTopicName(id), wants: 'all', names: true } as const
  return { receipt, connection: null, opened: (obligation) => receipts.keep(id, obligation) }
}

/** `no_matching_subscribers`, as EMQX has it. */
function messageOf({ reasonCode }: AdminPublished): string {
  return reasonCodeName(reasonCode).toLowerCase().replaceAll(' ', '_')
}

/** 200 for what somebody gets, 202 for what nobody does or does not yet, else why it was refused. */
export function statusOf({ reason_code, held, matched }: Published): number {
  if (reason_code === 0x97) return 503
  if (reason_code >= 0x80) return 409
  return reason_code === 0x10 || held || matched === 0 ? 202 : 200
}
