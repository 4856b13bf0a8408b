/**
 * Who subscribes to what, and who gets a message. @hot
 *
 * The answer for a Topic Name is kept until any Subscription changes: `generation` counts the changes.
 */
import type { Receiving } from '../access/receiving.ts'
import type { RecipientSet } from '../rest/recipient-set.ts'
import type { Session } from '../session/session.ts'
import { OwnWatchers } from './own-watchers.ts'
import { permitted } from './permitted.ts'
import { SharedGroup } from './shared-group.ts'
import { addTo, type Receiver, removeFrom, Subscription } from './subscription.ts'
import type { TopicRule, TopicRules } from './topic-rule.ts'
import { TopicTree } from './topic-tree.ts'
import type { TopicSeen, TopicsSeen } from './topics-seen.ts'

/** All Subscriptions to one Topic Filter. */
export class FilterSubscriptions {
  readonly filter: string
  subscriptions: Subscription[] = []
  groups: Map<string, SharedGroup> | null = null
  /** Members of the shared groups are counted in all three. */
  count = 0
  /** Those that only observe. */
  observers = 0
  /** Those that do not, and whose client is connected. */
  online = 0
  /** Shared groups that count as listeners, and the members that make them do so. */
  listeningGroups = 0
  listeningMembers = 0

  constructor(filter: string) {
    this.filter = filter
  }

  get isEmpty(): boolean {
    return this.subscriptions.length === 0 && this.groups === null
  }
}

/** Of the Subscriptions to one Topic Filter those that a message is for. */
export type MatchingSubscriptions = Pick<FilterSubscriptions, 'groups'> & {
  readonly subscriptions: readonly Subscription[]
}

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

/** Subscriptions that match a Topic Name; `online + offline + observers + denied = subscriptions`. */
export interface SubscriptionTotals {
  readonly subscriptions: number
  /** Those that count as listeners and whose client is connected; the rest of them is offline. */
  readonly online: number
  readonly offline: number
  readonly observers: number
  /** Those that may not receive it, and count as nothing else. */
  readonly denied: number
  readonly sharedGroups: number
}

/** Whose Subscriptions only observe: those of some accounts, and those to some Topic Filters. */
export interface Observers {
  readonly accounts: ReadonlySet<string>
  readonly filters: ReadonlySet<string>
}

const noGroups: readonly SharedGroup[] = Object.freeze([])
const sharePrefix = '$share/'
/** What the answers that are kept may take in memory, and what one of them takes besides its Topic Name. */
const routesBytesMax = 16 * 1024 * 1024
const routeBytes = 256

export class Subscriptions {
  #tree = new TopicTree<FilterSubscriptions>()
  #routes = new Map<string, Route>()
  #routesBytes = 0
  #found: FilterSubscriptions[] = []
  #count = 0
  #sharedCount = 0
  readonly #rules: TopicRules
  #observers: Observers
  readonly #topics: TopicsSeen
  readonly watchers: OwnWatchers
  /** Who may receive what; null: everybody everything. Whoever sets it calls `changed`. */
  access: Receiving | null = null
  /** Changes whenever a Subscription is made, changed or removed. */
  generation = 0

  /** `watchers` counts those of them that are for what the broker itself has to say. */
  constructor(
    rules: TopicRules,
    observers: Observers,
    topics: TopicsSeen,
    watchers: OwnWatchers = new OwnWatchers(() => {}),
  ) {
    this.#rules = rules
    this.#topics = topics
    this.#observers = observers
    this.watchers = watchers
  }

  /** Subscriptions in all, shared ones included. */
  get count(): number {
    return this.#count
  }

  /** Those to Shared Subscriptions. */
  get sharedCount(): number {
    return this.#sharedCount
  }

