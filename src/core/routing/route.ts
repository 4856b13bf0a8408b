/**
 * Who gets the messages of one Topic Name, made of the Subscriptions that match it. @hot
 */
import type { RecipientSet } from '../rest/recipient-set.ts'
import type { Session } from '../session/session.ts'
import type { MatchingSubscriptions, SubscriptionTotals } from './filter-subscriptions.ts'
import type { SharedGroup } from './shared-group.ts'
import type { Receiver, Subscription } from './subscription.ts'
import type { TopicRule } from './topic-rule.ts'
import type { TopicSeen } from './topics-seen.ts'

/** Who gets a message of one Topic Name, and what holds for it. */
export interface Route {
  /** Each Session at most once. */
  readonly receivers: readonly Receiver[]
  readonly groups: readonly SharedGroup[]
  /** The set of the durable Sessions among the receivers; null if there are none, undefined if nobody has asked yet. */
  durable: RecipientSet | null | undefined
  /** A Subscription among them has No Local. */
  readonly hasNoLocal: boolean
  /** Sessions and shared groups that count as listeners: that do not only observe. */
  readonly listeners: number
  /** Subscriptions that match and may not receive it: they are not among the others. Null where there are no rules about that. */
  readonly denied: SubscriptionTotals | null
  readonly rule: TopicRule
  /** Where its messages are counted; null for those that are not. */
  readonly seen: TopicSeen | null
}

const noGroups: readonly SharedGroup[] = Object.freeze([])

/** Where one Subscription alone matches: so it is with nearly all Topic Names of very many. */
export function routeToOne(subscription: Subscription, rule: TopicRule, seen: TopicSeen | null): Route {
  const { noLocal, isObserver } = subscription
  return {
    receivers: [subscription],
    groups: noGroups,
    durable: undefined,
    hasNoLocal: noLocal,
    listeners: isObserver ? 0 : 1,
    denied: null,
    rule,
    seen,
  }
}

export function makeRoute(
  found: readonly MatchingSubscriptions[],
  denied: SubscriptionTotals | null,
  rule: TopicRule,
  seen: TopicSeen | null,
): Route {
  const only = found.length === 1 ? found[0] : undefined
  const groups = found.some((entry) => entry.groups !== null)
    ? found.flatMap((entry) => [...(entry.groups?.values() ?? [])])
    : noGroups
  const hasNoLocal = found.some((entry) => entry.subscriptions.some((subscription) => subscription.noLocal))
  const countingGroups = groups.length === 0 ? 0 : groups.filter((group) => group.listeners > 0).length
  if (only !== undefined) {
    const listeners = countingGroups + countListeners(only.subscriptions)
    return { receivers: only.subscriptions, groups, durable: undefined, hasNoLocal, listeners, denied, rule, seen }
  }
  const bySession = new Map<Session, Subscription[]>()
  for (const entry of found) {
    for (const subscription of entry.subscriptions) {
      const others = bySession.get(subscription.session)
      if (others === undefined) bySession.set(subscription.session, [subscription])
      else others.push(subscription)
    }
  }
  const receivers: Receiver[] = []
  for (const parts of bySession.values()) receivers.push(mergeReceivers(parts))
  const listeners = countingGroups + countListeners(receivers)
  return { receivers, groups, durable: undefined, hasNoLocal, listeners, denied, rule, seen }
}

function countListeners(receivers: readonly Receiver[]): number {
  let listeners = 0
  for (const receiver of receivers) if (!receiver.isObserver) listeners += 1
  return listeners
}

/** One copy for overlapping Subscriptions: the highest QoS and every Subscription Identifier. `parts` is not empty. */
export function mergeReceivers(parts: readonly Subscription[]): Receiver {
  const [first] = parts
  if (first === undefined) throw new Error('there must be a Subscription to merge')
  if (parts.length === 1) return first
  let qos = first.qos
  let retainAsPublished = false
  let noLocal = false
  let isObserver = true
  const identifiers: number[] = []
  for (const part of parts) {
    if (part.qos > qos) qos = part.qos
    retainAsPublished ||= part.retainAsPublished
    noLocal ||= part.noLocal
    isObserver &&= part.isObserver
    if (part.subscriptionIdentifiers !== null) identifiers.push(...part.subscriptionIdentifiers)
  }
  const subscriptionIdentifiers = identifiers.length === 0 ? null : identifiers
  return { session: first.session, qos, retainAsPublished, noLocal, isObserver, subscriptionIdentifiers, parts }
}
