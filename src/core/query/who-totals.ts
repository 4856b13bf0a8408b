/**
 * The counts that come before the rows of `who`, and all that is told without the permission to observe.
 */
import { type FilterSubscriptions, type SubscriptionTotals, totalsOf } from '../routing/filter-subscriptions.ts'
import type { Session } from '../session/session.ts'
import type { CoreState } from '../state.ts'

/** How many listen to a Topic Name: `subscriptions` is `online + offline + observers + denied`. */
export interface WhoTotals extends SubscriptionTotals {
  /**
   * Sessions and shared groups that a message goes to, those left out that only observe. The Subscriptions of one Session are
   * one listener.
   */
  readonly listeners: number
  /** False: there are too many overlapping Subscriptions to look which belong together, so each counts as a listener. */
  readonly listenersAreExact: boolean
}

/** So many Subscriptions are looked at one by one at most. */
const comparedMax = 1000

/** Costs a step for each Topic Filter that matches, and a bounded number for those that overlap; with access rules, what a route costs. */
export function whoTotals(core: CoreState, topicName: string): WhoTotals {
  const entries = core.subscriptions.matching(topicName)
  if (core.receiving !== null) {
    // Who may receive it has been looked at one by one already, and is kept with the route.
    const { listeners } = core.subscriptions.route(topicName)
    return { ...core.subscriptions.totals(topicName), listeners, listenersAreExact: true }
  }
  const totals = totalsOf(entries)
  let listeners = totals.online + totals.offline
  let ordinary = 0
  let longest = 0
  for (const { subscriptions, listeningGroups, listeningMembers } of entries) {
    listeners += listeningGroups - listeningMembers
    ordinary += subscriptions.length
    longest = Math.max(longest, subscriptions.length)
  }
  // The longest list need not be looked at: who stands in another one as well is found from there.
  const listenersAreExact = ordinary - longest <= comparedMax
  if (listenersAreExact) listeners -= countedTwice(entries)
  return { ...totals, listeners, listenersAreExact }
}

/** Subscriptions that count, of Sessions of which another one counts already. */
function countedTwice(entries: readonly FilterSubscriptions[]): number {
  const plain = entries.filter(({ subscriptions }) => subscriptions.length > 0)
  const [longest, ...rest] = plain.sort((one, other) => other.subscriptions.length - one.subscriptions.length)
  let twice = 0
  const seen = new Set<Session>()
  for (const { subscriptions } of rest) {
    for (const { session, isObserver } of subscriptions) {
      if (isObserver) continue
      const isInLongest = longest !== undefined && session.subscriptions.get(longest.filter)?.isObserver === false
      if (isInLongest || seen.has(session)) twice += 1
      else seen.add(session)
    }
  }
  return twice
}
