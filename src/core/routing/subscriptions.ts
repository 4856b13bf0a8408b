/**
 * Who subscribes to what, and who gets a message. @hot
 *
 * The answer for a Topic Name is kept until any Subscription changes: `generation` counts the changes.
 */
import type { Receiving } from '../access/receiving.ts'
import type { Session } from '../session/session.ts'
import { FilterSubscriptions, type SubscriptionTotals, totalsOf, totalsWithout } from './filter-subscriptions.ts'
import { OwnWatchers } from './own-watchers.ts'
import { permitted } from './permitted.ts'
import { makeRoute, type Route, RouteMaking, routeToNobody, routeToOne } from './route.ts'
import type { SharedGroup } from './shared-group.ts'
import { Subscription } from './subscription.ts'
import type { TopicRules } from './topic-rule.ts'
import { TopicTree } from './topic-tree.ts'
import type { TopicsSeen } from './topics-seen.ts'

/** A route in the making, of so many Subscriptions that others get their turn in between. */
export interface LongRoute {
  readonly topicName: string
  /** Null once the Topic Filters are found. */
  finding: ((count: number) => boolean) | null
  making: RouteMaking | null
  /** For which it holds. */
  readonly generation: number
}

/** Whose Subscriptions only observe: those of some accounts, and those to some Topic Filters. */
export interface Observers {
  readonly accounts: ReadonlySet<string>
  readonly filters: ReadonlySet<string>
}

const sharePrefix = '$share/'
/** What the answers that are kept may take in memory, and what one of them takes besides its Topic Name. */
const routesBytesMax = 32 * 1024 * 1024
const routeBytes = 256
/** The same for lists of receivers that are a route's own: for each its place there, and in the recipient set if its Session is durable. */
const listsBytesMax = 64 * 1024 * 1024
const placeBytes = 8
const memberBytes = 96
/** Others take their place once so many times as many as are kept have found no room: those may not be asked for any more. */
const turnsKept = 8
/** From so many matching Subscriptions on an answer is made bit by bit. */
const longRouteMin = 25_000
/** So many nodes of the tree are looked at in one go: a millisecond or two. */
export const nodesPerSlice = 4000

export class Subscriptions {
  /** A Subscription that is the only one to its filter stands there itself. */
  readonly #tree = new TopicTree<Subscription | FilterSubscriptions>()
  #routes = new Map<string, Route>()
  #routesBytes = 0
  #listsBytes = 0
  /** Answers that found no room. */
  #notKept = 0
  /** What matches the Topic Name that was looked for last; null: it may match no more. */
  #found: (Subscription | FilterSubscriptions)[] = []
  #foundFor: string | null = null
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

  /** Topic Filters that somebody subscribes to, without `$share/NAME/`. */
  get filterCount(): number {
    return this.#tree.size
  }

  /** Those to Shared Subscriptions. */
  get sharedCount(): number {
    return this.#sharedCount
  }

  /** A new Subscription; the caller sets its options and keeps it in the Session. */
  add(session: Session, topicFilter: string, filter: string, shareName: string | null, nowMs: number): Subscription {
    const subscription = new Subscription(session, topicFilter, nowMs)
    subscription.isObserver = this.#onlyObserves(session, filter)
    const known = this.#tree.get(filter)
    if (known === undefined && shareName === null) this.#tree.set(subscription)
    else this.#several(filter, known).add(subscription, shareName)
    this.#count += 1
    if (shareName !== null) this.#sharedCount += 1
    this.watchers.count(filter, 1)
    this.changed()
    return subscription
  }

