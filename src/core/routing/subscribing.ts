/**
 * SUBSCRIBE and UNSUBSCRIBE. MQTT 5.0 sections 3.8 to 3.11.
 *
 * The acknowledgement says what is so: it leaves once the Subscriptions of a Session that survives are durable.
 */
import type { Subscribe, SubscriptionRequest, Unsubscribe } from '../../protocol/control-packet.ts'
import { ProtocolViolation } from '../../protocol/protocol-violation.ts'
import { ReasonCode } from '../../protocol/reason-code.ts'
import type { Connection } from '../connection/connection.ts'
import type { SubscribedEvent } from '../event.ts'
import { beginDrain } from '../held/drain.ts'
import { reachLimit, sentTopicFault } from '../limit-reached.ts'
import { writeSessionRecord } from '../log.ts'
import { memoryFault } from '../memory.ts'
import { reasonString } from '../reason-string.ts'
import type { Session } from '../session/session.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import { isForSys } from './own-watchers.ts'
import { isPrivateReply } from './reply.ts'
import { beginRetained, RetainedDelivery } from './retained-delivery.ts'
import type { Subscription } from './subscription.ts'
import { parseTopicFilter } from './topic-filter.ts'

/** A SUBSCRIBE that is being carried out. */
export interface Subscribing {
  readonly type: 'subscribing'
  readonly packet: Subscribe
  /** One verdict per Topic Filter; null allows all. */
  readonly allowed: readonly boolean[] | null
  /** So many of its Topic Filters are done with. */
  done: number
  readonly reasonCodes: number[]
  readonly reasons: string[]
  readonly retained: RetainedDelivery[]
  readonly made: Subscription[]
}

/** An UNSUBSCRIBE that is being carried out: as many of its Topic Filters are done with as there are Reason Codes. */
export interface Unsubscribing {
  readonly type: 'unsubscribing'
  readonly packet: Unsubscribe
  readonly reasonCodes: number[]
}

export function receiveSubscribe(
  core: CoreState,
  connection: Connection,
  session: Session,
  packet: Subscribe,
  nowMs: number,
  turn: Turn,
): void {
  for (const request of packet.subscriptions) {
    if (request.noLocal && request.topicFilter.startsWith('$share/')) {
      const text = `No Local is not possible on the Shared Subscription ${request.topicFilter}`
      throw new ProtocolViolation(ReasonCode.ProtocolError, 'MQTT-3.8.3-4', text)
    }
  }
  const asks = core.options.asksAuthorization || packet.subscriptions.some(asksForEvents)
  if (asks && !connection.isLocal) {
    connection.isWaiting = true
    turn.questions.push({ type: 'authorize-subscribe', connection, packet })
    return
  }
  subscribe(core, connection, session, packet, null, nowMs, turn)
}

/** A packet with more Topic Filters waits for its turn, and is then dealt with so many at a time: others get theirs in between. */
const sliceSize = 125

/** `allowed` has one verdict per Topic Filter; null allows all. */
export function subscribe(
  core: CoreState,
  connection: Connection,
  session: Session,
  packet: Subscribe,
  allowed: readonly boolean[] | null,
  nowMs: number,
  turn: Turn,
): void {
  const begun = { packet, allowed, done: 0, reasonCodes: [], reasons: [], retained: [], made: [] }
  const subscribing: Subscribing = { type: 'subscribing', ...begun }
  if (isLong(connection, packet.subscriptions)) letOthersHaveTheirTurn(connection, subscribing, turn)
  else subscribeMore(core, connection, session, subscribing, nowMs, turn)
}

function isLong(connection: Connection, asked: readonly unknown[]): boolean {
  return asked.length > sliceSize && !connection.isLocal
}

function letOthersHaveTheirTurn(connection: Connection, work: Subscribing | Unsubscribing, turn: Turn): void {
  connection.isWaiting = true
  turn.questions.push({ type: 'go-on', connection, work })
}

/** Goes on with it, and acknowledges it when all of it is done. */
export function subscribeMore(
  core: CoreState,
  connection: Connection,
  session: Session,
  subscribing: Subscribing,
  nowMs: number,
  turn: Turn,
): void {
  const { subscriptions } = subscribing.packet
  const end = connection.isLocal ? subscriptions.length : subscribing.done + sliceSize
  for (const request of subscriptions.slice(subscribing.done, end)) {
    subscribeToOne(core, connection, session, subscribing, request, nowMs, turn)
    subscribing.done += 1
  }
  if (subscribing.done < subscriptions.length) {
    letOthersHaveTheirTurn(connection, subscribing, turn)
    return
  }
  const { packet, reasonCodes, reasons, retained, made } = subscribing
  const properties =
    reasons.length > 0 && connection.wantsProblemInformation ? { reasonString: reasonString(reasons.join('; ')) } : {}
  const suback = { type: 'suback', packetId: packet.packetId, reasonCodes, properties } as const
  turn.onceDurable.push({ type: 'packet', connection, packet: suback })
  deliverFirst(core, connection, session, retained, made, nowMs, turn)
}

