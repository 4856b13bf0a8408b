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
import type { NotedFate } from './rest/owed-snapshot.ts'

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

/**
 * The groups its client is in since it logged in, where that matters to anybody. Behind the record of the login in the same batch, or by
 * itself where a client has authenticated anew.
 */
export interface SessionGroupsRecord {
  readonly type: 'session-groups'
  readonly session: SessionNumber
  readonly groups: readonly string[]
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

/** Nobody counted as a listener when the message came: it waits for one. */
export interface HeldFact {
  /** `held`: by a policy, on its own Topic Name. `dead`: it is a dead letter, on the Topic Name of those. */
  readonly reason: 'held' | 'dead'
  /** Account and Client Identifier of who published it; empty for code in this process. */
  readonly account: string
  readonly clientIdentifier: string
}

/** What the publisher is owed once subscribers have acknowledged: a receipt, its acknowledgement, or both. */
export interface OwedFact {
  /** Subscriptions the message went to; a shared group counts once. */
  readonly matched: number
  /** The Session that published it if it is a durable one, else 0. */
  readonly session: SessionNumber | 0
  /** Packet Identifier whose PUBACK or PUBREC waits, else 0: then there is none. */
  readonly packetId: number
  /** What that one waits for: the first acknowledgement, or that of all. */
  readonly packetWants: 'first' | 'all'
  /** Where the receipt goes; the Correlation Data are in the message. Null: none is wanted. */
  readonly receiptTopicName: string | null
  /** `delivered`: one receipt after the first acknowledgement; `all`: one when every copy has its fate. */
  readonly receiptWants: 'delivered' | 'all'
  /** The receipt says who got the message. */
  readonly receiptNames: boolean
  /** Durable Sessions that only observe: their copies do not count. */
  readonly observers: readonly SessionNumber[]
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
  /** Null unless it waits for a listener. */
  readonly held: HeldFact | null
  /** The held message whose place this one takes: that one waits no more; 0 for none. */
  readonly replaces: Seq | 0
  readonly owed: OwedFact | null
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

/** A held message has found its listeners: a copy for each of the recipients, and it is held no more. */
export interface DrainedRecord {
  readonly type: 'drained'
  readonly message: Seq
  /** Bytes the message counts for in a queue. */
  readonly size: number
  readonly recipients: Seq
}

/** Messages that are held no more: sent at QoS 0, expired, or given up by an operator. */
export interface UnheldRecord {
  readonly type: 'unheld'
  readonly messages: readonly Seq[]
}

/** Copies of a message that something is owed for have their fate. In one batch with the `settled` of the copies. */
export interface NotedRecord {
  readonly type: 'noted'
  readonly message: Seq
  /** Whose copy it was, if the receipt will say so; else, and for several copies, both are empty. */
  readonly account: string
  readonly clientIdentifier: string
  readonly fate: NotedFate
  readonly copies: number
  readonly atMs: number
}

/** What was owed for a message has been given: the acknowledgement, the receipt, or both. */
export interface GivenRecord {
  readonly type: 'given'
  readonly message: Seq
  readonly acknowledgement: boolean
  readonly receipt: boolean
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
  | SessionGroupsRecord
  | SubscribedRecord
  | UnsubscribedRecord
  | RecipientsRecord
  | MessageRecord
  | CopiedRecord
  | DrainedRecord
  | UnheldRecord
  | NotedRecord
  | GivenRecord
  | ReleasedRecord
  | AssignedRecord
  | ReceivedRecord
  | SettledRecord
