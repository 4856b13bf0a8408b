/**
 * Admits a message: decides who gets it, writes that down, and hands out the copies. MQTT 5.0 section 3.3.5. @hot
 *
 * Everything that can be refused is refused before the first copy is made: an admitted message is never rolled back.
 */
import type { Publish } from '../../protocol/packets/publish.ts'
import { ReasonCode } from '../../protocol/reason-code.ts'
import { Message } from '../message.ts'
import type { MessageRecord, Recipient } from '../record.ts'
import type { Session } from '../session/session.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import { deliverCopy, dropForFullQueue, recipient } from './delivery.ts'
import type { Receiver, Subscription } from './subscription.ts'
import { mergeReceivers, type Route } from './subscriptions.ts'

/** Where a message comes from. */
export interface Source {
  /** Null for code in this process. */
  readonly session: Session | null
  /** Packet Identifier of a QoS 2 PUBLISH; else 0. */
  readonly inboundPacketId: number
  readonly isWill: boolean
  /** Somebody hears of a refusal. If not, a Session with a full queue goes without its copy, counted. */
  readonly mayBeRefused: boolean
}

export interface Admission {
  /** 0x00, 0x10 No matching subscribers, or the error it was refused with: then nothing has happened. */
  readonly reasonCode: number
  /** Subscriptions it went to; one Session counts once, a shared group counts once. */
  readonly matched: number
  /** Why it was refused. */
  readonly text: string | null
}

const success: Admission = Object.freeze({ reasonCode: ReasonCode.Success, matched: 1, text: null })
const nobody: Admission = Object.freeze({ reasonCode: ReasonCode.NoMatchingSubscribers, matched: 0, text: null })

/** `packet` is kept: its bytes are copied out of the socket's chunk if the message outlives the turn. */
export function admitMessage(core: CoreState, packet: Publish, source: Source, nowMs: number, turn: Turn): Admission {
  const route = core.subscriptions.route(packet.topicName)
  const members = route.groups.length === 0 ? noMembers : chooseMembers(route)
  if (source.mayBeRefused && (packet.qos > 0 || packet.retain)) {
    const refusal = findRefusal(core, packet, source, route, members)
    if (refusal !== null) {
      core.tally.messages.refused += 1
      return refusal
    }
  }
  const message = new Message(core.nextMessageId(), packet, source.session, nowMs)
  const record = new RecordUnderWay(message, source, turn)
  const isRetained = packet.retain && retain(core, message, record)
  let matched = 0
  for (const receiver of route.receivers) {
    const to = receiver.noLocal && receiver.session === source.session ? withoutNoLocal(receiver) : receiver
    if (to === null) continue
    matched += 1
    deliverTo(core, to, null, message, record, source, nowMs, turn)
  }
  for (const member of members) {
    matched += 1
    deliverTo(core, member, member, message, record, source, nowMs, turn)
  }
  countFate(core, isRetained, matched)
  if (core.reportsMessages) turn.events.push({ type: 'published', message, matched })
  if (matched === 0) return nobody
  return matched === 1 ? success : { reasonCode: ReasonCode.Success, matched, text: null }
}

function deliverTo(
  core: CoreState,
  to: Receiver,
  member: Subscription | null,
  message: Message,
  record: RecordUnderWay,
  source: Source,
  nowMs: number,
  turn: Turn,
): void {
  const { publish } = message
  const { session } = to
  const qos = publish.qos < to.qos ? publish.qos : to.qos
  const retain = publish.retain && to.retainAsPublished
  if (qos > 0) {
    if (!source.mayBeRefused && !session.outbound.hasRoom(message.size, core)) {
      dropForFullQueue(core)
      return
    }
    if (session.survives) {
      const sharedFilter = member === null ? null : member.topicFilter
      record.addRecipient(recipient(session, qos, retain, to.subscriptionIdentifiers, sharedFilter))
    }
  }
  const group = member === null ? null : member.group
  deliverCopy(core, session, message, qos, retain, to.subscriptionIdentifiers, group, nowMs, turn)
}

