/**
 * All Subscriptions to one Topic Filter, and how many of them count as what.
 *
 * Most filters have one, which then stands in their place and has no such object: `Subscriptions` makes one for it when it is asked.
 */
import { SharedGroup } from './shared-group.ts'
import { addTo, Place, placeOf, removeFrom, type Subscription } from './subscription.ts'

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

  /** As it is for the only Subscription to a filter, which is not kept in it. */
  static ofOne(subscription: Subscription): FilterSubscriptions {
    const { filter, isObserver, session } = subscription
    const only = new FilterSubscriptions(filter)
    only.subscriptions = [subscription]
    only.count = 1
    if (isObserver) only.observers = 1
    else if (session.isOnline) only.online = 1
    return only
  }

  get isEmpty(): boolean {
    return this.subscriptions.length === 0 && this.groups === null
  }

  /** Those of shared groups included. */
  get all(): Subscription[] {
    const members = [...(this.groups?.values() ?? [])].flatMap((group) => group.members)
    return [...this.subscriptions, ...members]
  }

  /** `shareName`: of the group it is a member of; null for an ordinary one. */
  add(subscription: Subscription, shareName: string | null): void {
    const group = shareName === null ? null : this.#groupOf(shareName)
    subscription.place = new Place(this, group)
    if (group === null) this.subscriptions = addTo(this.subscriptions, subscription)
    else this.#join(group, subscription)
    this.count += 1
    if (subscription.isObserver) this.observers += 1
    this.countOnline(subscription, subscription.session.isOnline)
  }

  remove(subscription: Subscription): void {
    const { group } = placeOf(subscription)
    if (group === null) removeFrom(this.subscriptions, subscription)
    else {
      this.#leave(group, subscription)
      if (group.members.length === 0) this.groups?.delete(group.shareName)
      if (this.groups?.size === 0) this.groups = null
    }
    this.count -= 1
    if (subscription.isObserver) this.observers -= 1
    this.countOnline(subscription, false)
  }

  setObserver(subscription: Subscription, isObserver: boolean): void {
    if (isObserver) this.countOnline(subscription, false)
    subscription.isObserver = isObserver
    if (!isObserver) this.countOnline(subscription, subscription.session.isOnline)
    this.observers += isObserver ? 1 : -1
    const { group } = placeOf(subscription)
    if (group === null) return
    const change = isObserver ? -1 : 1
    group.listeners += change
    this.listeningMembers += change
    if (group.listeners === (isObserver ? 0 : 1)) this.listeningGroups += change
  }

  countOnline(subscription: Subscription, isOnline: boolean): void {
    const place = placeOf(subscription)
    if (subscription.isObserver || place.countsAsOnline === isOnline) return
    place.countsAsOnline = isOnline
    this.online += isOnline ? 1 : -1
  }

  #groupOf(shareName: string): SharedGroup {
    this.groups ??= new Map()
    let group = this.groups.get(shareName)
    if (group === undefined) {
      group = new SharedGroup(shareName)
      this.groups.set(shareName, group)
    }
    return group
  }

  #join(group: SharedGroup, member: Subscription): void {
    group.add(member)
    if (member.isObserver) return
    this.listeningMembers += 1
    if (group.listeners === 1) this.listeningGroups += 1
  }

  #leave(group: SharedGroup, member: Subscription): void {
    group.remove(member)
    if (member.isObserver) return
    this.listeningMembers -= 1
    if (group.listeners === 0) this.listeningGroups -= 1
  }
}

/** Of the Subscriptions to one Topic Filter those that a message is for. */
export type MatchingSubscriptions = Pick<FilterSubscriptions, 'groups'> & {
  readonly subscriptions: readonly Subscription[]
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
export function totalsWithout(totals: SubscriptionTotals, denied: SubscriptionTotals): SubscriptionTotals {
  return {
    subscriptions: totals.subscriptions,
    online: totals.online - denied.online,
    offline: totals.offline - denied.offline,
    observers: totals.observers - denied.observers,
    denied: denied.subscriptions,
    sharedGroups: totals.sharedGroups - denied.sharedGroups,
  }
}