/** What new Subscriptions get at once: Retained Messages, and those that have waited for a listener. */
export function deliverFirst(
  core: CoreState,
  connection: Connection,
  session: Session,
  retained: readonly RetainedDelivery[],
  made: readonly Subscription[],
  nowMs: number,
  turn: Turn,
): void {
  if (retained.length === 0 && core.held.count === 0) return
  connection.milestonesAhead += 1
  for (const delivery of retained) beginRetained(core, connection, session, delivery, nowMs, turn)
  turn.onceDurable.push({ type: 'milestone', connection })
  for (const subscription of made) beginDrain(core, subscription.filter, nowMs, turn)
}

function subscribeToOne(
  core: CoreState,
  connection: Connection,
  session: Session,
  { packet, allowed, done, reasonCodes, reasons, retained, made }: Subscribing,
  request: SubscriptionRequest,
  nowMs: number,
  turn: Turn,
): void {
  const identifier = packet.properties.subscriptionIdentifier ?? 0
  const refuse = (reasonCode: number, reason: string): void => {
    reasonCodes.push(reasonCode)
    reasons.push(reason)
  }
  if (allowed !== null && allowed[done] !== true) {
    refuse(ReasonCode.NotAuthorized, `subscribing to ${request.topicFilter} is not allowed`)
    return
  }
  if (!connection.isLocal && isOwnFilter(request.topicFilter)) {
    const reason = `${request.topicFilter} is neither below $pabal/events nor a reply of the form $pabal/NAME/ID/reply`
    refuse(ReasonCode.NotAuthorized, reason)
    return
  }
  const parsed = parseTopicFilter(request.topicFilter, core.limits)
  if (parsed.type === 'fault') {
    refuse(ReasonCode.TopicFilterInvalid, sentTopicFault(core, parsed))
    return
  }
  const existing = session.subscriptions.get(request.topicFilter)
  const fault = existing === undefined ? subscriptionsFault(core, session) : null
  if (fault !== null) {
    refuse(ReasonCode.QuotaExceeded, fault)
    return
  }
  const subscription = putSubscription(core, session, request, parsed, identifier, nowMs, turn)
  made.push(subscription)
  reasonCodes.push(subscription.qos)
  const isWanted = request.retainHandling === 0 || (request.retainHandling === 1 && existing === undefined)
  if (isWanted && parsed.shareName === null) retained.push(new RetainedDelivery(subscription, core))
  reportSubscribed(session, subscription, 'client', turn)
}

/** Why a Session may not have one Subscription more; null if it may. */
function subscriptionsFault(core: CoreState, session: Session): string | null {
  const { subscriptionsPerSessionMax, subscriptionsMax } = core.limits
  if (session.subscriptions.size >= subscriptionsPerSessionMax) {
    const text = `a Session may have ${subscriptionsPerSessionMax} Subscriptions`
    return reachLimit(core, 'subscriptionsPerSessionMax', text)
  }
  const memory = memoryFault(core)
  if (memory !== null) return memory.text
  if (core.subscriptions.count < subscriptionsMax) return null
  return reachLimit(core, 'subscriptionsMax', `there may be ${subscriptionsMax} Subscriptions in all`)
}

const events = /^(?:\$share\/[^/]*\/)?\$pabal\/events(?:\/|$)/

