/**
 * What is to become of a message before it is taken in: delivered, held, published as a dead letter, or refused.
 *
 * RETAIN is always applied: of a message that has it nothing but a report is made.
 */
import type { Publish } from '../../protocol/packets/publish.ts'
import type { HeldFact } from '../record.ts'
import type { Route } from '../routing/route.ts'
import type { Source } from '../routing/router.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import { drainTopic } from './drain.ts'

export type Plan =
  /** To whoever subscribes, if only observers do. */
  | 'deliver'
  | 'reject'
  /** Kept on its Topic Name. */
  | 'hold'
  /** Published again as a dead letter. */
  | 'dead-letter'

/** `listeners` is how many count, for this publisher. */
export function planFor(
  core: CoreState,
  packet: Publish,
  source: Source,
  route: Route,
  listeners: number,
  nowMs: number,
  turn: Turn,
): Plan {
  if (packet.retain) return 'deliver'
  if (listeners > 0) {
    const topic = core.held.topic(packet.topicName)
    if (topic === undefined) return 'deliver'
    // What came before goes first; if that cannot be, this one waits behind it.
    const { outcome } = drainTopic(core, topic, Number.POSITIVE_INFINITY, nowMs, turn)
    return outcome === 'stuck' ? 'hold' : 'deliver'
  }
  if (source.isOwn === true) return source.deadLetterOf === undefined ? 'deliver' : 'hold'
  const { whenNobody } = route.rule.options
  return whenNobody === 'accept' || whenNobody === 'report' ? 'deliver' : whenNobody
}

/** What is written down about a message that is held. */
export function heldFact({ session, deadLetterOf }: Source): HeldFact {
  if (deadLetterOf !== undefined) return { reason: 'dead', ...deadLetterOf }
  const { account = '', clientIdentifier = '' } = session ?? {}
  return { reason: 'held', account, clientIdentifier }
}

/** Why a message cannot be held, in words; null if it can. */
export function holdFault(core: CoreState, packet: Publish, fact: HeldFact, route: Route): string | null {
  const size = packet.topicName.length + packet.payloadSize
  const full = core.held.fault(packet.topicName, fact.account, size, route.rule.options, core.limits)
  if (full === null) return null
  const what = fact.reason === 'dead' ? 'dead letters' : 'held messages'
  return `nobody subscribes to this Topic Name, and ${full} has as many ${what} as may be kept; send the message again later`
}

/** Those who only observe get a message at once, whatever becomes of it. */
export function observersOf(route: Route): Route {
  const receivers = route.receivers.filter(({ isObserver }) => isObserver)
  const groups = route.groups.filter(({ members }) => members.every(({ isObserver }) => isObserver))
  return { ...route, receivers, groups, durable: undefined }
}
