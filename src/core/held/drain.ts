/**
 * Held messages find their listener: in order, each exactly once, into the Session of the first Subscription that counts,
 * whose granted QoS is enough and, above QoS 0, whose Session outlives its connection.
 *
 * A new listener's Topic Names are walked in slices. A message that is published meanwhile on one of them waits behind what is
 * held there, so that nothing is overtaken.
 */
import type { Qos } from '../../protocol/control-packet.ts'
import { writeRecord } from '../log.ts'
import type { Seq } from '../record.ts'
import { receiptOf, retainRuleOf } from '../rest/recipient-sets.ts'
import { recordSets, sharedSet, withoutNoLocal } from '../routing/audience.ts'
import { deliverCopy, enqueueInSet } from '../routing/delivery.ts'
import type { Route } from '../routing/route.ts'
import type { Receiver, Subscription } from '../routing/subscription.ts'
import { loadBytesMax } from '../session/loading.ts'
import type { Session } from '../session/session.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import type { HeldMessage, HeldTopic } from './held-messages.ts'
import { endHold, giveUp } from './hold.ts'

/** Topic Names looked at, and messages moved, in one go. */
const sliceSize = 256
/** How long to wait before trying again what found no room, or waits to be read. */
const retryMs = 100

/** What is left to do. */
export class Drains {
  /** Searches for held Topic Names that a new listener's Topic Filter matches. */
  readonly searches: { next(max: number, found: HeldTopic[]): boolean }[] = []
  /** Found, with a listener, and not yet empty. */
  readonly topics = new Set<HeldTopic>()
  retryAtMs = Number.POSITIVE_INFINITY
  /** Seqs of the `drained` records that may not be durable yet. */
  readonly #undurable = new Set<Seq>()
  #lastDrained = 0

  noteDrained(order: Seq): void {
    this.#undurable.add(order)
    this.#lastDrained = order
  }

