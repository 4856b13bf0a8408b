/**
 * What happened, for whoever watches: logs, hosts that embed the broker, dashboards. Nothing in the broker depends on it.
 */
import type { Message } from './message.ts'

export interface ClientEvent {
  readonly clientIdentifier: string
  readonly account: string
  readonly remoteAddress: string
}

export interface ConnectedEvent extends ClientEvent {
  readonly type: 'connected'
  readonly protocolVersion: 4 | 5
  readonly sessionPresent: boolean
}

export interface DisconnectedEvent extends ClientEvent {
  readonly type: 'disconnected'
  /** Reason Code that ended the connection; 0x00 and 0x04 are the client's own wish. */
  readonly reasonCode: number
  /** Why, in words. */
  readonly reason: string
}

/** A connection that never got, or was refused, a CONNACK with success. */
export interface RefusedEvent {
  readonly type: 'refused'
  readonly clientIdentifier: string | null
  readonly remoteAddress: string
  readonly reasonCode: number
  readonly reason: string
}

export interface SubscribedEvent extends ClientEvent {
  readonly type: 'subscribed'
  readonly topicFilter: string
  readonly qos: 0 | 1 | 2
}

export interface UnsubscribedEvent extends ClientEvent {
  readonly type: 'unsubscribed'
  readonly topicFilter: string
}

export interface SessionEndedEvent {
  readonly type: 'sessionEnded'
  readonly clientIdentifier: string
  readonly account: string
}

/** A message was admitted. Only made while somebody listens. */
export interface PublishedEvent {
  readonly type: 'published'
  readonly message: Message
  /** Subscriptions it went to; a shared group counts once. 0: nobody. */
  readonly matched: number
}

/**
 * A message was queued for a client that is away, under a rule that says `wake`: whoever can reach the client otherwise may tell
 * it. At most one for each client in `wakeSecondsMin`. On the Topic Name `$pabal/events/session/wake`.
 */
export interface WakeEvent {
  readonly type: 'wake'
  readonly clientIdentifier: string
  readonly account: string
  /** Of the last such message. */
  readonly topicName: string
  /** What waits in the Session, whatever its rules. */
  readonly backlogMessages: number
  /** Bytes of Topic Names and payloads. */
  readonly backlogBytes: number
}

export type BrokerEvent =
  | ConnectedEvent
  | DisconnectedEvent
  | RefusedEvent
  | SubscribedEvent
  | UnsubscribedEvent
  | SessionEndedEvent
  | PublishedEvent
  | WakeEvent
