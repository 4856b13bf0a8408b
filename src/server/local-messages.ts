/**
 * What code that embeds a broker publishes and gets back.
 */
import { type TopicLimits, topicNameFault } from '../core/routing/topic-name.ts'
import type { PublishProperties, Qos } from '../protocol/control-packet.ts'
import { type Publish, publish } from '../protocol/packets/publish.ts'
import { propertiesFault } from '../protocol/properties-fault.ts'
import { reasonCodeName } from '../protocol/reason-code.ts'
import { describeValue, isMapping } from './config/reading.ts'
import type { Shell } from './shell.ts'

/** A message of this process. Nobody is asked whether it may be published. */
export interface LocalPublish {
  /** Any Topic Name, without wildcards, within `limits.topicBytesMax` and `limits.topicLevelsMax`. */
  topicName: string
  /**
   * A text is sent as UTF-8; at most 268,000,000 bytes. Bytes are kept, not copied: they must not be changed any more. Default: empty.
   */
  payload?: string | Uint8Array
  /** Default 1: the answer then says that it is durable for every subscriber that must have it. */
  qos?: Qos
  /** Whether it becomes the Retained Message of its Topic Name; an empty one takes that away. Default false. */
  retain?: boolean
  /** Of PUBLISH in MQTT 5.0, section 3.3.2.3; for example `{ messageExpiryInterval: 60, userProperties: [['unit', 'K']] }`. */
  properties?: PublishProperties
}

/** What became of it when it was published. What is refused is no result, but an Error. */
export interface PublishResult {
  /** 0x00 Success, or 0x10 No matching subscribers: nobody subscribes (MQTT 5.0 section 2.4). */
  readonly reasonCode: number
  /** Subscriptions it went to; a Session counts once, a shared group counts once. */
  readonly matched: number
}

/** A Subscription of this process, with a Session of its own. */
export interface LocalSubscription {
  readonly topicFilter: string
  /** Ends it; resolves when the listener is done with what came before. A listener that waits for this waits for itself. Again: does nothing. */
  unsubscribe(): Promise<void>
}

/** A packet holds at most 268,435,455 bytes beside its first ones [MQTT-1.5.5-1]: this leaves room for what else it holds. */
const payloadBytesMax = 268_000_000

/** Resolves when it is durable for everybody who must have it. @throws an Error if it is no message, or is refused. */
export async function publishLocally(shell: Shell, message: LocalPublish): Promise<PublishResult> {
  const packet = packetOf(message, shell.core.state.limits)
  const { token, answered } = shell.answers.expect()
  shell.core.publishLocally(packet, token, shell.inputMs(), shell.turn)
  shell.run()
  const { reasonCode, matched } = await answered
  if (reasonCode < 0x80) return { reasonCode, matched }
  throw new Error(`publishing to "${packet.topicName}" was refused: ${reasonCodeName(reasonCode)}`)
}

/** `given` comes from a program whose types may never have been checked. @throws an Error that says what is wrong with it. */
function packetOf(given: LocalPublish, limits: TopicLimits): Publish {
  const { topicName, payload = '', qos = 1, retain = false, properties = {} } = isMapping(given) ? given : noMessage
  if (typeof topicName !== 'string') throw new Error(`cannot publish: ${noTopicName(given)}`)
  const fault =
    topicNameFault(topicName, limits) ??
    payloadFault(payload) ??
    flagsFault(qos, retain) ??
    contentFault(properties, limits)
  if (fault !== null) throw new Error(`cannot publish to "${topicName}": ${fault}`)
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload
  return publish({ topicName, payload: bytes, qos, retain, properties })
}

const noMessage: Partial<LocalPublish> = {}

function noTopicName(given: unknown): string {
  const text = "it takes one object, for example { topicName: 'a/b', payload: 'x' }"
  if (!isMapping(given)) return `found ${describeValue(given)}; ${text}`
  const isCalledTopic = 'topic' in given
  return `its topicName is ${describeValue(Reflect.get(given, 'topicName'))}; ${text}${isCalledTopic ? ' (not topic)' : ''}`
}

function payloadFault(payload: unknown): string | null {
  if (typeof payload === 'string' || payload instanceof Uint8Array) {
    const size = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length
    return size <= payloadBytesMax ? null : `the payload has ${size} bytes; at most ${payloadBytesMax} fit in a packet`
  }
  const text = `the payload is ${describeValue(payload)}; it must be a text or a Uint8Array`
  return isMapping(payload) || Array.isArray(payload) ? `${text}, for example JSON.stringify(it)` : text
}

function flagsFault(qos: unknown, retain: unknown): string | null {
  if (!isQos(qos)) return `the QoS is ${describeValue(qos)}; it must be 0, 1 or 2`
  return typeof retain === 'boolean' ? null : `retain is ${describeValue(retain)}; it must be true or false`
}

function contentFault(properties: unknown, limits: TopicLimits): string | null {
  if (!isMapping(properties)) return `the properties are ${describeValue(properties)}; they must be an object`
  const fault = propertiesFault(properties, 'publish')
  if (fault !== null) return fault
  const responseTopic: unknown = Reflect.get(properties, 'responseTopic')
  const responseFault = typeof responseTopic === 'string' ? topicNameFault(responseTopic, limits) : null
  return responseFault === null ? null : `its Response Topic cannot be used: ${responseFault}`
}

export function isQos(value: unknown): value is Qos {
  return value === 0 || value === 1 || value === 2
}
