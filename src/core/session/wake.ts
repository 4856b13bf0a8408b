/**
 * Asks for a client that is away to be woken when something is queued for it: at once the first time, then not more often than
 * `wakeSecondsMin` allows, with the numbers as they are by then.
 */
import type { Receiver } from '../routing/subscription.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import type { Session } from './session.ts'

export interface Wake {
  /** Of the last message that was queued since the last event; null if none was. */
  topicName: string | null
}

/** A message of QoS 1 or 2 has gone to them under a rule that says `wake`. */
export function wakeThoseAway(
  core: CoreState,
  topicName: string,
  receivers: Iterable<Receiver>,
  without: ReadonlySet<Session>,
  nowMs: number,
  turn: Turn,
): void {
  for (const { session, qos, isObserver } of receivers) {
    if (session.isOnline || qos === 0 || isObserver || without.has(session)) continue
    const wake = core.wakes.get(session)
    if (wake === undefined) report(core, session, topicName, nowMs, turn)
    else wake.topicName = topicName
  }
}

/** The client may be woken again. */
export function remindWake(core: CoreState, session: Session, nowMs: number, turn: Turn): void {
  const topicName = core.wakes.get(session)?.topicName ?? null
  core.wakes.delete(session)
  const waits = session.outbound.queuedMessages + session.outbound.inFlightMessages > 0
  if (topicName !== null && waits && !session.isOnline && !session.hasEnded)
    report(core, session, topicName, nowMs, turn)
}

function report(core: CoreState, session: Session, topicName: string, nowMs: number, turn: Turn): void {
  const { clientIdentifier, account, outbound } = session
  const { queuedMessages: backlogMessages, queuedBytes: backlogBytes } = outbound
  turn.events.push({ type: 'wake', clientIdentifier, account, topicName, backlogMessages, backlogBytes })
  const { wakeSecondsMin } = core.limits
  if (wakeSecondsMin === 0) return
  core.wakes.set(session, { topicName: null })
  core.deadlines.add({ atMs: nowMs + wakeSecondsMin * 1000, type: 'wake', session })
}
