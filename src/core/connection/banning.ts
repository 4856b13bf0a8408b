/**
 * Keeps banned clients out, and puts out those that are in. MQTT 5.0 sections 3.2.2.2 and 3.14.2.1.
 *
 * A banned client is told so before anybody is asked about its password: it does not learn whether that was right. DISCONNECT has
 * no 0x8A: one that is connected is told 0x87 Not authorized [MQTT-3.14.2-1]. Its Session stays as long as it was to: a ban is of a
 * client, not of what waits for it.
 */
import { ReasonCode } from '../../protocol/reason-code.ts'
import type { Ban, BanKind, IsOf } from '../access/ban-list.ts'
import { remoteAddressNumber } from '../access/ip-address.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import { type ClosingReason, disconnectClient } from './closing.ts'
import type { Connection } from './connection.ts'

/** The client is told no more than that; the rest is for the log. */
const text = 'this client is banned'

/** Why a client may not come in, with the account it has logged in with, null before that; null if it may. */
export function banFault(
  core: CoreState,
  connection: Connection,
  clientIdentifier: string,
  account: string | null,
  nowMs: number,
): ClosingReason | null {
  const { bans } = core
  if (bans.size === 0 || connection.isLocal) return null
  const address = bans.hasAddresses ? remoteAddressNumber(connection.origin.remoteAddress) : null
  const ban = bans.find({ clientIdentifier, userName: connection.userName, account, address }, nowMs)
  return ban === null ? null : closingReason(ban)
}

function closingReason({ as, who, by, reason }: Ban): ClosingReason {
  const maker = by === '' ? '' : ` by ${by}`
  const why = reason === '' ? '' : `: ${reason}`
  return { reasonCode: ReasonCode.Banned, text, forLog: `${as} ${who}${maker}${why}` }
}

/** The ban holds from now on, in place of an earlier one of the same, and ends by itself. */
export function ban(core: CoreState, made: Ban): void {
  core.bans.put(made)
  const { as, who, untilMs: atMs } = made
  if (atMs !== Number.POSITIVE_INFINITY) core.deadlines.add({ atMs, type: 'ban', as, who })
}

/** The ban may be over. */
export function remindBan({ bans }: CoreState, as: BanKind, who: string, nowMs: number): void {
  const found = bans.get(as, who)
  if (found !== undefined && found.untilMs <= nowMs) bans.delete(as, who)
}

/** Ends those of the connections that the ban is of; a Will Message goes out as it does whenever the server ends a connection. */
export function disconnectBanned(
  core: CoreState,
  made: Ban,
  isOf: IsOf,
  connections: readonly Connection[],
  nowMs: number,
  turn: Turn,
): void {
  const reason = closingReason(made)
  const isOfAddress = made.as === 'peerhost' || made.as === 'peerhost_net'
  for (const connection of connections) {
    if (connection.isClosed || connection.isLocal) continue
    const { clientIdentifier, userName, session, origin } = connection
    const address = isOfAddress ? remoteAddressNumber(origin.remoteAddress) : null
    const client = { clientIdentifier, userName, account: session?.account ?? null, address }
    if (isOf(client)) disconnectClient(core, connection, reason, nowMs, turn)
  }
}
