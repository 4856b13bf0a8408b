/**
 * The facts that must survive a crash, in the order they became true.
 *
 * Records name outcomes (who got the message, what was refused), never the rules that led there: replay applies and never
 * decides. If two facts must survive together they are one record. Only Sessions that outlive their Network Connection,
 * and Retained Messages, leave records.
 */
import type { Qos, SubscriptionOptions, WillMessage } from '../protocol/control-packet.ts'
import type { Message } from './message.ts'

/** Account and Client Identifier of a Session, as one string; see `sessionKey`. */
export type SessionKey = string

/** A Session began or was taken up again; a Session of the same key that existed before goes on, unless `fresh`. */
export interface SessionOpenedRecord {
  readonly type: 'session-opened'
  readonly session: SessionKey
  /** What was stored under this key before is discarded. */
  readonly fresh: boolean
  /** Seconds; 0xFFFFFFFF never expires. */
  readonly sessionExpiryInterval: number
  readonly will: WillMessage | null
  readonly atMs: number
}

/** Its Network Connection is gone. */
export interface SessionDisconnectedRecord {
  readonly type: 'session-disconnected'
  readonly session: SessionKey
  readonly sessionExpiryInterval: number
  /** The Will Message still waits for its delay. */
  readonly willPending: boolean
  readonly atMs: number
}

export interface SessionEndedRecord {
  readonly type: 'session-ended'
  readonly session: SessionKey
}

export interface SubscribedRecord {
  readonly type: 'subscribed'
  readonly session: SessionKey
  /** As the client sent it, `$share/` included. */
  readonly topicFilter: string
  readonly options: SubscriptionOptions
  /** 0 for none. */
  readonly subscriptionIdentifier: number
  readonly atMs: number
}

export interface UnsubscribedRecord {
  readonly type: 'unsubscribed'
  readonly session: SessionKey
  readonly topicFilter: string
}

/** One durable Session's copy of a message. */
export interface Recipient {
  readonly session: SessionKey
  readonly qos: Qos
  readonly retain: boolean
  readonly subscriptionIdentifiers: readonly number[] | null
  /** `$share/name/filter` if the copy came through a Shared Subscription. */
  readonly sharedFilter: string | null
}

/**
 * A message was admitted. Everything that must survive with it is in this one record. It comes again, with the same id, for
 * each copy that moves on to another member of a shared group because a Session ended.
 */
export interface MessageRecord {
  readonly type: 'message'
  readonly message: Message
  readonly recipients: readonly Recipient[]
  /** What it did to the Retained Message of its Topic Name. */
  readonly retained: 'unchanged' | 'set' | 'deleted'
  /** The durable Session that sent it at QoS 2, whose Packet Identifier is now taken. */
  readonly inbound: { readonly session: SessionKey; readonly packetId: number } | null
  /** The Session whose Will Message this is: the will has been sent. */
  readonly willOf: SessionKey | null
}

/** One more copy of a message admitted before: a Retained Message for a new Subscription. */
export interface CopiedRecord {
  readonly type: 'copied'
  readonly messageId: number
  readonly recipient: Recipient
}

/** QoS 2 in: PUBREL arrived, the Packet Identifier is free. */
export interface ReleasedRecord {
  readonly type: 'released'
  readonly session: SessionKey
  readonly packetId: number
}

/** QoS 2 out: the copy goes under this Packet Identifier. Durable before the PUBLISH leaves. */
export interface AssignedRecord {
  readonly type: 'assigned'
  readonly session: SessionKey
  readonly messageId: number
  readonly packetId: number
}

/** QoS 2 out: PUBREC arrived. Durable before the PUBREL leaves. */
export interface ReceivedRecord {
  readonly type: 'received'
  readonly session: SessionKey
  readonly packetId: number
}

/** Copies that need no more work: acknowledged, or ended otherwise. Written lazily; a crash before it repeats QoS 1 copies. */
export interface SettledRecord {
  readonly type: 'settled'
  readonly session: SessionKey
  readonly messageIds: readonly number[]
}

export type CoreRecord =
  | SessionOpenedRecord
  | SessionDisconnectedRecord
  | SessionEndedRecord
  | SubscribedRecord
  | UnsubscribedRecord
  | MessageRecord
  | CopiedRecord
  | ReleasedRecord
  | AssignedRecord
  | ReceivedRecord
  | SettledRecord
