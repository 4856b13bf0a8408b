/**
 * What code that embeds a broker publishes and gets back.
 */
import type { PublishProperties, Qos } from '../protocol/control-packet.ts'

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
