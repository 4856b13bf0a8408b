/**
 * The Topic Names messages came in on lately, and who subscribes to them.
 */
import type { SubscriptionTotals } from '../routing/subscriptions.ts'
import { topicFilterMatches } from '../routing/topic-filter.ts'
import type { CoreState } from '../state.ts'
import type { Query } from './row.ts'

export interface SeenTopic {
  readonly topic: string
  /** Since it was first seen, or seen again after it was forgotten. */
  readonly messages: number
  /** Of the last ten to twenty seconds. */
  readonly messagesPerSecond: number
  readonly firstAtMs: number
  readonly lastAtMs: number
  readonly totals: SubscriptionTotals
}

/** Those that match a Topic Filter; null for all. */
export function* topics(core: CoreState, filter: string | null, nowMs: number): Query<SeenTopic> {
  for (const seen of core.topics) {
    const { topicName, messages, firstMs, lastMs } = seen
    if (filter !== null && !topicFilterMatches(filter, topicName)) {
      yield null
      continue
    }
    const messagesPerSecond = Math.round(seen.ratePerSecond(nowMs) * 1000) / 1000
    const totals = core.subscriptions.totals(topicName)
    yield { topic: topicName, messages, messagesPerSecond, firstAtMs: firstMs, lastAtMs: lastMs, totals }
  }
}
