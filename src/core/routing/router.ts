/**
 * Admits a message: decides who gets it, writes that down, and hands out the copies. MQTT 5.0 section 3.3.5. @hot
 *
 * Everything that can be refused is refused before the first copy is made: an admitted message is never rolled back.
 */
import type { Publish } from '../../protocol/packets/publish.ts'
import { ReasonCode } from '../../protocol/reason-code.ts'
import { hold } from '../held/hold.ts'
import { heldFact, holdFault, observersOf, type Plan, planFor } from '../held/plan.ts'
import { writeRecord } from '../log.ts'
import { Message } from '../message.ts'
import { type Claim, closeAtOnce, isAwaited, type Owing, openObligation, owedRefusal, owingFor } from '../owed/owing.ts'
import type { HeldFact, MessageRecord, Seq } from '../record.ts'
import type { RecipientSet } from '../rest/recipient-set.ts'
import { retainRuleOf } from '../rest/recipient-sets.ts'
import { packetIdBehind } from '../session/packet-ids.ts'
import type { Session } from '../session/session.ts'
import { wakeThoseAway } from '../session/wake.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import { chooseMembers, type DurableSets, durableSets, noSets, recordSets, withoutNoLocal } from './audience.ts'
import { deadLetter } from './dead-letter.ts'
import { deliverCopy, deliverFurther, deliverToSet, dropForFullQueue } from './delivery.ts'
import { countFate, type MessageFate, type NotedMessage, noteFate, tellFate } from './fate.ts'
import { fullSessions, makeRoom, noSessions, queueRefusal } from './full-sessions.ts'
import { retainRefusal } from './retain-refusal.ts'
import type { Route } from './route.ts'
import type { Receiver, Subscription } from './subscription.ts'
import type { TopicRule } from './topic-rule.ts'

/** Where a message comes from. */
export interface Source {
  /** Null for code in this process. */
  readonly session: Session | null
  /** Packet Identifier of a QoS 2 PUBLISH; else 0. */
  readonly inboundPacketId: number
  readonly isWill: boolean
  /** Somebody hears of a refusal. If not, a Session with a full queue goes without its copy, counted. */
  readonly mayBeRefused: boolean
  /** A client sent it, or the broker or code in this process made it. */
  readonly counts: 'received' | 'made'
  /** No policy holds for it: it is a dead letter, or something the broker itself has to say. */
  readonly isOwn?: boolean
  /** Who published the message that it is the dead letter of: if nobody subscribes it is kept. */
  readonly deadLetterOf?: { readonly account: string; readonly clientIdentifier: string }
  /** The held message whose place it takes. */
  readonly replaces?: Seq
  /** What the publisher asks for, or the rule lets it wait for, beyond an answer at once. */
  readonly claim?: Claim
  /** Where it goes, if that is known already. */
  readonly route?: Route
}

export interface Admission {
  /** 0x00, 0x10 No matching subscribers, or the error it was refused with: then nothing has happened. */
  readonly reasonCode: number
  /** Listeners it went to; one Session counts once, a shared group counts once. */
  readonly matched: number
  /** Why it was refused. */
  readonly text: string | null
  /** What the publisher is told beyond the Reason Code, as `pabal-fate`. */
  readonly fate: string | null
  /** `reject`, and a client that cannot be told is not to be disconnected for it. */
  readonly isQuiet: boolean
  /** The acknowledgement waits for subscribers: whoever is owed it gets it from there. */
  readonly isAnsweredLater: boolean
}

const success: Admission = outcome(ReasonCode.Success, 1)
const nobody: Admission = outcome(ReasonCode.NoMatchingSubscribers, 0)
const accepted: Admission = outcome(ReasonCode.Success, 0)
const held: Admission = Object.freeze({ ...nobody, fate: 'held' })
const heldBehind: Admission = Object.freeze({ ...success, fate: 'held' })
const buried: Admission = Object.freeze({ ...nobody, fate: 'dead-lettered' })
// Not frozen: V8 walks over a frozen array by calls, and this happens for every message.
const noMembers: readonly Subscription[] = []

