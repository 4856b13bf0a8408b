/**
 * The audit log: who has done what by requests that change something, in a file of its own or in the log.
 *
 * A line is appended before the answer leaves, and the file is opened for each: whoever rotates it need not tell the broker.
 */
import { appendFileSync } from 'node:fs'
import type { AdminRequestEvent } from '../requests/admin-request.ts'
import type { Log } from './log.ts'
import { safeJson, shortValues } from './log-text.ts'

const ownerOnly = 0o600

export class AuditLogError extends Error {
  readonly path: string
  readonly reason: string

  constructor(path: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    super(
      `The audit log ${path} cannot be written to: ${reason}.\n` +
        'Make its directory writable for the user that runs the broker, or name another file as log.audit.',
      { cause },
    )
    this.name = 'AuditLogError'
    this.path = path
    this.reason = reason
  }
}

/** @throws an Error if the file cannot be written to. */
export function openAuditLog(path: string | null, log: Log): (event: AdminRequestEvent) => void {
  if (path !== null) {
    try {
      append(path, '')
    } catch (error) {
      throw new AuditLogError(path, error)
    }
  }
  return (event) => audit(event, path, log)
}

function audit({ type: _, ...event }: AdminRequestEvent, path: string | null, log: Log): void {
  const fields = { ...shortValues(event), fields: event.fields === null ? null : shortValues(event.fields) }
  const text = `${event.request}: ${event.outcome}`
  if (path !== null) {
    try {
      const time = new Date(event.atMs).toISOString()
      append(path, `${safeJson(JSON.stringify({ time, ...fields }))}\n`)
      return
    } catch (error) {
      // What was done must stand somewhere.
      const reason = error instanceof Error ? error.message : String(error)
      log.say('error', 'auditFailed', 'the audit log cannot be written to; its lines stand here', { path, reason })
    }
  }
  log.audit(fields, text)
}

function append(path: string, text: string): void {
  appendFileSync(path, text, { mode: ownerOnly })
}
