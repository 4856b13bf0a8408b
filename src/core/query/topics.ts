/**
 * The Topic Names messages came in on lately, and who subscribes to them.
 */
import type { SubscriptionTotals } from '../routing/filter-subscriptions.ts'
import { topicFilterMatches } from '../routing/topic-filter.ts'
import type { TopicSeen } from '../routing/topics-seen.ts'
import type { CoreState } from '../state.ts'
import { largest } from './largest.ts'
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
    const isWanted = filter === null || topicFilterMatches(filter, seen.topicName)
    yield isWanted ? rowOf(core, seen, nowMs) : null
  }
}

/** Those with the most messages a second of late, the busiest first. */
export function* busiestTopics(core: CoreState, most: number, nowMs: number): Query<SeenTopic> {
  const found = yield* largest(core.topics, most, (seen) => seen.ratePerSecond(nowMs))
  for (const seen of found) yield rowOf(core, seen, nowMs)
}

function rowOf(core: CoreState, seen: TopicSeen, nowMs: number): SeenTopic {
  const { topicName, messages, firstMs, lastMs } = seen
  const messagesPerSecond = Math.round(seen.ratePerSecond(nowMs) * 1000) / 1000
  const totals = core.subscriptions.totals(topicName)
  return { topic: topicName, messages, messagesPerSecond, firstAtMs: firstMs, lastAtMs: lastMs, totals }
}
