/**
 * What a run of `pabal bench` is to do, and what came of it.
 */
import type { ProtocolVersion, Qos } from '../../protocol/control-packet.ts'
import type { ConnectTarget } from '../../transport/connect.ts'
import type { LatencySummary } from './latencies.ts'

export type BenchMode = 'conn' | 'pub' | 'sub' | 'pair'

export interface BenchPlan {
  readonly mode: BenchMode
  readonly target: ConnectTarget
  /** For people. */
  readonly place: string
  readonly protocolVersion: ProtocolVersion
  /** Clients, in `pair` publishers. */
  readonly count: number
  /** Milliseconds from one connection to the next; 0: many at a time. */
  readonly connectIntervalMs: number
  /** Milliseconds between two messages of one publisher; 0: as fast as the broker takes them. */
  readonly messageIntervalMs: number
  /** Messages of all publishers together, or of all that `sub` gets; 0: no limit. */
  readonly messagesMax: number
  /** 0: until Ctrl-C. */
  readonly secondsMax: number
  /** How long to wait at the end for what is still missing. */
  readonly drainSeconds: number
  /** May hold %i, %c and %u. */
  readonly topic: string
  readonly qos: Qos
  readonly retain: boolean
  readonly payloadBytes: number
  /** Sent as it is, and not checked; null: payloads of `payloadBytes` that are. */
  readonly message: string | null
  /** Unacknowledged messages of one publisher at most. */
  readonly window: number
  /** In `pair`: messages sent and not yet received, of one publisher; 0: no bound. */
  readonly outstanding: number
  /** In `pair`: of each publisher. */
  readonly subscribers: number
  readonly clientIdentifier: string
  readonly cleanStart: boolean
  readonly sessionExpirySeconds: number
  readonly keepAliveSeconds: number
  readonly userName: string | null
  readonly password: string | null
}

export interface BenchResult {
  readonly mode: BenchMode
  readonly place: string
  readonly protocolVersion: ProtocolVersion
  readonly qos: Qos
  readonly payloadBytes: number
  /** That were to be connected, and those that could not be. */
  readonly clients: number
  readonly refusedConnections: number
  readonly lostConnections: number
  /** Why the first connection could not be made, or was lost. */
  readonly connectionFault: string | null
  readonly connectSeconds: number
  readonly connectMs: LatencySummary | null
  /** From the first message to the end of sending, or of receiving in `sub`. */
  readonly seconds: number
  readonly sent: number
  /** QoS 1 and 2. */
  readonly acknowledged: number
  readonly refused: number
  /** Of those acknowledged, with 0x10: nobody subscribes. */
  readonly nobodySubscribes: number
  readonly received: number
  readonly lost: number
  readonly duplicates: number
  readonly outOfOrder: number
  readonly sentPerSecond: number
  readonly receivedPerSecond: number
  /** From sending to receiving. */
  readonly latencyMs: LatencySummary | null
  /** From sending to the acknowledgement, at QoS 2 to PUBCOMP. */
  readonly acknowledgementMs: LatencySummary | null
  readonly wasStopped: boolean
}

/** What is wrong with what came out, a line each; empty if nothing is. */
export function faultsOf(result: BenchResult): string[] {
  const { refusedConnections, lostConnections, lost, duplicates, outOfOrder, refused, qos, connectionFault } = result
  const why = connectionFault === null ? '' : `: ${connectionFault}`
  const faults: string[] = []
  if (refusedConnections > 0) faults.push(`${refusedConnections} of ${result.clients} clients could not connect${why}`)
  if (lostConnections > 0) faults.push(`${lostConnections} connections were lost${why}`)
  if (refused > 0) faults.push(`${refused} messages were refused`)
  if (lost > 0) faults.push(`${lost} messages were lost`)
  if (duplicates > 0 && qos !== 1) faults.push(`${duplicates} messages came twice, which QoS ${qos} does not allow`)
  if (outOfOrder > 0) faults.push(`${outOfOrder} messages came out of order`)
  return faults
}