/** The record of a message, made when the first fact of it must survive, so that it precedes what follows from it. */
class RecordUnderWay {
  readonly #message: Message
  readonly #source: Source
  readonly #turn: Turn
  #recipients: Recipient[] | null = null

  constructor(message: Message, source: Source, turn: Turn) {
    this.#message = message
    this.#source = source
    this.#turn = turn
    const { session, inboundPacketId, isWill } = source
    if (session !== null && ((inboundPacketId > 0 && session.survives) || (isWill && session.isRecorded))) {
      this.#begin('unchanged')
    }
  }

  addRecipient(to: Recipient): void {
    this.#recipients ??= this.#begin('unchanged')
    this.#recipients.push(to)
  }

  setRetained(change: 'set' | 'deleted'): void {
    this.#begin(change)
  }

  #begin(retained: MessageRecord['retained']): Recipient[] {
    const { session, inboundPacketId, isWill } = this.#source
    if (this.#recipients !== null) this.#turn.records.pop()
    this.#recipients ??= []
    const inbound =
      session !== null && inboundPacketId > 0 && session.survives
        ? { session: session.key, packetId: inboundPacketId }
        : null
    const willOf = isWill && session?.isRecorded ? session.key : null
    this.#message.own()
    this.#turn.records.push({
      type: 'message',
      message: this.#message,
      recipients: this.#recipients,
      retained,
      inbound,
      willOf,
    })
    return this.#recipients
  }
}

/**
 * A message with RETAIN takes the place of its Topic Name's Retained Message; an empty one removes it [MQTT-3.3.1-6]. True
 * if it is retained: there may be no room for one that could not be refused.
 */
function retain(core: CoreState, message: Message, record: RecordUnderWay): boolean {
  if (message.publish.payloadSize === 0) {
    if (core.retained.delete(message.topicName)) record.setRetained('deleted')
    return false
  }
  if (!core.mayRetain(message.topicName)) return false
  core.retained.set(message)
  record.setRetained('set')
  if (message.expiresMs !== Number.POSITIVE_INFINITY) {
    core.deadlines.add({ atMs: message.expiresMs, type: 'retained', topicName: message.topicName })
  }
  return true
}

const noMembers: readonly Subscription[] = Object.freeze([])

function chooseMembers(route: Route): Subscription[] {
  const members: Subscription[] = []
  for (const group of route.groups) {
    const member = group.choose()
    if (member !== null) members.push(member)
  }
  return members
}

/** No Local: the publisher's own Subscriptions that have it do not count [MQTT-3.8.3-3]. */
function withoutNoLocal(receiver: Receiver): Receiver | null {
  const parts = receiver.parts?.filter((part) => !part.noLocal) ?? []
  return parts.length === 0 ? null : mergeReceivers(parts)
}

function findRefusal(
  core: CoreState,
  packet: Publish,
  source: Source,
  route: Route,
  members: readonly Subscription[],
): Admission | null {
  if (packet.retain && packet.payloadSize > 0 && !core.mayRetain(packet.topicName)) {
    return refusal(`the broker keeps no more than ${core.limits.retainedMessagesMax} Retained Messages`)
  }
  let needsRecord = packet.retain || (packet.qos === 2 && source.session !== null && source.session.survives)
  const size = packet.topicName.length + packet.payloadSize
  for (let position = 0; position < route.receivers.length + members.length; position++) {
    const to = route.receivers[position] ?? members[position - route.receivers.length]
    if (to === undefined || to.qos === 0 || packet.qos === 0) continue
    if (!to.session.outbound.hasRoom(size, core)) {
      return refusal('the queue of a subscriber is full; send the message again later')
    }
    needsRecord ||= to.session.survives
  }
  if (needsRecord && !core.storeTakesMessages) return refusal('the broker cannot store messages at the moment')
  return null
}

function refusal(text: string): Admission {
  return { reasonCode: ReasonCode.QuotaExceeded, matched: 0, text }
}

function countFate(core: CoreState, isRetained: boolean, matched: number): void {
  if (matched > 0) core.tally.messages.routed += 1
  else if (isRetained) core.tally.messages.retainedOnly += 1
  else core.tally.messages.unmatched += 1
}
