/**
 * Who gets what is published: the Subscriptions that match a Topic Name, each with how its client is doing.
 */

import type { Qos } from '../../protocol/control-packet.ts'
import type { Verdict } from '../access/access-policy.ts'
import type { FilterSubscriptions } from '../routing/filter-subscriptions.ts'
import type { Subscription } from '../routing/subscription.ts'
import type { CoreState } from '../state.ts'
import { oldestWaitingMs } from './oldest-waiting.ts'
import { known, type Query } from './row.ts'

/** What waits for a client beyond what is in flight. */
export interface BacklogCounts {
  readonly messages: number
  /** Of Topic Names and payloads. */
  readonly bytes: number
  /** When the oldest message came in; null if nothing waits or it is not known. */
  readonly oldestAtMs: number | null
}

/** A Subscription and the Session it belongs to. Times are milliseconds since 1970. */
export interface Subscriber {
  readonly clientIdentifier: string
  readonly account: string
  /** Without `$share/name/`. */
  readonly topicFilter: string
  readonly sharedGroup: string | null
  /** As granted. */
  readonly qos: Qos
  readonly noLocal: boolean
  /** It does not count as a listener. */
  readonly observer: boolean
  readonly subscribedAtMs: number
  readonly online: boolean
  /** Since when it has been online or offline; null if that is not known. */
  readonly sinceMs: number | null
  readonly remoteAddress: string | null
  /** Messages sent and not acknowledged. */
  readonly inFlight: number
  readonly backlog: BacklogCounts
  readonly lastAcknowledgedAtMs: number | null
  /** Whether it may receive the Topic Name that was asked about; null: there are no access rules, or no Topic Name was. */
  readonly acl: Verdict | null
}

/** Every Subscription that matches a Topic Name. */
export function* whoListens(core: CoreState, topicName: string): Query<Subscriber> {
  for (const entry of core.subscriptions.matching(topicName)) yield* subscribersTo(core, entry, topicName)
}

/** Every Subscription to one Topic Filter, those of shared groups last. `topicName`: the one that was asked about. */
export function* subscribersTo(
  core: CoreState,
  { subscriptions, groups }: FilterSubscriptions,
  topicName: string | null = null,
): Query<Subscriber> {
  yield* fromTheEnd(core, subscriptions, topicName)
  for (const { members } of groups?.values() ?? []) yield* fromTheEnd(core, members, topicName)
}

/** A Subscription that ends is replaced in its list by the last one: which was seen, if one begins at the end. */
function* fromTheEnd(core: CoreState, list: readonly Subscription[], topicName: string | null): Query<Subscriber> {
  for (let position = list.length - 1; position >= 0; position = Math.min(position, list.length) - 1) {
    const subscription = list[position]
    // The only one to its filter may have ended since the list was made for it.
    yield subscription?.isInForce !== true ? null : subscriberOf(core, subscription, topicName)
  }
}

export function subscriberOf(core: CoreState, subscription: Subscription, topicName: string | null = null): Subscriber {
  const { session, filter, group, qos, noLocal, isObserver, sinceMs } = subscription
  const { clientIdentifier, account, connection, presenceMs, outbound, lastAcknowledgedMs } = session
  return {
    clientIdentifier,
    account,
    topicFilter: filter,
    sharedGroup: group?.shareName ?? null,
    qos,
    noLocal,
    observer: isObserver,
    subscribedAtMs: sinceMs,
    online: connection !== null,
    sinceMs: known(presenceMs),
    remoteAddress: connection?.origin.remoteAddress ?? null,
    inFlight: outbound.inFlightMessages,
    backlog: {
      messages: outbound.queuedMessages,
      bytes: outbound.queuedBytes,
      oldestAtMs: known(oldestWaitingMs(core, outbound)),
    },
    lastAcknowledgedAtMs: known(lastAcknowledgedMs),
    acl: topicName === null ? null : (core.receiving?.receiving(session, topicName) ?? null),
  }
}
