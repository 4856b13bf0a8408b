/**
 * The life of a Session: left by its connection, reminded of its deadlines, ended. MQTT 5.0 sections 3.1.2.5 and 4.1.
 */
import type { Connection } from '../connection/connection.ts'
import { deliverCopy, dropForFullQueue, recipient } from '../routing/delivery.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import type { Copy } from './copy.ts'
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
  if (connection.saidGoodbye) session.will = null
  session.willAtMs = session.will === null ? Number.POSITIVE_INFINITY : willDueMs(session, session.will, nowMs)
  if (!session.survives) {
    endSession(core, session, nowMs, turn)
    return
  }
  if (session.willAtMs <= nowMs) publishWill(core, session, nowMs, turn)
  const { key, expiryInterval } = session
  session.endsAtMs = expiryInterval === neverExpires ? Number.POSITIVE_INFINITY : nowMs + expiryInterval * 1000
  turn.records.push({
    type: 'session-disconnected',
    session: key,
    sessionExpiryInterval: expiryInterval,
    willPending: session.will !== null,
    atMs: nowMs,
  })
  remind(core, session)
}

/** A deadline of the Session may be due: its Will Message, its end, or neither because the client is back. */
export function remindSession(core: CoreState, session: Session, nowMs: number, turn: Turn): void {
  session.remindAtMs = Number.POSITIVE_INFINITY
  if (session.hasEnded || session.isOnline) return
  if (session.endsAtMs <= nowMs) {
    endSession(core, session, nowMs, turn)
    return
  }
  if (session.willAtMs <= nowMs) publishWill(core, session, nowMs, turn)
  remind(core, session)
}

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
export function endSession(core: CoreState, session: Session, nowMs: number, turn: Turn): void {
  if (session.hasEnded) return
  session.hasEnded = true
  if (core.sessions.get(session.key) === session) core.sessions.delete(session.key)
  for (const subscription of session.subscriptions.values()) core.subscriptions.remove(subscription)
  session.subscriptions.clear()
  if (session.will !== null) publishWill(core, session, nowMs, turn)
  if (session.isRecorded) turn.records.push({ type: 'session-ended', session: session.key })
  for (const { copy, mayMove } of session.outbound.takeAll()) {
    core.tally.copies.sessionEnded += 1
    if (mayMove) moveToOtherMember(core, copy, nowMs, turn)
  }
  session.inboundPacketIds = null
  const { clientIdentifier, account } = session
  turn.events.push({ type: 'sessionEnded', clientIdentifier, account })
}

function moveToOtherMember(core: CoreState, copy: Copy, nowMs: number, turn: Turn): void {
  const { message, group } = copy
  if (group === null || message.isExpired(nowMs)) return
  const member = group.choose()
  if (member === null) return
  const qos = message.publish.qos < member.qos ? message.publish.qos : member.qos
  const retain = message.publish.retain && member.retainAsPublished
  const { session, subscriptionIdentifiers } = member
  if (qos > 0 && !session.outbound.hasRoom(message.size, core)) {
    dropForFullQueue(core)
    return
  }
  if (session.survives && qos > 0) {
    const to = recipient(session, qos, retain, subscriptionIdentifiers, member.topicFilter)
    // The whole message: the Session that had it may have left no record of it.
    turn.records.push({
      type: 'message',
      message,
      recipients: [to],
      retained: 'unchanged',
      inbound: null,
      willOf: null,
    })
  }
  deliverCopy(core, session, message, qos, retain, subscriptionIdentifiers, group, nowMs, turn)
}
