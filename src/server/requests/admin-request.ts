/**
 * That somebody has asked for something that only an administrator may do, and what came of it: for the audit log.
 */
import type { Row } from '../../core/query/row.ts'
import type { BrokerRequest } from '../../core/session/requests.ts'
import type { Fields } from './request-fields.ts'

/** Somebody has asked for something that only an administrator may do. `atMs` is milliseconds since 1970. */
export interface AdminRequestEvent {
  readonly type: 'adminRequest'
  readonly atMs: number
  readonly account: string
  readonly clientIdentifier: string
  readonly remoteAddress: string
  /** `held-drop`, for example. */
  readonly request: string
  /** What was asked for; null if it could not be read. */
  readonly fields: Readonly<Record<string, unknown>> | null
  readonly outcome: 'done' | 'refused'
  /** Counts of what was done, or why it was refused. */
  readonly result: Row | string
}

export function adminRequest(
  { name, connection, session }: BrokerRequest,
  fields: Fields | null,
  outcome: AdminRequestEvent['outcome'],
  result: AdminRequestEvent['result'],
  atMs: number,
): AdminRequestEvent {
  return {
    type: 'adminRequest',
    atMs,
    account: session.account,
    clientIdentifier: session.clientIdentifier,
    remoteAddress: connection.origin.remoteAddress,
    request: name,
    fields: fields?.all() ?? null,
    outcome,
    result,
  }
}
