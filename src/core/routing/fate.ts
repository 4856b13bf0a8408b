/**
 * How every message and every copy ends: exactly one named fate each.
 *
 * Two equations hold after every Turn:
 * messages `received + made + restored` = the sum of all message fates, those that are held among them;
 * copies `created` = the sum of all copy fates + those in flight + those queued.
 */
import type { Qos } from '../../protocol/control-packet.ts'
import type { Publish } from '../../protocol/packets/publish.ts'
import type { Message } from '../message.ts'
import type { Seq } from '../record.ts'
import type { CoreState } from '../state.ts'
import type { TopicRule, WhenNobody } from './topic-rule.ts'

export type MessageFate =
  /** It went to a listener, when it came or, if it was held, later. */
  | 'routed'
  /** Nobody listened; it is, or was, the Retained Message of its Topic Name. */
  | 'retainedOnly'
  /** Nobody listened, and the policy says no more than that. */
  | 'unmatched'
  /** Nobody listened, and it waits for somebody: the only fate that can turn into another one. */
  | 'held'
  /** Nobody listened, and it was published again as a dead letter, which has a fate of its own. */
  | 'deadLettered'
  | 'refused'
  /** Its Message Expiry Interval, or the time it may be held, was over before anybody listened. */
  | 'expired'
  /** QoS 0 that should have been held, or kept as a dead letter: there was no room, and nobody to tell. */
  | 'droppedHoldFull'
  /** It was held, and an operator gave it up. */
  | 'droppedByOperator'
  /** It was held, and an operator published it again, which made a message with a fate of its own. */
  | 'republished'

export type CopyFate =
  /** By PUBACK or PUBCOMP. */
  | 'acknowledged'
  /** The client had it and answered with an error, in PUBACK or PUBREC (MQTT 5.0 section 4.8.2). */
  | 'refusedByClient'
  | 'sentQos0'
  | 'expired'
  | 'sessionEnded'
  /** Larger than the client's Maximum Packet Size [MQTT-3.1.2-25]. */
  | 'droppedTooLarge'
  /** QoS 0 for a client that is not connected. */
  | 'droppedOffline'
  /** QoS 0 for a client that does not take what was sent. */
  | 'droppedSlow'
  /** The Session's queue is full, and the message had no publisher that could be refused. */
  | 'droppedQueueFull'
  /** The Session's queue is full, and the message was published as a dead letter. */
  | 'deadLettered'
  /** It waited, and an operator gave it up. */
  | 'droppedByOperator'
  /** It waited, or was sent and not acknowledged, and by now the client may not receive it any more. */
  | 'accessRevoked'

export type MessageFates = Record<MessageFate, number>

/** The names of all there are. */
export const messageFates: readonly MessageFate[] = namesOf(noMessages())
export const copyFates: readonly CopyFate[] = namesOf(noCopies())

function namesOf<Fate extends string>(counts: Record<Fate, number>): readonly Fate[] {
  // Its keys are what its type says.
  return Object.keys(counts) as Fate[]
}

function noCopies(): Record<CopyFate, number> {
  return {
    acknowledged: 0,
    refusedByClient: 0,
    sentQos0: 0,
    expired: 0,
    sessionEnded: 0,
    droppedTooLarge: 0,
    droppedOffline: 0,
    droppedSlow: 0,
    droppedQueueFull: 0,
    deadLettered: 0,
    droppedByOperator: 0,
    accessRevoked: 0,
  }
}

export class Tally {
  /** PUBLISH packets from clients that were new, not repeated; one whose permission is still asked for is not here yet. */
  received = 0
  /** Messages the broker or code that embeds it made: wills, `publish` calls, dead letters, receipts, events. */
  made = 0
  /** Messages that were held when the broker started. */
  restored = 0
  readonly messages: MessageFates = noMessages()
  /** Messages nobody listened for when they came, by what their rule said then. */
  readonly unroutable: Record<WhenNobody, number> = { accept: 0, report: 0, reject: 0, hold: 0, 'dead-letter': 0 }
  created = 0
  readonly copies: Record<CopyFate, number> = noCopies()
}