/** Who may see what happens to everybody, and the numbers below `$SYS`, is for the host to say. */
export function asksForEvents({ topicFilter }: { readonly topicFilter: string }): boolean {
  if (!topicFilter.startsWith('$')) return false
  return events.test(topicFilter) || isForSys(topicFilter.replace(/^\$share\/[^/]*\//, ''))
}

/** Of the broker's own Topic Names a client gets events, and the replies to its own requests; nothing else. */
export function isOwnFilter(topicFilter: string): boolean {
  if (!/^(?:\$share\/[^/]*\/)?\$pabal\//.test(topicFilter)) return false
  const isReply = isPrivateReply(topicFilter) && !/[+#]/.test(topicFilter)
  return !isReply && !events.test(topicFilter)
}

/** Makes a Subscription, or changes the one there is to the same Topic Filter. */
export function putSubscription(
  core: CoreState,
  session: Session,
  request: SubscriptionRequest,
  { filter, shareName }: { readonly filter: string; readonly shareName: string | null },
  identifier: number,
  nowMs: number,
  turn: Turn,
): Subscription {
  const existing = session.subscriptions.get(request.topicFilter)
  const subscription = existing ?? core.subscriptions.add(session, request.topicFilter, filter, shareName, nowMs)
  // One to the same Topic Filter takes the place of the old one without a gap [MQTT-3.8.4-3].
  subscription.setOptions(request, identifier)
  core.subscriptions.changed()
  session.subscriptions.set(request.topicFilter, subscription)
  recordSubscription(core, session, subscription, identifier, nowMs, turn)
  return subscription
}

function recordSubscription(
  core: CoreState,
  session: Session,
  subscription: Subscription,
  subscriptionIdentifier: number,
  atMs: number,
  turn: Turn,
): void {
  if (!session.survives) return
  const { topicFilter, options } = subscription
  const { number } = session
  const record = { type: 'subscribed', session: number, topicFilter, options, subscriptionIdentifier, atMs } as const
  writeSessionRecord(core, turn, session, record)
}

export function reportSubscribed(
  session: Session,
  { topicFilter, qos }: Subscription,
  by: SubscribedEvent['by'],
  turn: Turn,
): void {
  const { clientIdentifier, account, connection } = session
  const remoteAddress = connection?.origin.remoteAddress ?? ''
  turn.events.push({ type: 'subscribed', clientIdentifier, account, remoteAddress, topicFilter, qos, by })
}

export function receiveUnsubscribe(
  core: CoreState,
  connection: Connection,
  session: Session,
  packet: Unsubscribe,
  turn: Turn,
): void {
  const unsubscribing: Unsubscribing = { type: 'unsubscribing', packet, reasonCodes: [] }
  if (isLong(connection, packet.topicFilters)) letOthersHaveTheirTurn(connection, unsubscribing, turn)
  else unsubscribeMore(core, connection, session, unsubscribing, turn)
}

/** Goes on with it, and acknowledges it when all of it is done. */
export function unsubscribeMore(
  core: CoreState,
  connection: Connection,
  session: Session,
  unsubscribing: Unsubscribing,
  turn: Turn,
): void {
  const { packet, reasonCodes } = unsubscribing
  const { clientIdentifier, account } = session
  const { remoteAddress } = connection.origin
  const done = reasonCodes.length
  const end = connection.isLocal ? packet.topicFilters.length : done + sliceSize
  for (const topicFilter of packet.topicFilters.slice(done, end)) {
    if (!removeSubscription(core, session, topicFilter, turn)) {
      reasonCodes.push(ReasonCode.NoSubscriptionExisted)
      continue
    }
    reasonCodes.push(ReasonCode.Success)
    turn.events.push({ type: 'unsubscribed', clientIdentifier, account, remoteAddress, topicFilter, by: 'client' })
  }
  if (reasonCodes.length < packet.topicFilters.length) {
    letOthersHaveTheirTurn(connection, unsubscribing, turn)
    return
  }
  const unsuback = { type: 'unsuback', packetId: packet.packetId, reasonCodes, properties: {} } as const
  turn.onceDurable.push({ type: 'packet', connection, packet: unsuback })
}

/** False if there is none. */
function removeSubscription(core: CoreState, session: Session, topicFilter: string, turn: Turn): boolean {
  const subscription = session.subscriptions.get(topicFilter)
  if (subscription === undefined) return false
  session.subscriptions.delete(topicFilter)
  core.subscriptions.remove(subscription)
  if (session.survives) {
    writeSessionRecord(core, turn, session, { type: 'unsubscribed', session: session.number, topicFilter })
  }
  return true
}

/** An operator ends a Subscription: the client is not told, because MQTT has no packet for that. False if there is none. */
export function unsubscribeByOperator(core: CoreState, session: Session, topicFilter: string, turn: Turn): boolean {
  const { clientIdentifier, account, connection } = session
  if (!removeSubscription(core, session, topicFilter, turn)) return false
  const remoteAddress = connection?.origin.remoteAddress ?? ''
  turn.events.push({ type: 'unsubscribed', clientIdentifier, account, remoteAddress, topicFilter, by: 'operator' })
  return true
}

/** Clients have lost the permission to see what happens: their Subscriptions to events and to `$SYS` end. */
export function endEventSubscriptions(
  core: CoreState,
  mayObserve: (session: Session, topicFilter: string) => boolean,
  turn: Turn,
): void {
  for (const session of core.sessions.values()) endEventSubscriptionsOf(core, session, mayObserve, turn)
}

/** The same of one Session. */
export function endEventSubscriptionsOf(
  core: CoreState,
  session: Session,
  mayObserve: (session: Session, topicFilter: string) => boolean,
  turn: Turn,
): void {
  for (const { topicFilter, filter } of [...session.subscriptions.values()].filter(asksForEvents)) {
    if (mayObserve(session, filter)) continue
    unsubscribeByOperator(core, session, topicFilter, turn)
  }
}
