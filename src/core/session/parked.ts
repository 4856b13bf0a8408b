/**
 * PUBLISH packets of 3.1.1 clients that came while the store takes nothing: 3.1.1 cannot refuse one without closing.
 *
 * They wait in order, within bounds of bytes and time, while every other packet of the connection is processed, so that the
 * acknowledgement that makes room is never behind them. None of them has been acknowledged: a close loses nothing.
 */
import type { Publish } from '../../protocol/packets/publish.ts'
import { ReasonCode } from '../../protocol/reason-code.ts'
import type { ClosingReason } from '../connection/closing.ts'
import type { Connection } from '../connection/connection.ts'
import { reachLimit } from '../limit-reached.ts'
import type { Limits } from '../limits.ts'
import { needsStore } from '../routing/router.ts'
import type { CoreState } from '../state.ts'

export interface Parked {
  packets: Publish[]
  bytes: number
  readonly sinceMs: number
}

/** What a packet costs besides its Topic Name and payload. */
const overheadBytes = 400

/** Whether a PUBLISH must wait: behind others that do, or because it cannot be stored and cannot be refused. */
export function mustPark(core: CoreState, connection: Connection, packet: Publish): boolean {
  if (connection.parked !== null) return true
  if (core.storeTakesMessages || connection.protocolVersion === 5 || packet.qos === 0) return false
  return needsStore(core, packet, connection.session)
}

/** Keeps a PUBLISH, and answers null; or says why the connection must end: too many wait. */
export function park(core: CoreState, connection: Connection, packet: Publish, nowMs: number): ClosingReason | null {
  const { parkedBytesMax, parkedBytesTotalMax, parkedSecondsMax } = core.limits
  const bytes = packet.topicName.length + packet.payloadSize + overheadBytes
  const before = connection.parked?.bytes ?? 0
  if (before + bytes > parkedBytesMax) {
    return storeFull(core, 'parkedBytesMax', `no more than ${parkedBytesMax} bytes of PUBLISH packets may wait`)
  }
  if (core.parkedBytes + bytes > parkedBytesTotalMax) {
    const words = `no more than ${parkedBytesTotalMax} bytes of PUBLISH packets of all connections may wait`
    return storeFull(core, 'parkedBytesTotalMax', words)
  }
  packet.own()
  if (connection.parked === null) {
    connection.parked = { packets: [], bytes: 0, sinceMs: nowMs }
    core.deadlines.add({ atMs: nowMs + parkedSecondsMax * 1000, type: 'parked', connection })
  }
  connection.parked.packets.push(packet)
  connection.parked.bytes += bytes
  core.parkedBytes += bytes
  return null
}

/** Whether a QoS 2 PUBLISH with this Packet Identifier waits: then the same one again is not a new message. */
export function isParked(connection: Connection, packetId: number): boolean {
  return connection.parked?.packets.some((packet) => packet.qos === 2 && packet.packetId === packetId) === true
}

/** Takes out everything that waits. */
export function takeParked(core: CoreState, connection: Connection): readonly Publish[] {
  const { parked } = connection
  if (parked === null) return []
  connection.parked = null
  core.parkedBytes -= parked.bytes
  return parked.packets
}

/** Why the connection must end, if something has waited for too long; if it may yet, there is another reminder, and null. */
export function parkedTooLong(core: CoreState, connection: Connection, nowMs: number): ClosingReason | null {
  const { parked } = connection
  if (parked === null) return null
  const { parkedSecondsMax } = core.limits
  const atMs = parked.sinceMs + parkedSecondsMax * 1000
  if (atMs > nowMs) {
    core.deadlines.add({ atMs, type: 'parked', connection })
    return null
  }
  return storeFull(core, 'parkedSecondsMax', `no PUBLISH packet may wait for more than ${parkedSecondsMax} seconds`)
}

function storeFull(core: CoreState, limit: keyof Limits, words: string): ClosingReason {
  const text = reachLimit(core, limit, `the broker cannot store messages at the moment, and ${words}`)
  return { reasonCode: ReasonCode.QuotaExceeded, text }
}
