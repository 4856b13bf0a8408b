/**
 * Who gets a message of one Topic Name, made of the Subscriptions that match it. @hot
 *
 * Each Session is there at most once, with all of its Subscriptions merged. Nearly always they are few; where they are very many the
 * route is made bit by bit, and is right only if no Subscription changes until it is made.
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
  /** They are listed for this Topic Name alone, because several Topic Filters match or rules say who may receive it. */
  readonly hasOwnList: boolean
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
// Not frozen: V8 walks over a frozen array by calls, and this happens for every message.
const noReceivers: readonly Receiver[] = []

/** Where none matches. */
export function routeToNobody(rule: TopicRule, seen: TopicSeen | null): Route {
  return {
    receivers: noReceivers,
    hasOwnList: false,
    groups: noGroups,
    durable: undefined,
    hasNoLocal: false,
    listeners: 0,
    denied: null,
    rule,
    seen,
  }
}

/** Where one Subscription alone matches: so it is with nearly all Topic Names of very many. */
export function routeToOne(subscription: Subscription, rule: TopicRule, seen: TopicSeen | null): Route {
  const { noLocal, isObserver } = subscription
  return {
    receivers: [subscription],
    hasOwnList: false,
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
  if (only === undefined) {
    const making = new RouteMaking(found, denied, rule, seen)
    making.next(Number.POSITIVE_INFINITY)
    return making.route()
  }
  const receivers = only.subscriptions
  const groups = groupsOf(found)
  let hasNoLocal = false
  for (const { noLocal } of receivers) hasNoLocal ||= noLocal
  const listeners = countListeners(receivers, groups)
  return {
    receivers,
    hasOwnList: denied !== null,
    groups,
    durable: undefined,
    hasNoLocal,
    listeners,
    denied,
    rule,
    seen,
  }
}

/** One that is made of several Topic Filters. */
export class RouteMaking {
  readonly #found: readonly MatchingSubscriptions[]
  readonly #denied: SubscriptionTotals | null
  readonly #rule: TopicRule
  readonly #seen: TopicSeen | null
  readonly #bySession = new Map<Session, Subscription[]>()
  #merging: Iterator<Subscription[], undefined> | null = null
  readonly #receivers: Receiver[] = []
  #hasNoLocal = false
  /** The next Topic Filter, and the next Subscription to it. */
  #filterAt = 0
  #at = 0

  constructor(
    found: readonly MatchingSubscriptions[],
    denied: SubscriptionTotals | null,
    rule: TopicRule,
    seen: TopicSeen | null,
  ) {
    this.#found = found
    this.#denied = denied
    this.#rule = rule
    this.#seen = seen
  }

  /** Looks at about `count` Subscriptions, each of which is looked at twice; true once `route` may be called. */
  next(count: number): boolean {
    let left = count
    for (; this.#filterAt < this.#found.length; this.#filterAt++) {
      const subscriptions = this.#found[this.#filterAt]?.subscriptions ?? []
      const end = Math.min(subscriptions.length, this.#at + left)
      left -= end - this.#at
      this.#gather(subscriptions, end)
      if (end < subscriptions.length) return false
      this.#at = 0
    }
    this.#merging ??= this.#bySession.values()
    while (left > 0) {
      const parts = this.#merging.next().value
      if (parts === undefined) return true
      this.#receivers.push(mergeReceivers(parts))
      left -= parts.length
    }
    return false
  }

  #gather(subscriptions: readonly Subscription[], end: number): void {
    for (; this.#at < end; this.#at++) {
      const subscription = subscriptions[this.#at]
      if (subscription === undefined) continue
      this.#hasNoLocal ||= subscription.noLocal
      const others = this.#bySession.get(subscription.session)
      if (others === undefined) this.#bySession.set(subscription.session, [subscription])
      else others.push(subscription)
    }
  }

  route(): Route {
    const groups = groupsOf(this.#found)
    const receivers = this.#receivers
    const listeners = countListeners(receivers, groups)
    const [hasNoLocal, denied, rule, seen] = [this.#hasNoLocal, this.#denied, this.#rule, this.#seen]
    return { receivers, hasOwnList: true, groups, durable: undefined, hasNoLocal, listeners, denied, rule, seen }
  }
}

function groupsOf(found: readonly MatchingSubscriptions[]): readonly SharedGroup[] {
  let groups: SharedGroup[] | null = null
  for (const entry of found) {
    if (entry.groups === null) continue
    groups ??= []
    for (const group of entry.groups.values()) groups.push(group)
  }
  return groups ?? noGroups
}

/** Sessions and shared groups that do not only observe. */
function countListeners(receivers: readonly Receiver[], groups: readonly SharedGroup[]): number {
  let listeners = 0
  for (const receiver of receivers) if (!receiver.isObserver) listeners += 1
  for (const group of groups) if (group.listeners > 0) listeners += 1
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
