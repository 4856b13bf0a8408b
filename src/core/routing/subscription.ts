/**
 * One Session's Subscription to one Topic Filter. MQTT 5.0 section 3.8.
 *
 * There may be millions, and nearly each is the only one to its filter: what only some need is in an object of its own.
 */
import type { Qos, RetainHandling, SubscriptionOptions } from '../../protocol/control-packet.ts'
import type { RecipientSet } from '../rest/recipient-set.ts'
import type { Session } from '../session/session.ts'
import type { FilterSubscriptions } from './filter-subscriptions.ts'
import type { SharedGroup } from './shared-group.ts'

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
  /** The same object for all that have the same ones. */
  #options: SubscriptionOptions = sharedOptions(0, false, false, 0)
  subscriptionIdentifiers: readonly number[] | null = null
  /** It only watches: a message that nobody else gets has no listener. */
  isObserver = false
  /** Its place among others to the same filter; null while it is the only one and in no shared group. */
  place: Place | null = null
  // Since the Session was created: V8 keeps the time itself, which is no small integer, outside of the object.
  readonly #afterMs: number

  constructor(session: Session, topicFilter: string, nowMs: number) {
    this.session = session
    this.topicFilter = topicFilter
    this.#afterMs = nowMs - session.createdMs
  }

  /** What it matches: the Topic Filter without `$share/name/`. */
  get filter(): string {
    return this.place === null ? this.topicFilter : this.place.filterSubscriptions.filter
  }

  get group(): SharedGroup | null {
    return this.place === null ? null : this.place.group
  }

  get sinceMs(): number {
    return this.session.createdMs + this.#afterMs
  }

  /** Its Session has not given it up. */
  get isInForce(): boolean {
    return this.session.subscriptions.get(this.topicFilter) === this
  }

  get options(): Readonly<SubscriptionOptions> {
    return this.#options
  }

  get qos(): Qos {
    return this.#options.qos
  }

  get noLocal(): boolean {
    return this.#options.noLocal
  }

  get retainAsPublished(): boolean {
    return this.#options.retainAsPublished
  }

  get parts(): null {
    return null
  }

  /** `subscriptionIdentifier`: 0 for none. Whoever does this to one that is known calls `Subscriptions.changed`. */
  setOptions(options: SubscriptionOptions, subscriptionIdentifier: number): void {
    const { qos, noLocal, retainAsPublished, retainHandling } = options
    this.#options = sharedOptions(qos, noLocal, retainAsPublished, retainHandling)
    this.subscriptionIdentifiers = subscriptionIdentifier === 0 ? null : [subscriptionIdentifier]
    if (this.place !== null) this.place.ownSet = null
  }
}

const allOptions = new Map<number, SubscriptionOptions>()

function sharedOptions(
  qos: Qos,
  noLocal: boolean,
  retainAsPublished: boolean,
  retainHandling: RetainHandling,
): SubscriptionOptions {
  const key = qos | (noLocal ? 4 : 0) | (retainAsPublished ? 8 : 0) | (retainHandling << 4)
  let options = allOptions.get(key)
  if (options === undefined) {
    options = Object.freeze({ qos, noLocal, retainAsPublished, retainHandling })
    allOptions.set(key, options)
  }
  return options
}

/** What a Subscription has that is not the only one to its filter, or is a member of a shared group. */
export class Place {
  readonly filterSubscriptions: FilterSubscriptions
  readonly group: SharedGroup | null
  /** Where it stands in its list of Subscriptions; kept by that list. */
  position = -1
  /** Kept by FilterSubscriptions, which counts those whose client is connected. */
  countsAsOnline = false
  /** The recipient set of this member of a shared group alone, until an option changes. */
  ownSet: RecipientSet | null = null
  /** Credit in the shared group's round robin. */
  credit = 0

  constructor(filterSubscriptions: FilterSubscriptions, group: SharedGroup | null) {
    this.filterSubscriptions = filterSubscriptions
    this.group = group
  }
}

/** The place of one that has others to the same filter, or is in a shared group. */
export function placeOf(subscription: Subscription): Place {
  if (subscription.place === null) throw new Error(`nobody else subscribes to ${subscription.topicFilter}`)
  return subscription.place
}

/**
 * Adds to a list in which each Subscription knows its place; returns the list, which is another one for the first: one that began
 * empty would have room for seventeen, and most have few.
 */
export function addTo(list: Subscription[], subscription: Subscription): Subscription[] {
  placeOf(subscription).position = list.length
  if (list.length === 0) return [subscription]
  list.push(subscription)
  return list
}

/** Removes by moving the last one into the gap: no search, order does not matter. */
export function removeFrom(list: Subscription[], subscription: Subscription): void {
  const place = placeOf(subscription)
  const last = list.pop()
  if (last !== undefined && last !== subscription) {
    list[place.position] = last
    placeOf(last).position = place.position
  }
  place.position = -1
}
