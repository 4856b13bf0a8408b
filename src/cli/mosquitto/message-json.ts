/**
 * A received message as JSON, `%j` and `%J`: in the shape of mosquitto 2.0 or of 2.1.
 *
 * 2.0: `retain` is 0 or 1, `user-properties` one object, a payload ends at its first zero byte. 2.1: `retain` is true or
 * false, `user-properties` a list of objects with one member each.
 */
import {
  type JsonMember,
  type JsonValue,
  jsonNull,
  jsonNumber,
  jsonString,
  parseJson,
  printJson,
} from './json-payload.ts'
import type { Moment, ReceivedMessage } from './received-message.ts'
import { strftime } from './strftime.ts'

export interface JsonOptions {
  readonly shape: '2.0' | '2.1'
  readonly isPretty: boolean
}

/** The message with its payload as a string. Latin-1: one character is one byte. */
export function messageJson(message: ReceivedMessage, moment: Moment, options: JsonOptions): string {
  const payload = message.payload.length === 0 ? jsonNull : jsonString(payloadText(message.payload, options.shape))
  return printMessage(message, moment, options, payload)
}

/** The message with its payload as the JSON it is; null if it is not JSON. */
export function messageJsonWithJsonPayload(
  message: ReceivedMessage,
  moment: Moment,
  options: JsonOptions,
): string | null {
  const payload = message.payload.length === 0 ? jsonNull : parseJson(message.payload)
  return payload === null ? null : printMessage(message, moment, options, payload)
}

function payloadText(payload: Buffer, shape: '2.0' | '2.1'): string {
  const text = payload.toString('latin1')
  return shape === '2.0' ? (text.split('\0', 1)[0] ?? '') : text
}

function printMessage(message: ReceivedMessage, moment: Moment, options: JsonOptions, payload: JsonValue): string {
  const { topicName, qos, retain, packetId } = message
  const members: JsonMember[] = [
    ['tst', jsonString(timestamp(moment))],
    ['topic', jsonString(latin1(topicName))],
    ['qos', jsonNumber(qos)],
    ['retain', options.shape === '2.0' ? jsonNumber(retain ? 1 : 0) : jsonBoolean(retain)],
    ['payloadlen', jsonNumber(message.payload.length)],
  ]
  if (qos > 0) members.push(['mid', jsonNumber(packetId)])
  const properties = propertyMembers(message, options.shape)
  if (properties.length > 0) members.push(['properties', { type: 'object', members: properties }])
  members.push(['payload', payload])
  return printJson({ type: 'object', members }, options.isPretty)
}

/** `2026-11-24T11:27:01.676682Z+0000`. */
function timestamp({ date, nanoseconds }: Moment): string {
  const microseconds = String(Math.floor(nanoseconds / 1000)).padStart(6, '0')
  return `${strftime('F', date)}T${strftime('T', date)}.${microseconds}Z${strftime('z', date)}`
}

const propertyNames: Readonly<Record<string, string>> = {
  payloadFormatIndicator: 'payload-format-indicator',
  messageExpiryInterval: 'message-expiry-interval',
  topicAlias: 'topic-alias',
  responseTopic: 'response-topic',
  correlationData: 'correlation-data',
  contentType: 'content-type',
}

/** In the order they came. */
function propertyMembers(message: ReceivedMessage, shape: '2.0' | '2.1'): JsonMember[] {
  const members: JsonMember[] = []
  for (const [key, value] of Object.entries(message.properties)) {
    if (key === 'userProperties') {
      members.push(['user-properties', userProperties(message, shape)])
    } else if (key === 'subscriptionIdentifiers') {
      for (const id of message.properties.subscriptionIdentifiers ?? []) {
        members.push(['subscription-identifier', jsonNumber(id)])
      }
    } else {
      members.push([propertyNames[key] ?? key, propertyValue(value)])
    }
  }
  return members
}

function propertyValue(value: unknown): JsonValue {
  if (typeof value === 'number') return jsonNumber(value)
  if (value instanceof Uint8Array) return jsonString(Buffer.from(value).toString('latin1'))
  return jsonString(latin1(String(value)))
}

function userProperties(message: ReceivedMessage, shape: '2.0' | '2.1'): JsonValue {
  const pairs = (message.properties.userProperties ?? []).map(
    ([name, value]): JsonMember => [latin1(name), jsonString(latin1(value))],
  )
  if (shape === '2.0') return { type: 'object', members: pairs }
  return { type: 'array', items: pairs.map((pair): JsonValue => ({ type: 'object', members: [pair] })) }
}

function jsonBoolean(value: boolean): JsonValue {
  return { type: 'literal', text: value ? 'true' : 'false' }
}

export function latin1(text: string): string {
  return Buffer.from(text).toString('latin1')
}