/** A client, by what a Session belongs to. */
export interface Publisher {
  readonly account: string
  readonly clientIdentifier: string
}

/** A message whose fate is noted, and what is to be said of it. */
export interface NotedMessage {
  readonly topicName: string
  readonly qos: Qos
  readonly retain: boolean
  /** Bytes of Topic Name and payload. */
  readonly size: number
  /** Place of its record; 0 if it has none. */
  readonly seq: Seq
  /** As it was admitted, so that its copies can be told of; null if it was not. */
  readonly message: Message | null
  /** What was published; null if it is not in memory. */
  readonly publish: Publish | null
  /** Null for code in this process and the broker itself. */
  readonly publisher: Publisher | null
  /** Listeners it goes to. */
  readonly matched: number
  /** Why, in words; null where the fate says it. */
  readonly reason: string | null
}

/**
 * A message has its fate: every one comes here once, and one that was held comes again. Counts it, and tells the log and whoever
 * listens. Before its copies are handed out, if there are any.
 */
export function noteFate(
  core: CoreState,
  rule: TopicRule,
  fate: MessageFate,
  noted: NotedMessage,
  nowMs: number,
): void {
  const told = countFate(core, rule, fate, noted.publish, nowMs)
  if (told > 0) tellFate(core, rule, fate, told, noted, nowMs)
}

/** Who is to be told: the log, the events, the tracer, several of them, or nobody. */
const toLog = 1
const toEvents = 2
const toTracer = 4

/** The first half of `noteFate`, for where it must cost nothing to say more than that: 0 if nobody is to be told. */
export function countFate(
  core: CoreState,
  rule: TopicRule,
  fate: MessageFate,
  publish: Publish | null,
  nowMs: number,
): number {
  countMessage(core.tally, rule, fate)
  // What the broker itself has to say is nobody's message.
  if (rule === core.rules.own) return 0
  const told = (core.fateLog.takes(fate, nowMs) ? toLog : 0) | (core.messageEvents.isWatched ? toEvents : 0)
  return core.tracer === null || publish?.properties.userProperties === undefined ? told : told | toTracer
}

/** The second half. */
export function tellFate(
  core: CoreState,
  rule: TopicRule,
  fate: MessageFate,
  told: number,
  noted: NotedMessage,
  nowMs: number,
): void {
  const { filter } = rule.options
  const messageId = (told & toLog) === 0 ? null : core.fateLog.note(fate, filter, noted, nowMs)
  if ((told & toEvents) !== 0) core.messageEvents.tellOfMessage(fate, filter, noted, messageId, nowMs)
  if ((told & toTracer) === 0) return
  core.tracer?.note(fate, filter, noted, noted.publish?.properties.userProperties ?? [])
}

/** Counts a fate alone. */
export function countMessage(tally: Tally, rule: { readonly messages: MessageFates }, fate: MessageFate): void {
  if (fate === 'routed') {
    // Nearly all of them: a name that stands here is found in less time than one that is looked up.
    tally.messages.routed += 1
    rule.messages.routed += 1
  } else {
    tally.messages[fate] += 1
    rule.messages[fate] += 1
  }
}

/** A client's message, or its Will Message, which the broker makes, was refused before anybody looked who listens. */
export function noteRefused(
  core: CoreState,
  packet: Publish,
  publisher: Publisher | null,
  reason: string,
  nowMs: number,
  counts: 'received' | 'made' = 'received',
): void {
  const rule = core.rules.ruleFor(packet.topicName)
  core.tally[counts] += 1
  rule[counts] += 1
  const { topicName, qos, retain, payloadSize } = packet
  const size = topicName.length + payloadSize
  const noted = { topicName, qos, retain, size, seq: 0, message: null, publish: packet, publisher, matched: 0, reason }
  noteFate(core, rule, 'refused', noted, nowMs)
}

export function noMessages(): MessageFates {
  return {
    routed: 0,
    retainedOnly: 0,
    unmatched: 0,
    held: 0,
    deadLettered: 0,
    refused: 0,
    expired: 0,
    droppedHoldFull: 0,
    droppedByOperator: 0,
    republished: 0,
  }
}
