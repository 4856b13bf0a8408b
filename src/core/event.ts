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
  /** Who it is, if it had logged in before it was refused. */
  readonly account?: string
  /** Whose Session has the Client Identifier, if that is why; the client is not told. */
  readonly otherAccount?: string
  readonly remoteAddress: string
  readonly reasonCode: number
  readonly reason: string
}

export interface SubscribedEvent extends ClientEvent {
  readonly type: 'subscribed'
  readonly topicFilter: string
  readonly qos: 0 | 1 | 2
  readonly by: 'client' | 'operator'
}

export interface UnsubscribedEvent extends ClientEvent {
  readonly type: 'unsubscribed'
  readonly topicFilter: string
  readonly by: 'client' | 'operator'
}

/** A client has a Session that it did not have before. */
export interface SessionCreatedEvent extends ClientEvent {
  readonly type: 'sessionCreated'
  /** Seconds it stays once its connection has closed; 4,294,967,295 for ever. */
  readonly expiryInterval: number
}

/** Another connection with the same Client Identifier goes on with, or ends, the Session of one that was open. */
export interface SessionTakenOverEvent extends ClientEvent {
  readonly type: 'sessionTakenOver'
  /** Where the connection came from that was closed. */
  readonly formerRemoteAddress: string
}

/**
 * `expired`: its client stayed away too long; `clean-start`: its client began afresh; `connection-closed`: it was not to stay;
 * `operator`: an operator has ended it.
 */
export type SessionEndReason = 'expired' | 'clean-start' | 'connection-closed' | 'operator'

export interface SessionEndedEvent {
  readonly type: 'sessionEnded'
  readonly clientIdentifier: string
  readonly account: string
  readonly reason: SessionEndReason
  /** Copies of messages that ended with it, in flight or waiting. */
  readonly messages: number
}

/** An operator gave up what waited for a client. */
export interface QueuePurgedEvent {
  readonly type: 'queuePurged'
  readonly clientIdentifier: string
  readonly account: string
  readonly messages: number
  /** Bytes of Topic Names and payloads. */
  readonly bytes: number
}

/** A message was admitted. Only made while somebody listens. */
export interface PublishedEvent {
  readonly type: 'published'
  /**
   * Its Topic Name is `message.topicName`; payload, QoS and properties are in `message.publish`. The bytes point into what came from the
   * socket: whoever keeps them longer than the listener runs copies them, with `Buffer.from(message.publish.payload)`.
   */
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

export type MessageFateEventType =
  /** Nobody listened, and the policy says no more than that. */
  | 'messageUnmatched'
  /** Nobody listened, and it waits for somebody. */
  | 'messageHeld'
  /** Nobody listened, and it was published again as a dead letter. */
  | 'messageDeadLettered'
  /** It was held, and its time is over. */
  | 'messageExpired'
  /** Its publisher was told so, where there is a way to. */
  | 'messageRefused'
  /** It should have been held, or was, and is no more. */
  | 'messageDropped'

/**
 * A message met a fate other than a listener. Only made while somebody listens, and at most `messageEventsPerSecondMax` in a
 * second, copies included.
 */
export interface MessageFateEvent<Type extends MessageFateEventType> {
  readonly type: Type
  readonly topicName: string
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
  /** Bytes of Topic Name and payload. */
  readonly size: number
  /** Who published it; null for code in this process. */
  readonly account: string | null
  readonly clientIdentifier: string | null
  /** Topic Filter of the rule it fell under. */
  readonly rule: string
  /** Why, in words; null where the type says it. */
  readonly reason: string | null
  /** Of its entry in the log of fates, which says the rest; null if it has none. */
  readonly messageId: number | null
}

/** One client goes without a message that was for it. Only made while somebody listens, and not too often, as above. */
export interface CopyDroppedEvent {
  readonly type: 'copyDropped'
  readonly clientIdentifier: string
  readonly account: string
  readonly reason:
    | 'queue-full'
    | 'dead-lettered'
    | 'too-large'
    | 'offline'
    | 'slow'
    | 'expired'
    | 'refused'
    | 'not-allowed'
  readonly topicName: string
  readonly qos: 0 | 1 | 2
  /** Bytes of Topic Name and payload. */
  readonly size: number
  /** As above. */
  readonly messageId: number | null
}

/** There were more events about messages and copies in a second than are made. */
export interface EventsLeftOutEvent {
  readonly type: 'eventsLeftOut'
  readonly count: number
}

/** Everything that has happened, by its `type`; docs/operating/events.md describes each. */
export type BrokerEvent =
  | ConnectedEvent
  | DisconnectedEvent
  | RefusedEvent
  | SubscribedEvent
  | UnsubscribedEvent
  | SessionCreatedEvent
  | SessionTakenOverEvent
  | SessionEndedEvent
  | QueuePurgedEvent
  | PublishedEvent
  | WakeEvent
  | MessageFateEvent<'messageUnmatched'>
  | MessageFateEvent<'messageHeld'>
  | MessageFateEvent<'messageDeadLettered'>
  | MessageFateEvent<'messageExpired'>
  | MessageFateEvent<'messageRefused'>
  | MessageFateEvent<'messageDropped'>
  | CopyDroppedEvent
  | EventsLeftOutEvent
