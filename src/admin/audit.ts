/**
 * Who has changed something through the HTTP API, or asked for all of it, and what came of it. In the words of the audit of requests over
 * MQTT, so that both can stand in one file.
 */
import type { AdminRequestEvent } from '../server/requests/admin-request.ts'
import type { Principal } from './security/principal.ts'

/** What is left out of an entry: secrets, and what would make it long. */
const leftOut: ReadonlySet<string> = new Set(['password', 'current', 'payload'])

export function auditEntry(
  principal: Principal,
  remoteAddress: string,
  request: string,
  sent: unknown,
  outcome: AdminRequestEvent['outcome'],
  result: string,
  atMs: number,
): AdminRequestEvent {
  const { name: account, id: clientIdentifier } = principal
  const fields = fieldsOf(sent)
  return { type: 'adminRequest', atMs, account, clientIdentifier, remoteAddress, request, fields, outcome, result }
}

function fieldsOf(sent: unknown): Record<string, unknown> | null {
  if (Array.isArray(sent)) return { messages: sent.length }
  if (typeof sent !== 'object' || sent === null) return null
  return Object.fromEntries(
    Object.entries(sent).map(([name, value]) => [name, leftOut.has(name) ? '(left out)' : value]),
  )
}
