/**
 * Leaves out of what matches a Topic Name whoever may not receive it: such a Subscription is no listener, and no copy is made
 * for it.
 */
import type { Receiving } from '../access/receiving.ts'
import type { FilterSubscriptions, MatchingSubscriptions, SubscriptionTotals } from './filter-subscriptions.ts'
import type { SharedGroup } from './shared-group.ts'
import type { Subscription } from './subscription.ts'

/** What is left, and how many were left out. */
export interface Permitted {
  readonly entries: readonly MatchingSubscriptions[]
  readonly denied: SubscriptionTotals
}

export function permitted(found: readonly FilterSubscriptions[], access: Receiving, topicName: string): Permitted {
  const denied = { subscriptions: 0, online: 0, offline: 0, observers: 0, denied: 0, sharedGroups: 0 }
  const isAllowed = (subscription: Subscription): boolean => {
    const { session, isObserver } = subscription
    if (access.mayReceive(session, topicName)) return true
    denied.subscriptions += 1
    if (isObserver) denied.observers += 1
    else if (session.isOnline) denied.online += 1
    else denied.offline += 1
    return false
  }
  const entries = found.map(({ subscriptions, groups }): MatchingSubscriptions => {
    const left = new Map<string, SharedGroup>()
    for (const [shareName, group] of groups ?? []) {
      const members = group.members.filter(isAllowed)
      if (members.length === group.members.length) left.set(shareName, group)
      else if (members.length > 0) left.set(shareName, group.only(members))
      else denied.sharedGroups += 1
    }
    return { subscriptions: subscriptions.filter(isAllowed), groups: left.size === 0 ? null : left }
  })
  return { entries, denied }
}

/** Those members of a shared group that may have a message; null if there is none. */
export function permittedGroup(group: SharedGroup, access: Receiving | null, topicName: string): SharedGroup | null {
  if (access === null) return group
  const members = group.members.filter(({ session }) => access.mayReceive(session, topicName))
  return members.length === 0 ? null : group.only(members)
}