  /** Every record up to `seq` is durable. */
  durable(seq: Seq): void {
    if (seq >= this.#lastDrained) this.#undurable.clear()
  }

  /** Whether the end of a copy's hold may not be durable yet: sent now, after a crash somebody else could get it as well. */
  isUndurable(order: Seq): boolean {
    return this.#undurable.size > 0 && this.#undurable.has(order)
  }

  get isEmpty(): boolean {
    return this.searches.length === 0 && this.topics.size === 0
  }
}

/** A Subscription to this Topic Filter is new, or may take more than before. Does the first slice at once. */
export function beginDrain(core: CoreState, filter: string, nowMs: number, turn: Turn): void {
  if (core.held.count === 0) return
  core.drains.searches.push(core.held.matcher(filter))
  continueDrains(core, nowMs, turn)
}

/** The client of a Session may take more than before. */
export function beginDrainsFor(core: CoreState, session: Session, nowMs: number, turn: Turn): void {
  if (core.held.count === 0) return
  for (const { filter } of session.subscriptions.values()) beginDrain(core, filter, nowMs, turn)
}

/** When `continueDrains` should be called next; Infinity if nothing is left. */
export function drainsDueMs({ drains }: CoreState, nowMs: number): number {
  if (drains.searches.length > 0) return nowMs
  return drains.topics.size > 0 ? drains.retryAtMs : Number.POSITIVE_INFINITY
}

/** One slice. */
export function continueDrains(core: CoreState, nowMs: number, turn: Turn): void {
  const { searches, topics } = core.drains
  const found: HeldTopic[] = []
  const [search] = searches
  if (search !== undefined && !search.next(sliceSize, found)) searches.shift()
  for (const topic of found) topics.add(topic)
  core.drains.retryAtMs = nowMs + retryMs
  let budget = sliceSize
  for (const topic of firstOf(topics, sliceSize)) {
    // If something is left, it comes last the next time.
    topics.delete(topic)
    const { moved, outcome } = drainTopic(core, topic, budget, nowMs, turn)
    budget -= moved
    if (outcome !== 'done') topics.add(topic)
    if (outcome === 'more') core.drains.retryAtMs = nowMs
    if (budget <= 0) {
      core.drains.retryAtMs = nowMs
      return
    }
  }
}

function firstOf<Item>(items: Iterable<Item>, count: number): Item[] {
  const first: Item[] = []
  for (const item of items) {
    if (first.length === count) break
    first.push(item)
  }
  return first
}

/**
 * `done`: what is left has no listener that may have it. `more`: the budget is used up. `stuck`: the listener has no room, or
 * a message must be read first.
 */
export type DrainOutcome = 'done' | 'more' | 'stuck'

/** Moves up to `budget` messages of one Topic Name to whoever may have them. */
export function drainTopic(
  core: CoreState,
  topic: HeldTopic,
  budget: number,
  nowMs: number,
  turn: Turn,
): { moved: number; outcome: DrainOutcome } {
  const route = core.subscriptions.route(topic.topicName)
  if (route.listeners === 0) return { moved: 0, outcome: 'done' }
  const unheld: HeldMessage[] = []
  const expired: HeldMessage[] = []
  let moved = 0
  let outcome: DrainOutcome = 'done'
  for (const message of topic.messages.values()) {
    if (message.expiresMs <= nowMs) {
      expired.push(message)
      continue
    }
    const listener = findListener(route, message)
    if (listener === null) continue
    if (moved >= budget) {
      outcome = 'more'
      break
    }
    const isMoved =
      message.qos > 0
        ? moveDurably(core, listener, message, nowMs, turn)
        : sendOnce(core, listener, message, unheld, nowMs, turn)
    if (!isMoved) {
      if (message.qos === 0) loadBodies(core, topic, listener, turn)
      outcome = 'stuck'
      break
    }
    moved += 1
  }
  if (unheld.length > 0) writeRecord(core, turn, { type: 'unheld', messages: unheld.map(({ seq }) => seq) })
  for (const message of unheld) endHold(core, message, 'routed')
  giveUp(core, expired, 'expired', turn)
  return { moved, outcome }
}

/** The first listener that may have a message: an ordinary Subscription, else a member of a shared group. */
function findListener(route: Route, message: HeldMessage): Receiver | null {
  for (const receiver of route.receivers) {
    const isOwn = receiver.noLocal && isPublisher(receiver, message)
    const to = isOwn ? withoutNoLocal(receiver) : receiver
    if (to !== null && mayHave(to, message.qos)) return to
  }
  for (const { members } of route.groups) {
    const member = members.find((each) => mayHave(each, message.qos))
    if (member !== undefined) return member
  }
  return null
}

function mayHave({ isObserver, qos, session }: Receiver, messageQos: Qos): boolean {
  if (isObserver || qos < messageQos) return false
  return messageQos > 0 ? session.survives : session.isOnline
}

function isPublisher({ session }: Receiver, { fact }: HeldMessage): boolean {
  if (fact.reason === 'dead') return false
  return session.account === fact.account && session.clientIdentifier === fact.clientIdentifier
}

/** False if there is no room. */
function moveDurably(core: CoreState, to: Receiver, message: HeldMessage, nowMs: number, turn: Turn): boolean {
  const { seq, size, topicName } = message
  const { whenQueueFull } = core.rules.ruleFor(topicName).options
  if (!to.session.outbound.hasRoom(size, core, whenQueueFull)) return false
  const set = isMember(to) ? sharedSet(core, to) : core.recipientSets.of([receiptOf(to)])
  const [recipients = 0] = recordSets(core, [set], turn)
  const order = writeRecord(core, turn, { type: 'drained', message: seq, size, recipients })
  core.drains.noteDrained(order)
  enqueueInSet(core, set, seq, order, size, whenQueueFull === 'drop-oldest', nowMs, turn)
  endHold(core, message, 'routed')
  return true
}

function isMember(to: Receiver): to is Subscription {
  return 'group' in to && to.group !== null
}

/**
 * QoS 0: sent once the record that ends the hold is durable, so that it is not sent again after a crash. False if the client
 * takes no more, or the message is still to be read.
 */
function sendOnce(
  core: CoreState,
  to: Receiver,
  held: HeldMessage,
  unheld: HeldMessage[],
  nowMs: number,
  turn: Turn,
): boolean {
  const { session } = to
  const { connection } = session
  if (connection === null || connection.unsentBytes * 2 >= core.limits.unsentBytesMax) return false
  const message = core.bodies.get(held.seq)
  if (message === undefined) return false
  const sharedFilter = isMember(to) ? to.topicFilter : null
  connection.milestonesAhead += 1
  deliverCopy(core, session, message, 0, retainRuleOf(to), to.subscriptionIdentifiers, sharedFilter, nowMs, turn)
  turn.onceDurable.push({ type: 'milestone', connection })
  unheld.push(held)
  return true
}

/** QoS 0 messages of a Topic Name are read before they can be sent, the oldest first. */
function loadBodies(core: CoreState, topic: HeldTopic, { session }: Receiver, turn: Turn): void {
  const { connection } = session
  if (connection === null) return
  const seqs: number[] = []
  let bytes = 0
  for (const { seq, qos, size } of topic.messages.values()) {
    if (qos > 0 || core.bodies.get(seq) !== undefined) continue
    bytes += size
    if (seqs.length > 0 && (seqs.length === sliceSize || bytes > loadBytesMax)) break
    seqs.push(seq)
  }
  if (seqs.length > 0) turn.loads.push({ connection, seqs })
}
