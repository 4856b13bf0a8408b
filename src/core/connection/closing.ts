/**
 * How a Network Connection ends, whoever ends it. MQTT 5.0 sections 3.14, 4.13 and 3.1.2.5.
 *
 * After `closeConnection` nothing is routed to the connection; what was decided before still leaves first.
 */
import type { ConnackProperties, DisconnectProperties } from '../../protocol/control-packet.ts'
import type { ConnectClaims } from '../../protocol/packets/connect.ts'
import type { ProtocolViolation } from '../../protocol/protocol-violation.ts'
import {
  connectReasonCode,
  connectReturnCode,
  disconnectReasonCode,
  ReasonCode,
  reasonCodeName,
} from '../../protocol/reason-code.ts'
import { reachLimit } from '../limit-reached.ts'
import { reasonString } from '../reason-string.ts'
import { noteRefused } from '../routing/fate.ts'
import { detachSession } from '../session/lifecycle.ts'
import { takeParked } from '../session/parked.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import type { Connection } from './connection.ts'

const closedMeanwhile = 'the connection was closed while the broker could not store messages'

export interface ClosingReason {
  readonly reasonCode: number
  /** For humans; goes out as Reason String. */
  readonly text: string
  readonly serverReference?: string
  /** What the client is not told, in brackets behind `text` in the event. */
  readonly forLog?: string
  /** As whom a client had logged in that is not let in. Not for the client, as the next is not. */
  readonly account?: string
  /** Whose Session has its Client Identifier. */
  readonly otherAccount?: string
}

/** Ends a connection from our side, saying why to a client that understands it. */
export function disconnectClient(
  core: CoreState,
  connection: Connection,
  reason: ClosingReason,
  nowMs: number,
  turn: Turn,
): void {
  if (connection.isClosed) return
  if (connection.state !== 'connected') {
    refuseConnect(core, connection, reason, nowMs, turn)
    return
  }
  if (connection.protocolVersion === 5) {
    const properties: DisconnectProperties = { reasonString: reasonString(reason.text) }
    if (reason.serverReference !== undefined) properties.serverReference = reason.serverReference
    const packet = { type: 'disconnect', reasonCode: disconnectReasonCode(reason.reasonCode), properties } as const
    turn.onceDurable.push({ type: 'packet', connection, packet })
  }
  // Behind the acknowledgements of what the client sent before: they are true whatever comes after.
  turn.onceDurable.push({ type: 'close', connection })
  closeConnection(core, connection, reason, nowMs, turn)
}

/** Takes note that a Network Connection is over. Its Session lives on as long as it was told to. */
export function closeConnection(
  core: CoreState,
  connection: Connection,
  reason: ClosingReason,
  nowMs: number,
  turn: Turn,
): void {
  if (connection.isClosed) return
  const wasConnected = connection.state === 'connected'
  connection.state = 'closed'
  connection.isWaiting = false
  core.deadlines.lookAtSome()
  if (core.connections.delete(connection)) core.connectionsByAddress.remove(connection.address)
  core.retainedDeliveries.delete(connection)
  connection.retainedDeliveries = null
  const { session, origin } = connection
  for (const packet of takeParked(core, connection)) noteRefused(core, packet, session, closedMeanwhile, nowMs)
  const { remoteAddress } = origin
  const { reasonCode } = reason
  if (session === null || !wasConnected) {
    reportRefused(core, connection, reason, turn)
    return
  }
  core.traffic.clientLeft(connection.isLocal)
  core.connectionsByAccount.remove(session.account)
  const { clientIdentifier, account } = session
  turn.events.push({
    type: 'disconnected',
    clientIdentifier,
    account,
    remoteAddress,
    reasonCode,
    reason: wordsOf(reason),
  })
  if (session.connection === connection) detachSession(core, session, connection, nowMs, turn)
}

function reportRefused(core: CoreState, connection: Connection, reason: ClosingReason, turn: Turn): void {
  const { reasonCode, account, otherAccount } = reason
  const { remoteAddress } = connection.origin
  const { clientIdentifier } = connection
  core.traffic.clientRefused(
    otherAccount === undefined ? reasonCodeName(reasonCode) : 'client identifier of another account',
  )
  turn.events.push({
    type: 'refused',
    clientIdentifier,
    ...(account === undefined ? {} : { account }),
    ...(otherAccount === undefined ? {} : { otherAccount }),
    remoteAddress,
    reasonCode,
    reason: wordsOf(reason),
  })
}

function wordsOf({ text, forLog }: ClosingReason): string {
  return forLog === undefined ? text : `${text} (${forLog})`
}

/**
 * Answers a CONNECT with an error and closes [MQTT-3.2.2-7]; before a CONNECT has come, closes without a word. In 3.1.1
 * an error that has no return code closes without CONNACK, too [MQTT3-3.2.2-6].
 */
export function refuseConnect(
  core: CoreState,
  connection: Connection,
  reason: ClosingReason,
  nowMs: number,
  turn: Turn,
): void {
  const { reasonCode, text, serverReference } = reason
  if (connection.canBeAnswered) {
    const returnCode = connection.protocolVersion === 5 ? connectReasonCode(reasonCode) : connectReturnCode(reasonCode)
    if (returnCode !== null) {
      const properties: ConnackProperties = {}
      if (connection.protocolVersion === 5) {
        properties.reasonString = reasonString(text)
        if (serverReference !== undefined) properties.serverReference = serverReference
      }
      const packet = { type: 'connack', sessionPresent: false, reasonCode: returnCode, properties } as const
      turn.now.push({ type: 'packet', connection, packet })
    }
  }
  turn.now.push({ type: 'close', connection })
  closeConnection(core, connection, reason, nowMs, turn)
}

/** The peer has broken a rule. */
export function disconnectViolator(
  core: CoreState,
  connection: Connection,
  violation: ProtocolViolation,
  nowMs: number,
  turn: Turn,
): void {
  if (!connection.isClosed) disconnectClient(core, connection, violationReason(core, violation), nowMs, turn)
}

/**
 * A CONNECT that could not be decoded: answered in the form that `claims`, read before the fault, allow; not at all for
 * version 0.
 */
export function refuseViolator(
  core: CoreState,
  connection: Connection,
  violation: ProtocolViolation,
  claims: ConnectClaims,
  nowMs: number,
  turn: Turn,
): void {
  if (connection.isClosed) return
  connection.protocolVersion = claims.protocolVersion === 5 ? 5 : 4
  connection.maximumPacketSize = claims.maximumPacketSize
  connection.canBeAnswered = claims.protocolVersion !== 0
  refuseConnect(core, connection, violationReason(core, violation), nowMs, turn)
}

/** A limit that is broken is counted like any other. */
function violationReason(core: CoreState, violation: ProtocolViolation): ClosingReason {
  const { reasonCode, statement, message, limit } = violation
  const text = limit === null ? message : reachLimit(core, limit, message)
  return { reasonCode, text: `${text} [${statement}]` }
}

/** What is said when the broker stops. */
export const serverShuttingDown: ClosingReason = Object.freeze({
  reasonCode: ReasonCode.ServerShuttingDown,
  text: 'the broker is shutting down',
})
