/**
 * One Session's Subscription to one Topic Filter. MQTT 5.0 section 3.8.
 */
import type { Qos, RetainHandling } from '../../protocol/control-packet.ts'
import type { RecipientSet } from '../rest/recipient-set.ts'
import type { Session } from '../session/session.ts'
import type { SharedGroup } from './shared-group.ts'
import type { FilterSubscriptions } from './subscriptions.ts'

/** Where one copy goes: a Subscription, or several of one Session that match the same Topic Name, merged. */
export interface Receiver {
  readonly session: Session
  /** The highest QoS granted [MQTT-3.3.4-2]. */
  readonly qos: Qos
  readonly retainAsPublished: boolean
  /** At least one of the merged Subscriptions has No Local. */
  readonly noLocal: boolean
  /** All of the merged Subscriptions only watch. */
  readonly isObserver: boolean
  /** All Subscription Identifiers that match [MQTT-3.3.4-4]; null for none. */
  readonly subscriptionIdentifiers: readonly number[] | null
  /** What was merged; null for a single Subscription. */
  readonly parts: readonly Subscription[] | null
}

export class Subscription implements Receiver {
  readonly session: Session
  /** As the client sent it, `$share/` included. */
  readonly topicFilter: string
  /** All Subscriptions to the same filter, without `$share/name/`. */
  readonly filterSubscriptions: FilterSubscriptions
  readonly group: SharedGroup | null
  readonly sinceMs: number
  qos: Qos = 0
  noLocal = false
  /** It only watches: a message that nobody else gets has no listener. */
  isObserver = false
  /** Kept by Subscriptions, which counts those whose client is connected. */
  countsAsOnline = false
  retainAsPublished = false
  retainHandling: RetainHandling = 0
  subscriptionIdentifiers: readonly number[] | null = null
  /** Where it stands in its list of Subscriptions; kept by that list. */
  position = -1
  /** The recipient set of this member of a shared group alone, until an option changes. */
  ownSet: RecipientSet | null = null
  /** Credit in the shared group's round robin. */
  credit = 0

  constructor(
    session: Session,
    topicFilter: string,
    filterSubscriptions: FilterSubscriptions,
    group: SharedGroup | null,
    nowMs: number,
  ) {
    this.session = session
    this.topicFilter = topicFilter
    this.filterSubscriptions = filterSubscriptions
    this.group = group
    this.sinceMs = nowMs
  }

  get parts(): null {
    return null
  }
}

/**
 * Adds to a list in which each Subscription knows its place; returns the list, which is another one for the first: one that began
 * empty would have room for seventeen, and nearly all have one.
 */
export function addTo(list: Subscription[], subscription: Subscription): Subscription[] {
  subscription.position = list.length
  if (list.length === 0) return [subscription]
  list.push(subscription)
  return list
}

/** Removes by moving the last one into the gap: no search, order does not matter. */
export function removeFrom(list: Subscription[], subscription: Subscription): void {
  const last = list.pop()
  if (last !== undefined && last !== subscription) {
    list[subscription.position] = last
    last.position = subscription.position
  }
  subscription.position = -1
}
