/**
 * What a lowered limit would discard of what is stored: said before it happens, in numbers.
 */
import { loweredEndMs } from '../core/session/lifecycle.ts'
import type { Session } from '../core/session/session.ts'
import type { CoreState } from '../core/state.ts'
import { count, counted } from './counted.ts'

const namedMax = 5

/** What to tell the operator if Sessions with messages would end at once because of the limit; null if none would. */
export function expiryLoss(
  core: CoreState,
  sessions: Iterable<{ session: Session; wasConnected: boolean }>,
  nowMs: number,
): string | null {
  const { sessionExpirySecondsMax } = core.limits
  const lost: { name: string; messages: number }[] = []
  let bytes = 0
  for (const { session, wasConnected } of sessions) {
    const { outbound, endsAtMs, expiryInterval } = session
    const messages = outbound.queuedMessages + outbound.inFlightMessages
    if (messages === 0 || expiryInterval <= sessionExpirySecondsMax || endsAtMs <= nowMs) continue
    const endMs = wasConnected
      ? nowMs + sessionExpirySecondsMax * 1000
      : loweredEndMs(session, sessionExpirySecondsMax, nowMs)
    if (endMs > nowMs) continue
    lost.push({ name: JSON.stringify(session.clientIdentifier), messages })
    bytes += outbound.queuedBytes
    for (const { size } of outbound.inFlight ?? []) bytes += size
  }
  if (lost.length === 0) return null
  lost.sort((one, other) => other.messages - one.messages)
  const named = lost.slice(0, namedMax).map(({ name, messages }) => `${name} (${count(messages)})`)
  if (lost.length > namedMax) named.push(`${count(lost.length - namedMax)} more`)
  const messages = lost.reduce((sum, each) => sum + each.messages, 0)
  const these = counted(lost.length, 'stored Session')
  return (
    `sessionExpirySecondsMax is ${count(sessionExpirySecondsMax)}: that would end ${these} at once, and with that ` +
    `discard ${counted(messages, 'message')} (${counted(bytes, 'byte')}) waiting there.\nBy Client Identifier: ${named.join(', ')}.\n` +
    'Nothing was changed. Raise the limit, let the clients come for their messages first, or start with --accept-loss\n' +
    '(acceptLoss in createBroker).'
  )
}
