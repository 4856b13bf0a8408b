/**
 * A Session as it is at one place in the log: what the records about it up to there amount to.
 */
import type { SubscriptionOptions, WillMessage } from '../../protocol/control-packet.ts'
import type { RetainRule, Seq, SessionNumber } from '../record.ts'
import type { Session } from '../session/session.ts'

export interface SubscriptionSnapshot {
  readonly topicFilter: string
  readonly options: SubscriptionOptions
  /** 0 for none. */
  readonly subscriptionIdentifier: number
  readonly sinceMs: number
}

/** A copy that was sent and whose exchange is not over. */
export interface InFlightSnapshot {
  readonly order: Seq
  readonly message: Seq
  readonly size: number
  readonly packetId: number
  readonly qos: 1 | 2
  readonly isReceived: boolean
  readonly retain: RetainRule
  readonly subscriptionIdentifiers: readonly number[] | null
  readonly sharedFilter: string | null
}

export interface SessionSnapshot {
  readonly number: SessionNumber
  readonly account: string
  readonly clientIdentifier: string
  readonly createdMs: number
  readonly sessionExpiryInterval: number
  /** When it ends; 0 while its client is connected, Infinity for never. */
  readonly endsAtMs: number
  readonly will: WillMessage | null
  /** When the Will Message goes out; 0 while its client is connected or without one. */
  readonly willAtMs: number
  readonly subscriptions: readonly SubscriptionSnapshot[]
  /** QoS 2 Packet Identifiers of the client that wait for PUBREL. */
  readonly inboundPacketIds: readonly number[]
  /** The first order it waits for: whatever came before has been sent or is over. */
  readonly from: Seq
  /** What waits at QoS 1 up to this order may have been sent before a restart; 0 for none. */
  readonly sentThrough: Seq
  /** Orders behind `from` that have been sent or are over. */
  readonly taken: readonly Seq[]
  readonly inFlight: readonly InFlightSnapshot[]
  /** Those its client came with when it last logged in; null: not known. */
  readonly groups: readonly string[] | null
}

/**
 * `at` is the place of the last record. That a client came without groups is only known where somebody asks for them: else it might have
 * come with some.
 */
export function snapshotOf(session: Session, at: Seq, asksForGroups: boolean): SessionSnapshot {
  const { outbound, isOnline, groups } = session
  const { firstOrder } = outbound.backlog
  return {
    number: session.number,
    account: session.account,
    clientIdentifier: session.clientIdentifier,
    createdMs: session.createdMs,
    sessionExpiryInterval: session.expiryInterval,
    endsAtMs: isOnline ? 0 : session.endsAtMs,
    will: session.will,
    willAtMs: isOnline || session.will === null ? 0 : session.willAtMs,
    subscriptions: subscriptionsOf(session),
    inboundPacketIds: [...(session.inboundPacketIds ?? [])],
    from: firstOrder === Number.POSITIVE_INFINITY ? at + 1 : firstOrder,
    sentThrough: outbound.sentThrough,
    taken: outbound.backlog.taken,
    inFlight: inFlightOf(session),
    groups: asksForGroups || (groups !== null && groups.length > 0) ? groups : null,
  }
}

function subscriptionsOf(session: Session): SubscriptionSnapshot[] {
  return [...session.subscriptions.values()].map((subscription) => {
    const { topicFilter, options, sinceMs, subscriptionIdentifiers } = subscription
    return { topicFilter, options, subscriptionIdentifier: subscriptionIdentifiers?.[0] ?? 0, sinceMs }
  })
}

function inFlightOf(session: Session): InFlightSnapshot[] {
  const inFlight: InFlightSnapshot[] = []
  for (const copy of session.outbound.inFlight ?? []) {
    // Without records it is not durable: it was sent while the Session did not outlive its connection.
    if (copy.order === 0 || copy.qos === 0) continue
    const { order, messageSeq: message, size, packetId, qos, isReceived, retain } = copy
    const { subscriptionIdentifiers, sharedFilter } = copy
    inFlight.push({ order, message, size, packetId, qos, isReceived, retain, subscriptionIdentifiers, sharedFilter })
  }
  return inFlight
}
