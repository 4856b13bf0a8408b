/**
 * The life of a Session: left by its connection, reminded of its deadlines, ended. MQTT 5.0 sections 3.1.2.5 and 4.1.
 */
import type { Connection } from '../connection/connection.ts'
import type { SessionEndReason } from '../event.ts'
import { writeRecord, writeSessionRecord } from '../log.ts'
import { Message } from '../message.ts'
import { retainRuleOf } from '../rest/recipient-sets.ts'
import { recordSets, sharedSet } from '../routing/audience.ts'
import { deliverCopy, deliverToSet, dropForFullQueue, enqueueInSet } from '../routing/delivery.ts'
import { permittedGroup } from '../routing/permitted.ts'
import type { Subscription } from '../routing/subscription.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import { Copy } from './copy.ts'
import { neverExpires, type Session } from './session.ts'
import { publishWill, willDueMs } from './will.ts'

/** The Session's Network Connection is gone. */
export function detachSession(
  core: CoreState,
  session: Session,
  connection: Connection,
  nowMs: number,
  turn: Turn,
): void {
  session.connection = null
  session.presenceMs = nowMs
  core.subscriptions.presenceChanged(session)
  if (connection.saidGoodbye) session.will = null
  session.willAtMs = session.will === null ? Number.POSITIVE_INFINITY : willDueMs(session, session.will, nowMs)
  // What a stop of the broker cuts off is looked after when it starts again.
  const isPutOff = core.isStopping && core.options.isDurable && session.number > 0
  if (!session.survives && !isPutOff) {
    endSession(core, session, 'connection-closed', nowMs, turn)
    return
  }
  if (session.willAtMs <= nowMs && !isPutOff) publishWill(core, session, nowMs, turn)
  recordDisconnected(core, session, nowMs, turn)
  remind(core, session)
}

/**
 * After a restart: time takes its course. If the client was connected when the process ended, its Will Delay and its
 * Session Expiry Interval begin now. An interval longer than the limit, which was higher when the Session began, is lowered.
 */
export function goOnAfterRestart(
  core: CoreState,
  session: Session,
  wasConnected: boolean,
  nowMs: number,
  turn: Turn,
): void {
  const { sessionExpirySecondsMax } = core.limits
  if (wasConnected) {
    session.presenceMs = nowMs
    session.outbound.sentThrough = core.lastSeq
    session.expiryInterval = Math.min(session.expiryInterval, sessionExpirySecondsMax)
    if (session.will !== null) session.willAtMs = willDueMs(session, session.will, nowMs)
    recordDisconnected(core, session, nowMs, turn)
  } else if (session.expiryInterval > sessionExpirySecondsMax) {
    const endsAtMs = loweredEndMs(session, sessionExpirySecondsMax, nowMs)
    session.expiryInterval = sessionExpirySecondsMax
    session.willAtMs = Math.min(session.willAtMs, endsAtMs)
    recordDisconnected(core, session, endsAtMs - sessionExpirySecondsMax * 1000, turn)
  }
  remindSession(core, session, nowMs, turn)
}

/**
 * When a Session whose client is away ends if its Session Expiry Interval may not be longer than `secondsMax`. How long a
 * client has been away whose Session never ends is not known: for it the time begins now.
 */
export function loweredEndMs(session: Session, secondsMax: number, nowMs: number): number {
  const { endsAtMs, expiryInterval } = session
  if (expiryInterval <= secondsMax) return endsAtMs
  if (expiryInterval === neverExpires) return nowMs + secondsMax * 1000
  return endsAtMs - (expiryInterval - secondsMax) * 1000
}

function recordDisconnected(core: CoreState, session: Session, nowMs: number, turn: Turn): void {
  const { expiryInterval } = session
  session.endsAtMs = expiryInterval === neverExpires ? Number.POSITIVE_INFINITY : nowMs + expiryInterval * 1000
  // Else a crash would bring settled copies back behind those in flight, which came later.
  core.writeSettledOf(session, turn)
  writeSessionRecord(core, turn, session, {
    type: 'session-disconnected',
    session: session.number,
    sessionExpiryInterval: expiryInterval,
    willPending: session.will !== null,
    sentThrough: session.outbound.sentThrough,
    atMs: nowMs,
    sent: sentCopies(session),
  })
}

/** QoS 1 copies with records that are in flight: order and Packet Identifier in turn. QoS 2 has records of its own. */
function sentCopies(session: Session): number[] {
  const sent: number[] = []
  for (const { qos, order, packetId } of session.outbound.inFlight ?? []) {
    if (qos === 1 && order > 0) sent.push(order, packetId)
  }
  return sent
}

/** A deadline of the Session may be due: its Will Message, its end, or neither because the client is back. */
export function remindSession(core: CoreState, session: Session, nowMs: number, turn: Turn): void {
  session.remindAtMs = Number.POSITIVE_INFINITY
  if (session.hasEnded || session.isOnline) return
  if (session.endsAtMs <= nowMs) {
    endSession(core, session, 'expired', nowMs, turn)
    return
  }
  if (session.willAtMs <= nowMs) fireWill(core, session, nowMs, turn)
  remind(core, session)
}

/** A Will Message whose delay is over. One that may not be published has no record of its own that says it is gone. */
function fireWill(core: CoreState, session: Session, nowMs: number, turn: Turn): void {
  const isRefused = publishWill(core, session, nowMs, turn) === 'refused'
  if (!isRefused || session.number === 0) return
  const { endsAtMs, expiryInterval } = session
  recordDisconnected(
    core,
    session,
    endsAtMs === Number.POSITIVE_INFINITY ? nowMs : endsAtMs - expiryInterval * 1000,
    turn,
  )
}