  /** A new Subscription; the caller sets its options and keeps it in the Session. */
  add(session: Session, topicFilter: string, filter: string, shareName: string | null, nowMs: number): Subscription {
    let entry = this.#tree.get(filter)
    if (entry === undefined) {
      entry = new FilterSubscriptions(filter)
      this.#tree.set(filter, entry)
    }
    const group = shareName === null ? null : groupOf(entry, shareName)
    const subscription = new Subscription(session, topicFilter, entry, group, nowMs)
    subscription.isObserver = this.#onlyObserves(subscription)
    if (group === null) entry.subscriptions = addTo(entry.subscriptions, subscription)
    else joinGroup(entry, group, subscription)
    this.#count += 1
    entry.count += 1
    if (subscription.isObserver) entry.observers += 1
    this.#countOnline(subscription, session.isOnline)
    if (group !== null) this.#sharedCount += 1
    this.watchers.count(filter, 1)
    this.changed()
    return subscription
  }

  remove(subscription: Subscription): void {
    const entry = subscription.filterSubscriptions
    const group = subscription.group
    if (group === null) removeFrom(entry.subscriptions, subscription)
    else {
      leaveGroup(entry, group, subscription)
      if (group.members.length === 0) entry.groups?.delete(group.shareName)
      if (entry.groups?.size === 0) entry.groups = null
    }
    if (entry.isEmpty) this.#tree.delete(entry.filter)
    this.#count -= 1
    entry.count -= 1
    if (subscription.isObserver) entry.observers -= 1
    this.#countOnline(subscription, false)
    if (group !== null) this.#sharedCount -= 1
    this.watchers.count(entry.filter, -1)
    this.changed()
  }

