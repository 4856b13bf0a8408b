/**
 * Who gets a message: the chosen members of shared groups, what No Local leaves, and the recipient sets. @hot
 */
import { writeRecord } from '../log.ts'
import type { RecipientSet } from '../rest/recipient-set.ts'
import { type Receipt, receiptOf, sharedReceiptOf } from '../rest/recipient-sets.ts'
import type { Session } from '../session/session.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import { noSessions } from './full-sessions.ts'
import { mergeReceivers, type Route } from './route.ts'
import { placeOf, type Receiver, type Subscription } from './subscription.ts'

/** One member of each shared group. */
export function chooseMembers(route: Route): Subscription[] {
  const members: Subscription[] = []
  for (const group of route.groups) {
    const member = group.choose()
    if (member !== null) members.push(member)
  }
  return members
}

/** No Local: the publisher's own Subscriptions that have it do not count [MQTT-3.8.3-3]. */
export function withoutNoLocal(receiver: Receiver): Receiver | null {
  const parts = receiver.parts?.filter((part) => !part.noLocal) ?? []
  return parts.length === 0 ? null : mergeReceivers(parts)
}

/** The durable Sessions that get a message. */
export interface DurableSets {
  /** No Session is in two of them. */
  readonly sets: readonly RecipientSet[]
  /** Further copies for Sessions that are in one already: each needs a record of its own to be told by. */
  readonly further: readonly RecipientSet[]
}

// Not frozen: V8 walks over a frozen array by calls, and this happens for every message.
const none: readonly RecipientSet[] = []
export const noSets: DurableSets = Object.freeze({ sets: none, further: none })

/**
 * The sets of durable Sessions that get a message of QoS 1 or 2: one for all ordinary Subscriptions, one for the chosen
 * member of each shared group. `without` go without their copy.
 */
export function durableSets(
  core: CoreState,
  route: Route,
  members: readonly Subscription[],
  publisher: Session | null,
  without: ReadonlySet<Session>,
): DurableSets {
  let further: RecipientSet[] | null = null
  const set = without.size === 0 ? ordinarySet(core, route, publisher) : exactSet(core, route, publisher, without)
  if (set === null && members.length === 0) return noSets
  const sets: RecipientSet[] = []
  if (set !== null) sets.push(set)
  for (const member of members) {
    const { session } = member
    if (member.qos === 0 || !session.survives || without.has(session)) continue
    const own = sharedSet(core, member)
    if (session.subscriptions.size > 1 && sets.some((each) => each.has(session))) {
      further ??= []
      further.push(own)
    } else sets.push(own)
  }
  return { sets, further: further ?? none }
}

/** The set that is right for nearly every message of a route is kept with it. */
function ordinarySet(core: CoreState, route: Route, publisher: Session | null): RecipientSet | null {
  if (route.hasNoLocal && publisher !== null && route.receivers.some((to) => to.noLocal && to.session === publisher)) {
    return exactSet(core, route, publisher, noSessions)
  }
  if (route.durable === undefined) route.durable = exactSet(core, route, null, noSessions)
  return route.durable
}

function exactSet(
  core: CoreState,
  route: Route,
  publisher: Session | null,
  without: ReadonlySet<Session>,
): RecipientSet | null {
  const receipts: Receipt[] = []
  for (const receiver of route.receivers) {
    const to = receiver.noLocal && receiver.session === publisher ? withoutNoLocal(receiver) : receiver
    if (to === null || to.qos === 0 || !to.session.survives || without.has(to.session)) continue
    receipts.push(receiptOf(to))
  }
  return receipts.length === 0 ? null : core.recipientSets.of(receipts)
}

/** The set of one member of a shared group alone. */
export function sharedSet(core: CoreState, member: Subscription): RecipientSet {
  const place = placeOf(member)
  place.ownSet ??= core.recipientSets.of([sharedReceiptOf(member)])
  return place.ownSet
}

/** Seqs of the records that define the sets, written now where there are none. */
export function recordSets(core: CoreState, sets: readonly RecipientSet[], turn: Turn): number[] {
  const ids: number[] = []
  for (const set of sets) {
    if (set.id === 0) {
      set.id = writeRecord(core, turn, { type: 'recipients', members: set.members.map((member) => member.recipient) })
      if (core.options.isDurable) core.recipientSets.recorded.add(set)
    }
    ids.push(set.id)
  }
  return ids
}