/** Sees to it that the core is called when the Session's Will Message or its end is due. */
function remind(core: CoreState, session: Session): void {
  const atMs = Math.min(session.willAtMs, session.endsAtMs)
  if (atMs >= session.remindAtMs) return
  session.remindAtMs = atMs
  core.deadlines.add({ atMs, type: 'session', session })
}

/**
 * Ends a Session: its Will Message goes out now if it still waits [MQTT-3.1.3-9], what it had of a Shared Subscription
 * goes to another member, everything else in it is over.
 */
export function endSession(
  core: CoreState,
  session: Session,
  reason: SessionEndReason,
  nowMs: number,
  turn: Turn,
): void {
  if (session.hasEnded) return
  session.hasEnded = true
  if (reason === 'expired') core.traffic.sessionsExpired += 1
  core.sessions.remove(session)
  for (const subscription of session.subscriptions.values()) core.subscriptions.remove(subscription)
  session.subscriptions.clear()
  if (session.will !== null) publishWill(core, session, nowMs, turn)
  const { clientIdentifier, account, number } = session
  if (number > 0) writeSessionRecord(core, turn, session, { type: 'session-ended', session: number })
  const copies = session.outbound.takeAll(core)
  for (const { copy, mayMove } of copies) {
    const before = core.endings.length
    core.endCopy('sessionEnded', session, copy.messageSeq, copy.message)
    const hasMoved = mayMove && moveToOtherMember(core, copy, nowMs, turn)
    const ending = core.endings[before]
    if (hasMoved && ending !== undefined) ending.hasMoved = true
    if (copy.order > 0) core.release(copy.order, copy.messageSeq)
  }
  session.inboundPacketIds = null
  core.owed.releaseAll(session)
  turn.events.push({ type: 'sessionEnded', clientIdentifier, account, reason, messages: copies.length })
}

/** What an ended Session had not finished of a Shared Subscription goes to the member whose turn it is, if there is one: true. */
function moveToOtherMember(core: CoreState, copy: Copy, nowMs: number, turn: Turn): boolean {
  const { message, sharedFilter } = copy
  if (sharedFilter === null || message?.isExpired(nowMs) === true) return false
  const group = core.subscriptions.group(sharedFilter) ?? null
  // What is in the store only is looked at when it is sent.
  const left = group === null || message === null ? group : permittedGroup(group, core.receiving, message.topicName)
  const member = left?.choose() ?? null
  if (member === null) return false
  // Its Topic Name may be in the store only: what holds for all Topic Names holds here.
  const { whenQueueFull } = message === null ? core.options : core.rules.ruleFor(message.topicName).options
  if (member.qos > 0 && !member.session.outbound.hasRoom(copy.size, core, whenQueueFull)) {
    dropForFullQueue(core, 'droppedQueueFull', member.session, copy.messageSeq, message)
    return true
  }
  if (member.session.survives && member.qos > 0) moveDurably(core, copy, member, nowMs, turn)
  else if (message !== null) {
    const qos = message.publish.qos < member.qos ? message.publish.qos : member.qos
    const { session, subscriptionIdentifiers } = member
    deliverCopy(core, session, message, qos, retainRuleOf(member), subscriptionIdentifiers, sharedFilter, nowMs, turn)
  } else moveUnread(core, copy, member, nowMs, turn)
  return true
}

function moveDurably(core: CoreState, copy: Copy, member: Subscription, nowMs: number, turn: Turn): void {
  const set = sharedSet(core, member)
  const [recipients = 0] = recordSets(core, [set], turn)
  // Without an order it may have a record all the same, if something is owed for it.
  if (copy.order > 0 || core.owed.has(copy.messageSeq)) {
    const order = writeRecord(core, turn, { type: 'copied', message: copy.messageSeq, size: copy.size, recipients })
    if (copy.message !== null) deliverToSet(core, set, copy.message, order, nowMs, turn)
    else enqueueInSet(core, set, copy.messageSeq, order, copy.size, false, nowMs, turn)
    return
  }
  if (copy.message === null) throw new Error('a copy without records has its message in memory')
  // Until now nothing about it had to survive, or no longer.
  const message = new Message(0, copy.message.publish, copy.message.receivedMs)
  message.own()
  const record = { message, recipients: [recipients], retained: 'unchanged', inbound: null, willOf: null } as const
  message.seq = writeRecord(core, turn, { type: 'message', ...record, held: null, replaces: 0, owed: null })
  deliverToSet(core, set, message, message.seq, nowMs, turn)
}

/** The message is in the store only: it is read when the member can take it, and its record kept until then. */
function moveUnread(core: CoreState, copy: Copy, member: Subscription, nowMs: number, turn: Turn): void {
  const { messageSeq, size, sharedFilter } = copy
  core.beginCopy(member.session, messageSeq)
  if (member.qos === 0) {
    core.endCopy('droppedOffline', member.session, messageSeq, null)
    return
  }
  core.live.add(messageSeq, 1)
  const { session, qos, subscriptionIdentifiers } = member
  const retain = retainRuleOf(member)
  const moved = new Copy(null, messageSeq, messageSeq, size, qos, retain, subscriptionIdentifiers, sharedFilter)
  session.outbound.enqueue(moved)
  session.outbound.sendQueued(core, nowMs, turn)
}