  #onlyObserves({ session, filterSubscriptions }: Subscription): boolean {
    const { accounts, filters } = this.#observers
    return filters.has(filterSubscriptions.filter) || accounts.has(session.account)
  }

  /**
   * Others only observe from now on. Looks at every Subscription; returns the Topic Filters that somebody has begun to count as a
   * listener of.
   */
  observe(observers: Observers): ReadonlySet<string> {
    this.#observers = observers
    const listened = new Set<string>()
    for (const entry of this.#tree.values()) {
      if (entry === null) continue
      const members = [...(entry.groups?.values() ?? [])].flatMap((group) => group.members)
      for (const subscription of [...entry.subscriptions, ...members]) {
        const isObserver = this.#onlyObserves(subscription)
        if (subscription.isObserver === isObserver) continue
        this.#setObserver(entry, subscription, isObserver)
        if (!isObserver) listened.add(entry.filter)
      }
    }
    this.changed()
    return listened
  }

  #setObserver(entry: FilterSubscriptions, subscription: Subscription, isObserver: boolean): void {
    if (isObserver) this.#countOnline(subscription, false)
    subscription.isObserver = isObserver
    if (!isObserver) this.#countOnline(subscription, subscription.session.isOnline)
    entry.observers += isObserver ? 1 : -1
    const { group } = subscription
    if (group === null) return
    const change = isObserver ? -1 : 1
    group.listeners += change
    entry.listeningMembers += change
    if (group.listeners === (isObserver ? 0 : 1)) entry.listeningGroups += change
  }

  /** To be called after the client of a Session has come or gone. */
  presenceChanged(session: Session): void {
    for (const subscription of session.subscriptions.values()) this.#countOnline(subscription, session.isOnline)
  }

  #countOnline(subscription: Subscription, isOnline: boolean): void {
    if (subscription.isObserver || subscription.countsAsOnline === isOnline) return
    subscription.countsAsOnline = isOnline
    subscription.filterSubscriptions.online += isOnline ? 1 : -1
  }

  /** Every Topic Filter that matches, with its Subscriptions. */
  matching(topicName: string): FilterSubscriptions[] {
    const found: FilterSubscriptions[] = []
    this.#tree.match(topicName, found)
    return found
  }

  /** The Subscriptions to exactly this Topic Filter. */
  get(filter: string): FilterSubscriptions | undefined {
    return this.#tree.get(filter)
  }

  /** Those of every Topic Filter, in steps: null where there is none. */
  all(): Generator<FilterSubscriptions | null, void> {
    return this.#tree.values()
  }

  /** Costs a step for each Topic Filter that matches, however many subscribe to it; with access rules, what a route costs. */
  totals(topicName: string): SubscriptionTotals {
    const totals = totalsOf(this.matching(topicName))
    const denied = this.access === null ? null : this.route(topicName).denied
    return denied === null || denied.subscriptions === 0 ? totals : without(totals, denied)
  }

  /** To be called after an option of a Subscription was changed in place. */
  changed(): void {
    this.generation += 1
    this.#forgetRoutes()
  }

  #forgetRoutes(): void {
    if (this.#routes.size > 0) this.#routes.clear()
    this.#routesBytes = 0
  }

  /** The shared group of a `$share/name/filter`, if it has a member. */
  group(sharedFilter: string): SharedGroup | undefined {
    const nameEnd = sharedFilter.indexOf('/', sharePrefix.length)
    const entry = this.#tree.get(sharedFilter.slice(nameEnd + 1))
    return entry?.groups?.get(sharedFilter.slice(sharePrefix.length, nameEnd))
  }

  route(topicName: string): Route {
    const known = this.#routes.get(topicName)
    if (known !== undefined) return known
    this.#found.length = 0
    this.#tree.match(topicName, this.#found)
    const left = this.access === null ? null : permitted(this.#found, this.access, topicName)
    const seen = this.#topics.find(topicName)
    const route = makeRoute(left?.entries ?? this.#found, left?.denied ?? null, this.#rules.ruleFor(topicName), seen)
    this.#found.length = 0
    if (this.#routesBytes > routesBytesMax) this.#forgetRoutes()
    this.#routesBytes += routeBytes + topicName.length
    this.#routes.set(topicName, route)
    return route
  }
}

export function totalsOf(entries: readonly FilterSubscriptions[]): SubscriptionTotals {
  let subscriptions = 0
  let online = 0
  let observers = 0
  let sharedGroups = 0
  for (const entry of entries) {
    subscriptions += entry.count
    online += entry.online
    observers += entry.observers
    if (entry.groups !== null) sharedGroups += entry.groups.size
  }
  return { subscriptions, online, offline: subscriptions - online - observers, observers, denied: 0, sharedGroups }
}

/** Those that are denied stand where they are counted as that alone. */
function without(totals: SubscriptionTotals, denied: SubscriptionTotals): SubscriptionTotals {
  return {
    subscriptions: totals.subscriptions,
    online: totals.online - denied.online,
    offline: totals.offline - denied.offline,
    observers: totals.observers - denied.observers,
    denied: denied.subscriptions,
    sharedGroups: totals.sharedGroups - denied.sharedGroups,
  }
}

function joinGroup(entry: FilterSubscriptions, group: SharedGroup, member: Subscription): void {
  group.add(member)
  if (member.isObserver) return
  entry.listeningMembers += 1
  if (group.listeners === 1) entry.listeningGroups += 1
}

function leaveGroup(entry: FilterSubscriptions, group: SharedGroup, member: Subscription): void {
  group.remove(member)
  if (member.isObserver) return
  entry.listeningMembers -= 1
  if (group.listeners === 0) entry.listeningGroups -= 1
}

function groupOf(entry: FilterSubscriptions, shareName: string): SharedGroup {
  entry.groups ??= new Map()
  let group = entry.groups.get(shareName)
  if (group === undefined) {
    group = new SharedGroup(shareName)
    entry.groups.set(shareName, group)
  }
  return group
}

function makeRoute(
  found: readonly MatchingSubscriptions[],
  denied: SubscriptionTotals | null,
  rule: TopicRule,
  seen: TopicSeen | null,
): Route {
  const only = found.length === 1 ? found[0] : undefined
  if (only !== undefined && only.groups === null && only.subscriptions.length === 1) {
    // Nearly all of many.
    const [{ noLocal, isObserver }] = only.subscriptions as [Subscription]
    const listeners = isObserver ? 0 : 1
    return {
      receivers: only.subscriptions,
      groups: noGroups,
      durable: undefined,
      hasNoLocal: noLocal,
      listeners,
      denied,
      rule,
      seen,
    }
  }
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
