/**
 * An operator subscribes a client: as if it had sent SUBSCRIBE, but nobody is asked, and the client is not told, because MQTT has no
 * packet for that.
 */
import type { SubscriptionRequest } from '../../protocol/control-packet.ts'
import { beginDrain } from '../held/drain.ts'
import type { Session } from '../session/session.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import { RetainedDelivery } from './retained-delivery.ts'
import { deliverFirst, isOwnFilter, putSubscription, reportSubscribed } from './subscribing.ts'
import type { Subscription } from './subscription.ts'
import { parseTopicFilter } from './topic-filter.ts'

/** The Subscription, or why there is none, in words. */
export type SubscribedByOperator =
  | { readonly type: 'subscribed'; readonly subscription: Subscription }
  | { readonly type: 'refused'; readonly reason: string }

/** A client that is away gets no Retained Messages for it: it is sent them when it subscribes itself. */
export function subscribeByOperator(
  core: CoreState,
  session: Session,
  request: SubscriptionRequest,
  nowMs: number,
  turn: Turn,
): SubscribedByOperator {
  const { topicFilter, noLocal, retainHandling } = request
  if (session.hasEnded) return { type: 'refused', reason: 'a Session that has just ended' }
  const parsed = parseTopicFilter(topicFilter, core.limits)
  if (parsed.type === 'fault') return { type: 'refused', reason: parsed.reason }
  const { filter, shareName } = parsed
  if (noLocal && shareName !== null) return { type: 'refused', reason: 'a Shared Subscription with No Local' }
  if (isOwnFilter(topicFilter)) return { type: 'refused', reason: 'a Topic Filter of the broker that no client has' }
  const { connection, subscriptions } = session
  const isNew = !subscriptions.has(topicFilter)
  if (isNew && subscriptions.size >= core.limits.subscriptionsPerSessionMax) {
    const reason = `a Session that has ${subscriptions.size} Subscriptions, as many as one may have`
    return { type: 'refused', reason }
  }
  const subscription = putSubscription(core, session, request, parsed, 0, nowMs, turn)
  reportSubscribed(session, subscription, 'operator', turn)
  if (connection === null) beginDrain(core, filter, nowMs, turn)
  else {
    const isWanted = shareName === null && (retainHandling === 0 || (retainHandling === 1 && isNew))
    const retained = isWanted ? [new RetainedDelivery(subscription, core)] : []
    deliverFirst(core, connection, session, retained, [subscription], nowMs, turn)
  }
  return { type: 'subscribed', subscription }
}