/** `packet` is kept: its bytes are copied out of the socket's chunk if the message outlives the turn. */
export function admitMessage(core: CoreState, packet: Publish, source: Source, nowMs: number, turn: Turn): Admission {
  const known = source.route ?? core.subscriptions.route(packet.topicName)
  const { rule } = known
  if (known.seen !== null) core.topics.count(known.seen, nowMs)
  countSource(core.tally, source)
  countSource(rule, source)
  const listeners = known.hasNoLocal ? listenersFor(known, source.session) : known.listeners
  if (listeners === 0 && rule !== core.rules.own) core.tally.unroutable[rule.options.whenNobody] += 1
  const isPlain = listeners > 0 && core.held.count === 0
  const plan = isPlain ? 'deliver' : planFor(core, packet, source, known, listeners, nowMs, turn)
  const route = plan === 'deliver' ? known : observersOf(known)
  const members = route.groups.length === 0 ? noMembers : chooseMembers(route)
  const full = packet.qos === 0 ? noSessions : fullSessions(core, packet, route, members)
  if (plan !== 'deliver' || packet.qos > 0 || packet.retain) {
    const refusal = findRefusal(core, packet, source, route, members, full, plan, nowMs)
    if (refusal !== null) {
      const fate = isDropped(packet, source, plan) ? 'droppedHoldFull' : 'refused'
      noteFate(core, rule, fate, notedOf(packet, null, source, 0, refusal.text), nowMs)
      return refusal
    }
  }
  const without = full === noSessions || rule === core.rules.own ? full : makeRoom(core, packet, full, rule)
  const message = new Message(0, packet, nowMs)
  message.mayGiveWay = rule.options.whenQueueFull === 'drop-oldest'
  const sets = packet.qos === 0 ? noSets : durableSets(core, route, members, source.session, without)
  const fact = plan === 'hold' ? heldFact(source) : null
  const owing = owingFor(core, packet, source, route, members, plan === 'deliver' ? listeners : 0, fact !== null)
  const isRetained = recordMessage(core, message, sets.sets, source, fact, owing, turn)
  const fate = fateOf(plan, listeners, isRetained)
  const told = countFate(core, rule, fate, packet, nowMs)
  if (told > 0) tellFate(core, rule, fate, told, notedOf(packet, message, source, listeners, null), nowMs)
  const obligation = owing === null ? null : openObligation(core, message, owing, source)
  const endedBefore = core.endings.length
  deliverAll(core, message, route, members, sets, source, without, nowMs, turn)
  if (obligation !== null) closeAtOnce(core, obligation, fate, endedBefore)
  if (rule.options.wake && packet.qos > 0 && plan === 'deliver') {
    wakeThoseAway(core, packet.topicName, [...route.receivers, ...members], without, nowMs, turn)
  }
  if (without !== noSessions && without.size > 0 && isDeadLettered(rule, source))
    bury(core, packet, rule, source, without, nowMs, turn)
  if (core.reportsMessages) turn.events.push({ type: 'published', message, matched: listeners })
  if (fact !== null) {
    hold(core, message, fact, rule)
    return listeners > 0 ? heldBehind : held
  }
  if (plan === 'dead-letter') {
    bury(core, packet, rule, source, noSessions, nowMs, turn)
    return buried
  }
  if (listeners === 0) return rule.options.whenNobody === 'accept' ? accepted : nobody
  if (owing?.holdsAcknowledgement === true) return { ...outcome(ReasonCode.Success, listeners), isAnsweredLater: true }
  if (rule.options.acknowledge !== 'on-receipt' && source.claim !== undefined && packet.qos > 0) {
    // There is nothing to wait for, or no more may wait.
    return {
      ...outcome(ReasonCode.Success, listeners),
      fate: isAwaited(packet, route, members, source.session) ? 'queued' : 'sent',
    }
  }
  return listeners === 1 ? success : outcome(ReasonCode.Success, listeners)
}

function countSource(counts: { received: number; made: number }, { counts: name }: Source): void {
  if (name === 'received') counts.received += 1
  else counts.made += 1
}

/** Publishes a message that nobody, or not everybody, could have as a dead letter. */
function bury(
  core: CoreState,
  packet: Publish,
  rule: TopicRule,
  source: Source,
  without: ReadonlySet<Session>,
  nowMs: number,
  turn: Turn,
): void {
  const { account = '', clientIdentifier = '' } = source.session ?? {}
  const letter = deadLetter(packet, rule, source.session, without, nowMs)
  admitMessage(core, letter, { ...fromBroker, deadLetterOf: { account, clientIdentifier } }, nowMs, turn)
}

/** Where the broker's own messages come from. */
export const fromBroker: Source = Object.freeze({
  session: null,
  inboundPacketId: 0,
  isWill: false,
  mayBeRefused: false,
  counts: 'made',
  isOwn: true,
})

/** With nothing more to say. */
export function outcome(reasonCode: number, matched: number): Admission {
  return { reasonCode, matched, text: null, fate: null, isQuiet: false, isAnsweredLater: false }
}

function fateOf(plan: Plan, listeners: number, isRetained: boolean): MessageFate {
  if (plan === 'hold') return 'held'
  if (plan === 'dead-letter') return 'deadLettered'
  return listeners > 0 ? 'routed' : isRetained ? 'retainedOnly' : 'unmatched'
}