  /** What stands in the tree from the second Subscription to a filter on, or the first of a shared group. */
  #several(filter: string, known: Subscription | FilterSubscriptions | undefined): FilterSubscriptions {
    if (known instanceof FilterSubscriptions) return known
    const several = new FilterSubscriptions(filter)
    if (known !== undefined) several.add(known, null)
    this.#tree.set(several)
    return several
  }

  remove(subscription: Subscription): void {
    const { filter, place } = subscription
    place?.filterSubscriptions.remove(subscription)
    if (place === null || place.filterSubscriptions.isEmpty) this.#tree.delete(filter)
    this.#count -= 1
    if (subscription.group !== null) this.#sharedCount -= 1
    this.watchers.count(filter, -1)
    this.changed()
  }

  #onlyObserves({ account }: Session, filter: string): boolean {
    const { accounts, filters } = this.#observers
    return filters.has(filter) || accounts.has(account)
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
      for (const subscription of entry instanceof FilterSubscriptions ? entry.all : [entry]) {
        const isObserver = this.#onlyObserves(subscription.session, entry.filter)
        if (subscription.isObserver === isObserver) continue
        if (entry instanceof FilterSubscriptions) entry.setObserver(subscription, isObserver)
        else subscription.isObserver = isObserver
        if (!isObserver) listened.add(entry.filter)
      }
    }
    this.changed()
    return listened
  }

  /** To be called after the client of a Session has come or gone. */
  presenceChanged(session: Session): void {
    const { isOnline } = session
    for (const subscription of session.subscriptions.values()) {
      subscription.place?.filterSubscriptions.countOnline(subscription, isOnline)
    }
  }

  /** Every Topic Filter that matches, with its Subscriptions. What was found last is not looked for again. */
  matching(topicName: string): FilterSubscriptions[] {
    this.#find(topicName)
    return this.#found.map(asSeveral)
  }

  /**
   * Finds them in slices, for a Topic Name that very many filters match: looks at `count` of the tree's nodes each time and returns true
   * once `matching` knows them, or a Subscription has changed, so that it has to look itself.
   */
  finding(topicName: string): (count: number) => boolean {
    const { generation } = this
    const search = this.#tree.search(topicName)
    return (count) => {
      if (generation !== this.generation) return true
      if (!search.goOn(count)) return false
      this.#found = search.found
      this.#foundFor = topicName
      return true
    }
  }

  /** The Subscriptions to exactly this Topic Filter. */
  get(filter: string): FilterSubscriptions | undefined {
    const known = this.#tree.get(filter)
    return known === undefined ? undefined : asSeveral(known)
  }

  /** Those of every Topic Filter, in steps: null where there is none. */
  *all(): Generator<FilterSubscriptions | null, void> {
    for (const known of this.#tree.values()) yield known === null ? null : asSeveral(known)
  }

  /** Costs a step for each Topic Filter that matches, however many subscribe to it; with access rules, what a route costs. */
  totals(topicName: string): SubscriptionTotals {
    const totals = totalsOf(this.matching(topicName))
    const denied = this.access === null ? null : this.route(topicName).denied
    return denied === null || denied.subscriptions === 0 ? totals : totalsWithout(totals, denied)
  }

  /** To be called after an option of a Subscription was changed in place. */
  changed(): void {
    this.generation += 1
    this.#forgetRoutes()
  }

  #forgetRoutes(): void {
    this.#foundFor = null
    if (this.#routes.size > 0) this.#routes.clear()
    this.#routesBytes = 0
    this.#listsBytes = 0
    this.#notKept = 0
  }

  /** The shared group of a `$share/name/filter`, if it has a member. */
  group(sharedFilter: string): SharedGroup | undefined {
    const nameEnd = sharedFilter.indexOf('/', sharePrefix.length)
    const known = this.#tree.get(sharedFilter.slice(nameEnd + 1))
    if (!(known instanceof FilterSubscriptions)) return undefined
    return known.groups?.get(sharedFilter.slice(sharePrefix.length, nameEnd))
  }

  route(topicName: string): Route {
    const known = this.#routes.get(topicName)
    if (known !== undefined) return known
    const route = this.#makeRoute(topicName)
    // Of very many names that nobody listens to most do not come again.
    if (this.#found.length > 0 || route.seen?.isKnown !== false) this.#keep(topicName, route)
    return route
  }

  /** False if that takes more than `nodesMax` nodes. */
  #find(topicName: string, nodesMax?: number): boolean {
    if (this.#foundFor === topicName) return true
    this.#found.length = 0
    this.#foundFor = this.#tree.match(topicName, this.#found, nodesMax) ? topicName : null
    return this.#foundFor !== null
  }

  /** Where there are more than can be kept those that are kept stay: messages to all of them in turn would find none otherwise. */
  #keep(topicName: string, route: Route): void {
    if (this.#routesBytes > routesBytesMax || this.#listsBytes > listsBytesMax) {
      this.#notKept += 1
      if (this.#notKept < this.#routes.size * turnsKept) return
      this.#forgetRoutes()
    }
    this.#routesBytes += routeBytes + topicName.length
    if (route.hasOwnList) this.#listsBytes += listBytes(route)
    this.#routes.set(topicName, route)
  }

  /** Null if `route` answers soon, and with access rules; else what makes the answer bit by bit, for `goOnWith`. */
  longRoute(topicName: string): LongRoute | null {
    if (this.#count < longRouteMin || this.access !== null || this.#routes.has(topicName)) return null
    const { generation } = this
    if (!this.#find(topicName, nodesPerSlice)) {
      return { topicName, finding: this.finding(topicName), making: null, generation }
    }
    if (this.#found.length === 1) return null
    let count = 0
    for (const known of this.#found) count += known instanceof FilterSubscriptions ? known.subscriptions.length : 1
    return count < longRouteMin ? null : { topicName, finding: null, making: this.#making(topicName), generation }
  }

  #making(topicName: string): RouteMaking {
    const found = this.#found.map(asSeveral)
    return new RouteMaking(found, null, this.#rules.ruleFor(topicName), this.#topics.find(topicName))
  }

  /** Looks at `count` Subscriptions more. True if there is no more to do: `route` knows it, or a Subscription has changed meanwhile. */
  goOnWith(long: LongRoute, count: number): boolean {
    const { topicName, finding } = long
    if (long.generation !== this.generation) return true
    if (finding !== null) {
      if (!finding(nodesPerSlice)) return false
      long.finding = null
      long.making = this.#making(topicName)
      return false
    }
    if (long.making?.next(count) === false) return false
    if (long.making !== null) this.#keep(topicName, long.making.route())
    return true
  }

  #makeRoute(topicName: string): Route {
    this.#find(topicName)
    const rule = this.#rules.ruleFor(topicName)
    const seen = this.#topics.find(topicName)
    const [first] = this.#found
    if (first === undefined) return routeToNobody(rule, seen)
    if (this.#found.length === 1 && first instanceof Subscription && this.access === null) {
      return routeToOne(first, rule, seen)
    }
    const found = this.#found.map(asSeveral)
    const left = this.access === null ? null : permitted(found, this.access, topicName)
    return makeRoute(left?.entries ?? found, left?.denied ?? null, rule, seen)
  }
}

function listBytes({ receivers }: Route): number {
  let bytes = 0
  for (const { qos, session } of receivers) bytes += qos > 0 && session.survives ? memberBytes : placeBytes
  return bytes
}

function asSeveral(known: Subscription | FilterSubscriptions): FilterSubscriptions {
  return known instanceof FilterSubscriptions ? known : FilterSubscriptions.ofOne(known)
}
