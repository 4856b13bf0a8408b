/**
 * What code that embeds a broker publishes and gets back.
 */
import { type TopicLimits, topicNameFault } from '../core/routing/topic-name.ts'
import type { PublishProperties, Qos } from '../protocol/control-packet.ts'
import { type Publish, publish } from '../protocol/packets/publish.ts'
import { propertiesFault } from '../protocol/properties.ts'

export interface LocalPublish {
  topicName: string
  payload?: string | Uint8Array
  /** Default 1: the answer then says that it is durable for every subscriber that must have it. */
  qos?: Qos
  retain?: boolean
  properties?: PublishProperties
}

export interface PublishResult {
  /** 0x00, or 0x10: nobody subscribes. */
  readonly reasonCode: number
  /** Subscriptions it went to; a Session counts once, a shared group counts once. */
  readonly matched: number
}

export interface LocalSubscription {
  readonly topicFilter: string
  unsubscribe(): Promise<void>
}

/** @throws an Error if it is no message. */
export function packetOf(message: LocalPublish, limits: TopicLimits): Publish {
  const { topicName, payload = '', qos = 1, retain = false, properties = {} } = message
  const fault = topicNameFault(topicName, limits) ?? propertiesFault(properties, 'publish')
  if (fault !== null) throw new Error(`cannot publish to "${topicName}": ${fault}`)
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload
  return publish({ topicName, payload: bytes, qos, retain, properties })
}