function notedOf(
  packet: Publish,
  message: Message | null,
  source: Source,
  matched: number,
  reason: string | null,
): NotedMessage {
  const { topicName, qos, retain, payloadSize } = packet
  const publisher = source.session ?? source.deadLetterOf ?? null
  const size = topicName.length + payloadSize
  const seq = message?.seq ?? 0
  return { topicName, qos, retain, size, seq, message, publish: packet, publisher, matched, reason }
}

/** No Local: the publisher's own Subscriptions that have it are no listeners [MQTT-3.8.3-3]. */
function listenersFor(route: Route, publisher: Session | null): number {
  let { listeners } = route
  for (const receiver of route.receivers) {
    if (!receiver.noLocal || receiver.isObserver || receiver.session !== publisher) continue
    if (withoutNoLocal(receiver)?.isObserver !== false) listeners -= 1
  }
  return listeners
}

function rejection({ options }: TopicRule): Admission {
  const text = 'nobody subscribes to this Topic Name'
  const isQuiet = options.rejectOlder === 'accept-and-count'
  return { ...outcome(options.rejectReasonCode, 0), text, isQuiet }
}

/** What a full Session goes without is published as a dead letter. */
function isDeadLettered(rule: TopicRule, source: Source): boolean {
  return rule.options.whenQueueFull === 'dead-letter' && source.isOwn !== true
}

function deliverAll(
  core: CoreState,
  message: Message,
  route: Route,
  members: readonly Subscription[],
  durable: DurableSets,
  source: Source,
  without: ReadonlySet<Session>,
  nowMs: number,
  turn: Turn,
): void {
  const fullFate = isDeadLettered(route.rule, source) ? 'deadLettered' : 'droppedQueueFull'
  const isForMany = message.publish.qos > 0 && route.receivers.length > 1
  if (isForMany) message.sharedPacketId = packetIdBehind(core.lastSharedPacketId)
  for (const receiver of route.receivers) {
    const to = receiver.noLocal && receiver.session === source.session ? withoutNoLocal(receiver) : receiver
    if (to !== null) deliverUnrecorded(core, to, null, message, fullFate, without, nowMs, turn)
  }
  if (members !== noMembers) {
    for (const member of members) deliverUnrecorded(core, member, member, message, fullFate, without, nowMs, turn)
  }
  if (durable !== noSets) {
    for (const set of durable.sets) deliverToSet(core, set, message, message.seq, nowMs, turn)
    for (const set of durable.further) deliverFurther(core, set, message, nowMs, turn)
  }
  if (isForMany) core.lastSharedPacketId = message.sharedPacketId
}

/** The copy of one Session, unless it is a durable one: then it is in a set. */
function deliverUnrecorded(
  core: CoreState,
  to: Receiver,
  member: Subscription | null,
  message: Message,
  fullFate: 'deadLettered' | 'droppedQueueFull',
  without: ReadonlySet<Session>,
  nowMs: number,
  turn: Turn,
): void {
  const { publish } = message
  const { session, subscriptionIdentifiers } = to
  const qos = publish.qos < to.qos ? publish.qos : to.qos
  if (qos > 0) {
    if (without.size > 0 && without.has(session)) {
      dropForFullQueue(core, fullFate, session, message.seq, message)
      return
    }
    if (session.survives) return
  }
  const sharedFilter = member === null ? null : member.topicFilter
  deliverCopy(core, session, message, qos, retainRuleOf(to), subscriptionIdentifiers, sharedFilter, nowMs, turn)
}

/** Writes the message down if any fact about it must survive; true if it is retained now. */
function recordMessage(
  core: CoreState,
  message: Message,
  sets: readonly RecipientSet[],
  source: Source,
  held: HeldFact | null,
  owing: Owing | null,
  turn: Turn,
): boolean {
  const { session, inboundPacketId, isWill, replaces = 0 } = source
  const inbound =
    session !== null && inboundPacketId > 0 && session.survives
      ? { session: session.number, packetId: inboundPacketId }
      : null
  const willOf = isWill && session !== null && session.number > 0 ? session.number : null
  const retained = message.publish.retain ? retainedChange(core, message) : 'unchanged'
  if (retained === 'set' && session !== null) message.publisher = session.identity
  const owed = owing?.waits === true ? owing.fact : null
  const isKept = retained !== 'unchanged' || held !== null || replaces !== 0 || owed !== null
  if (sets.length === 0 && inbound === null && willOf === null && !isKept) return false
  if (session !== null && (inbound !== null || willOf !== null)) core.noteChanged(session)
  const recipients = sets.length === 0 ? [] : recordSets(core, sets, turn)
  message.own()
  const more = { held, replaces, owed }
  message.seq = writeRecord(core, turn, { type: 'message', message, recipients, retained, inbound, willOf, ...more })
  if (retained === 'set') retain(core, message)
  else if (retained === 'deleted') core.retained.delete(message.topicName)
  return retained === 'set'
}

