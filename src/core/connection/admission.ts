/**
 * Whether a client may come in, now that it is known who it is: bans, whose its Client Identifier is, and the limits of Sessions, accounts and
 * memory. Nothing has changed yet when it is refused.
 */
import type { Connect } from '../../protocol/control-packet.ts'
import { ReasonCode } from '../../protocol/reason-code.ts'
import { isAssigned } from '../access/identifier-patterns.ts'
import { reachLimit } from '../limit-reached.ts'
import { memoryFault } from '../memory.ts'
import type { Login } from '../question.ts'
import type { CoreState } from '../state.ts'
import { banFault } from './banning.ts'
import type { ClosingReason } from './closing.ts'
import type { Connection } from './connection.ts'

/** Why a client whose account is known may not come in; null if it may. */
export function admissionFault(
  core: CoreState,
  connection: Connection,
  packet: Connect,
  login: Login,
  nowMs: number,
): ClosingReason | null {
  const { clientIdentifier } = packet
  const { account } = login
  if (login.endsAtMs <= nowMs) return { reasonCode: ReasonCode.NotAuthorized, text: 'what it logged in with is over' }
  return (
    // Its account may be another name than the User Name of its CONNECT.
    banFault(core, connection, clientIdentifier, account, nowMs) ??
    identifierFault(core, connection, clientIdentifier, account) ??
    memoryFaultOf(core, packet, account) ??
    ownerFault(core, clientIdentifier, account) ??
    sessionsFault(core, clientIdentifier, account) ??
    accountFault(core, clientIdentifier, account)
  )
}

/** What the broker has chosen itself is nobody else's, and whoever has a Session with it may come back. */
function identifierFault(
  core: CoreState,
  connection: Connection,
  clientIdentifier: string,
  account: string,
): ClosingReason | null {
  const patterns = core.options.clientIdentifiers ?? null
  if (patterns === null || !connection.hasOwnClientIdentifier || patterns.allow(account, clientIdentifier)) return null
  if (isAssigned(clientIdentifier) && core.sessions.get(account, clientIdentifier) !== undefined) return null
  const text = `this account may have other Client Identifiers only: ${patterns.describe(account)} (clientIdentifiers)`
  return { reasonCode: ReasonCode.ClientIdentifierNotValid, text }
}

/**
 * A Session belongs to its account: while there is one, its Client Identifier is refused to every other. Accounts that have one
 * beside each other, from when that was allowed, keep them.
 */
function ownerFault(core: CoreState, clientIdentifier: string, account: string): ClosingReason | null {
  if (core.options.clientIdentifierScope === 'account') return null
  if (core.sessions.get(account, clientIdentifier) !== undefined) return null
  const [other] = core.sessions.withClientIdentifier(clientIdentifier)
  if (other === undefined) return null
  const text = 'another account has a Session with this Client Identifier; choose another one'
  return { reasonCode: ReasonCode.ClientIdentifierNotValid, text, otherAccount: other.account }
}

/** Why there may not be one Session more; null if there may. Whoever has one goes on with it, or begins afresh in its place. */
function sessionsFault(core: CoreState, clientIdentifier: string, account: string): ClosingReason | null {
  const { sessions, limits } = core
  if (sessions.get(account, clientIdentifier) !== undefined) return null
  const { sessionsMax, sessionsPerAccountMax } = limits
  const reasonCode = ReasonCode.QuotaExceeded
  if (sessionsPerAccountMax > 0 && sessions.ofAccount(account) >= sessionsPerAccountMax) {
    const text = `one account may have ${sessionsPerAccountMax} Sessions, those of clients that are away among them`
    return { reasonCode, text: reachLimit(core, 'sessionsPerAccountMax', text) }
  }
  if (sessions.size < sessionsMax) return null
  const text = `the broker keeps no more than ${sessionsMax} Sessions, those of clients that are away among them`
  return { reasonCode, text: reachLimit(core, 'sessionsMax', text) }
}

/** Why an account may not have one connection more; null if it may. The one that this takes over makes room. */
function accountFault(core: CoreState, clientIdentifier: string, account: string): ClosingReason | null {
  const { connectionsPerAccountMax } = core.limits
  if (connectionsPerAccountMax === 0) return null
  const takesOver = (core.sessions.get(account, clientIdentifier)?.connection ?? null) !== null
  if (core.connectionsByAccount.of(account) - (takesOver ? 1 : 0) < connectionsPerAccountMax) return null
  const text = `one account may have ${connectionsPerAccountMax} connections`
  return { reasonCode: ReasonCode.QuotaExceeded, text: reachLimit(core, 'connectionsPerAccountMax', text) }
}

/** Short of memory only those are taken in who can make room: by fetching what waits for them. */
function memoryFaultOf(core: CoreState, packet: Connect, account: string): ClosingReason | null {
  if (!core.memoryIsShort) return null
  const isKnown = core.sessions.get(account, packet.clientIdentifier) !== undefined
  return isKnown && !packet.cleanStart ? null : memoryFault(core)
}
