/**
 * What is to become of a message before it is taken in: delivered, held, published as a dead letter, or refused.
 *
 * RETAIN is always applied: of a message that has it nothing but a report is made.
 */
import type { Publish } from '../../protocol/packets/publish.ts'
import { reachLimit } from '../limit-reached.ts'
import type { HeldFact } from '../record.ts'
import type { Route } from '../routing/route.ts'
import type { Source } from '../routing/router.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import { drainTopic } from './drain.ts'
import type { HeldLimit } from './held-messages.ts'

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
  const limit = core.held.fault(packet.topicName, fact.account, size, route.rule.options, core.limits)
  if (limit === null) return null
  const what = fact.reason === 'dead' ? 'dead letters' : 'held messages'
  const { filter, heldMessagesMax, heldBytesMax } = route.rule.options
  const ofRule = { heldMessagesPerTopicMax: heldMessagesMax, heldBytesPerTopicMax: heldBytesMax }
  const most = ofRule[limit as keyof typeof ofRule] ?? core.limits[limit]
  const amount = limit.startsWith('heldBytes') ? `${most} bytes of ${what}` : `${most} ${what}`
  const text = `nobody subscribes to this Topic Name, and ${placeOf(limit)} may have ${amount}; send the message again later`
  const named = reachLimit(core, limit, text)
  if (most === core.limits[limit]) return named
  // The rule has a bound of its own, which stands in the place of the limit.
  return `${text} (${limit.replace('PerTopic', '')} of the rule for ${filter})`
}

function placeOf(limit: HeldLimit): string {
  if (limit.includes('PerTopic')) return 'it'
  return limit.includes('PerAccount') ? 'your account' : 'the broker'
}

/** Those who only observe get a message at once, whatever becomes of it. */
export function observersOf(route: Route): Route {
  const receivers = route.receivers.filter(({ isObserver }) => isObserver)
  const groups = route.groups.filter(({ members }) => members.every(({ isObserver }) => isObserver))
  return { ...route, receivers, groups, durable: undefined }
}