/**
 * A message with RETAIN takes the place of its Topic Name's Retained Message; an empty one removes it [MQTT-3.3.1-6]. There
 * may be no room for one that could not be refused.
 */
function retainedChange(core: CoreState, message: Message): MessageRecord['retained'] {
  if (message.publish.payloadSize > 0) return core.mayRetain(message.topicName, message.size) ? 'set' : 'unchanged'
  return core.retained.get(message.topicName) === undefined ? 'unchanged' : 'deleted'
}

function retain(core: CoreState, message: Message): void {
  core.live.add(message.seq, 1)
  core.retained.set(message)
  if (message.expiresMs !== Number.POSITIVE_INFINITY) {
    core.deadlines.add({ atMs: message.expiresMs, type: 'retained', topicName: message.topicName })
  }
}

function findRefusal(
  core: CoreState,
  packet: Publish,
  source: Source,
  route: Route,
  members: readonly Subscription[],
  full: ReadonlySet<Session>,
  plan: Plan,
  nowMs: number,
): Admission | null {
  if (plan === 'reject') return rejection(route.rule)
  const fault = plan === 'deliver' ? null : findHoldFault(core, packet, source, route, plan, nowMs)
  if (fault !== null) return refusal(fault)
  if (source.mayBeRefused) {
    const retainFault = packet.retain && packet.payloadSize > 0 ? retainRefusal(core, packet) : null
    if (retainFault !== null) return refusal(retainFault)
    const owedFault = owedRefusal(core, packet, source, route, members, plan === 'hold')
    if (owedFault !== null) return refusal(owedFault)
    const { whenQueueFull } = route.rule.options
    if (full.size > 0 && (whenQueueFull === 'refuse' || whenQueueFull === 'spill')) {
      return refusal(queueRefusal(core, full, route.rule))
    }
  }
  // QoS 0 with RETAIN too, though nobody hears of it: it would take what room is left.
  if (core.storeTakesMessages || source.isWill) return null
  if (plan === 'deliver' && !needsRecord(packet, source, route, members)) return null
  return refusal('the broker cannot store messages at the moment')
}

/** Why there is no room to hold a message, or the dead letter it would become; null if there is. */
function findHoldFault(
  core: CoreState,
  packet: Publish,
  source: Source,
  route: Route,
  plan: Plan,
  nowMs: number,
): string | null {
  if (plan === 'hold') return holdFault(core, packet, heldFact(source), route)
  const letter = deadLetter(packet, route.rule, source.session, noSessions, nowMs)
  const of = core.subscriptions.route(letter.topicName)
  if (of.listeners > 0) return null
  return holdFault(core, letter, { ...heldFact(source), reason: 'dead' }, of)
}

/** Nobody hears that there was no room for it. */
function isDropped(packet: Publish, source: Source, plan: Plan): boolean {
  return plan !== 'deliver' && plan !== 'reject' && (packet.qos === 0 || !source.mayBeRefused)
}

/** Whether a message that a client publishes would have to be written down. */
export function needsStore(core: CoreState, packet: Publish, session: Session | null): boolean {
  const route = core.subscriptions.route(packet.topicName)
  const { whenNobody } = route.rule.options
  if (route.listeners === 0 && (whenNobody === 'hold' || whenNobody === 'dead-letter')) return true
  const members = route.groups.flatMap((group) => [...group.members])
  return needsRecord(packet, { session }, route, members)
}

function needsRecord(
  packet: Publish,
  { session, claim }: Pick<Source, 'session' | 'claim'>,
  route: Route,
  members: readonly Subscription[],
): boolean {
  const mayBeOwed = route.rule.options.acknowledge !== 'on-receipt' || (claim !== undefined && claim.receipt !== null)
  if (mayBeOwed && isAwaited(packet, route, members, session)) return true
  if (packet.retain || (packet.qos === 2 && session !== null && session.survives)) return true
  const isDurable = (to: Receiver): boolean => packet.qos > 0 && to.qos > 0 && to.session.survives
  return route.receivers.some(isDurable) || members.some(isDurable)
}

function refusal(text: string): Admission {
  return { ...outcome(0, 0), reasonCode: ReasonCode.QuotaExceeded, text }
}
