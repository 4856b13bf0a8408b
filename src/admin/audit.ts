/**
 * Who has changed something through the HTTP API, or asked for all of it, and what came of it. In the words of the audit of requests over
 * MQTT, so that both can stand in one file.
 */
import type { Principal } from './security/principal.ts'

export interface AuditEntry {
  readonly type: 'adminRequest'
  readonly atMs: number
  /** `admin`, or the name of an API key. */
  readonly account: string
  /** `session 5f0c…` or `key 5f0c…`: tells logins and keys apart. */
  readonly clientIdentifier: string
  readonly remoteAddress: string
  /** `POST /api/v1/held/drop`. */
  readonly request: string
  /** What was sent, without payloads and passwords; null if nothing was, or if it could not be read. */
  readonly fields: Readonly<Record<string, unknown>> | null
  readonly outcome: 'done' | 'refused'
  /** The status of the answer, or why it was refused. */
  readonly result: string
}

/** What is left out of an entry: secrets, and what would make it long. */
const leftOut: ReadonlySet<string> = new Set(['password', 'current', 'payload'])

export function auditEntry(
  principal: Principal,
  remoteAddress: string,
  request: string,
  sent: unknown,
  outcome: AuditEntry['outcome'],
  result: string,
  atMs: number,
): AuditEntry {
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
