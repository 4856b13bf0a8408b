/**
 * The facts that must survive a crash, in the order they became true.
 *
 * Records name outcomes (who got the message, what was refused), never the rules that led there: replay applies and never
 * decides. If two facts must survive together they are one record. Each record has a place in its log, its seq, counting
 * from 1; other records refer to it by that. Only Sessions that outlive their Network Connection or leave a Will Message,
 * and Retained Messages, leave records.
 */
import type { Qos, SubscriptionOptions, WillMessage } from '../protocol/control-packet.ts'
import type { Message } from './message.ts'

/** Place of a record in its shard's log, counting from 1. */
export type Seq = number

/** The seq of the `session-created` record of a Session: no other Session ever has it. */
export type SessionNumber = Seq

export interface SessionCreatedRecord {
  readonly type: 'session-created'
  readonly account: string
  readonly clientIdentifier: string
  /** Seconds; 0xFFFFFFFF never expires. */
  readonly sessionExpiryInterval: number
  readonly will: WillMessage | null
  readonly atMs: number
}

/** A client has taken its Session up again. */
export interface SessionResumedRecord {
  readonly type: 'session-resumed'
  readonly session: SessionNumber
  readonly sessionExpiryInterval: number
  readonly will: WillMessage | null
}

/** Its Network Connection is gone. */
export interface SessionDisconnectedRecord {
  readonly type: 'session-disconnected'
  readonly session: SessionNumber
  readonly sessionExpiryInterval: number
  /** The Will Message still waits for its delay. */
  readonly willPending: boolean
  /** What waits at QoS 1 up to this order may have been sent before a restart cut the client off: it has DUP; 0 for none. */
  readonly sentThrough: Seq
  readonly atMs: number
  /** QoS 1 copies that were sent and not acknowledged: order and Packet Identifier in turn, in the order of sending. */
  readonly sent: readonly number[]
}

export interface SessionEndedRecord {
  readonly type: 'session-ended'
  readonly session: SessionNumber
}

export interface SubscribedRecord {
  readonly type: 'subscribed'
  readonly session: SessionNumber
  /** As the client sent it, `$share/` included. */
  readonly topicFilter: string
  readonly options: SubscriptionOptions
  /** 0 for none. */
  readonly subscriptionIdentifier: number
  readonly atMs: number
}

export interface UnsubscribedRecord {
  readonly type: 'unsubscribed'
  readonly session: SessionNumber
  readonly topicFilter: string
}

/** What RETAIN is on the copies of a set: as the message has it, 0, or 1 because it is a Retained Message. */
export type RetainRule = 'as-published' | 'cleared' | 'set'

/** One durable Session that gets a copy of each message that names the set. */
export interface Recipient {
  readonly session: SessionNumber
  /** The granted QoS: a copy has the lower of this and the message's. */
  readonly qos: Qos
  readonly retain: RetainRule
  readonly subscriptionIdentifiers: readonly number[] | null
  /** `$share/name/filter` if the copies come through a Shared Subscription. */
  readonly sharedFilter: string | null
}

/** Gives a list of recipients a number, its own seq, so that messages need not repeat it. */
export interface RecipientsRecord {
  readonly type: 'recipients'
  readonly members: readonly Recipient[]
}

/** A message was admitted. Everything that must survive with it is in this one record. */
export interface MessageRecord {
  readonly type: 'message'
  readonly message: Message
  /** Seqs of `recipients` records. */
  readonly recipients: readonly Seq[]
  /** What it did to the Retained Message of its Topic Name. */
  readonly retained: 'unchanged' | 'set' | 'deleted'
  /** The durable Session that sent it at QoS 2, whose Packet Identifier is now taken. */
  readonly inbound: { readonly session: SessionNumber; readonly packetId: number } | null
  /** The Session whose Will Message this is: the will has been sent. */
  readonly willOf: SessionNumber | null
}

/**
 * One more copy of a message admitted before: a Retained Message for a new Subscription, a copy that moves on in its shared
 * group, or a second one for the same Session. A Session never has two copies of the same order.
 */
export interface CopiedRecord {
  readonly type: 'copied'
  readonly message: Seq
  /** Bytes the message counts for in a queue. */
  readonly size: number
  readonly recipients: Seq
}

/** QoS 2 in: PUBREL arrived, the Packet Identifier is free. */
export interface ReleasedRecord {
  readonly type: 'released'
  readonly session: SessionNumber
  readonly packetId: number
}

/**
 * QoS 2 out: the copy goes under this Packet Identifier. Durable before the PUBLISH leaves. `order` is the seq of the
 * record that made the copy: of its message, or of `copied`.
 */
export interface AssignedRecord {
  readonly type: 'assigned'
  readonly session: SessionNumber
  readonly order: Seq
  readonly packetId: number
}

/** QoS 2 out: PUBREC arrived. Durable before the PUBREL leaves. */
export interface ReceivedRecord {
  readonly type: 'received'
  readonly session: SessionNumber
  readonly packetId: number
}

/**
 * Copies that need no more work: acknowledged, or ended otherwise. Written lazily; a crash before it repeats QoS 1 copies.
 */
export interface SettledRecord {
  readonly type: 'settled'
  readonly session: SessionNumber
  readonly orders: readonly Seq[]
}

export type CoreRecord =
  | SessionCreatedRecord
  | SessionResumedRecord
  | SessionDisconnectedRecord
  | SessionEndedRecord
  | SubscribedRecord
  | UnsubscribedRecord
  | RecipientsRecord
  | MessageRecord
  | CopiedRecord
  | ReleasedRecord
  | AssignedRecord
  | ReceivedRecord
  | SettledRecord
