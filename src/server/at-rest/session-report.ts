/**
 * One stored Session as its operator sees it.
 */
import type { Seq } from '../../core/record.ts'
import { neverExpires, type Session } from '../../core/session/session.ts'
import type { CoreState } from '../../core/state.ts'
import type { Database } from '../../store/sqlite/database.ts'
import { recordsAt, type StoredState } from './stored-state.ts'

export interface SessionReport {
  readonly clientIdentifier: string
  readonly account: string
  /** By the last record. */
  readonly wasConnected: boolean
  readonly createdMs: number
  /** Null for never. */
  readonly expirySeconds: number | null
  /** Null while its client is connected, and for never. */
  readonly endsAtMs: number | null
  readonly will: { readonly topicName: string; readonly atMs: number | null } | null
  readonly subscriptions: readonly { readonly topicFilter: string; readonly qos: number }[]
  /** Not sent yet. */
  readonly waiting: { readonly messages: number; readonly bytes: number }
  /** Sent, and the exchange is not over. */
  readonly inFlight: readonly InFlightReport[]
  /** QoS 2 Packet Identifiers of the client that wait for PUBREL. */
  readonly inboundPacketIds: readonly number[]
  readonly oldest: { readonly seq: Seq; readonly receivedMs: number | null; readonly topicName: string | null } | null
  /** What of the log is kept for it, in flight and waiting. */
  readonly holds: { readonly messages: number; readonly bytes: number; readonly bytesOfItsOwn: number }
  /** Seqs of what waits, oldest first: as many as a report shows one by one. */
  readonly next: readonly Seq[]
}

export interface InFlightReport {
  readonly packetId: number
  readonly qos: number
  readonly seq: Seq
  readonly bytes: number
  /** QoS 2: PUBREC has arrived. */
  readonly isReceived: boolean
}

const nextMax = 20

/** Those with the most bytes waiting first. Takes their backlogs apart. */
export function inspectSessions(database: Database, { core, sessions }: StoredState): SessionReport[] {
  const reports = sessions.map(({ session, wasConnected }) => reportOf(core, session, wasConnected))
  const oldest = recordsAt(
    database,
    reports.flatMap((report) => report.oldest?.seq ?? []),
  )
  return reports
    .map((report) => {
      const record = report.oldest === null ? undefined : oldest.get(report.oldest.seq)
      if (report.oldest === null || record?.type !== 'message') return report
      const { receivedMs, topicName } = record.message
      return { ...report, oldest: { seq: report.oldest.seq, receivedMs, topicName } }
    })
    .sort(
      (one, other) =>
        other.waiting.bytes - one.waiting.bytes || (one.clientIdentifier < other.clientIdentifier ? -1 : 1),
    )
}

function reportOf(core: CoreState, session: Session, wasConnected: boolean): SessionReport {
  const { outbound, will, expiryInterval, clientIdentifier, account, createdMs, endsAtMs } = session
  const waiting = { messages: outbound.queuedMessages, bytes: outbound.queuedBytes }
  const inFlight = [...(outbound.inFlight ?? [])]
  const holds = { messages: 0, bytes: 0, bytesOfItsOwn: 0 }
  let oldest = Number.POSITIVE_INFINITY
  const next: Seq[] = []
  const hold = (message: Seq, size: number): void => {
    oldest = Math.min(oldest, message)
    holds.messages += 1
    holds.bytes += size
    if (core.live.timesNeeded(message) === 1) holds.bytesOfItsOwn += size
  }
  for (const { messageSeq, size } of inFlight) hold(messageSeq, size)
  for (const { message, size } of outbound.backlog.drain()) {
    hold(message, size)
    if (next.length < nextMax) next.push(message)
  }
  return {
    clientIdentifier,
    account,
    wasConnected,
    createdMs,
    expirySeconds: expiryInterval === neverExpires ? null : expiryInterval,
    endsAtMs: finite(endsAtMs),
    will: will === null ? null : { topicName: will.topicName, atMs: finite(session.willAtMs) },
    subscriptions: [...session.subscriptions.values()].map(({ topicFilter, qos }) => ({ topicFilter, qos })),
    waiting,
    inFlight: inFlight.map(({ packetId, qos, messageSeq, size, isReceived }) => {
      return { packetId, qos, seq: messageSeq, bytes: size, isReceived }
    }),
    inboundPacketIds: [...(session.inboundPacketIds ?? [])],
    oldest: oldest === Number.POSITIVE_INFINITY ? null : { seq: oldest, receivedMs: null, topicName: null },
    holds,
    next,
  }
}

function finite(atMs: number): number | null {
  return Number.isFinite(atMs) ? atMs : null
}
