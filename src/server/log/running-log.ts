/**
 * The log and the audit log of a broker process, which may be others after a reload.
 */
import type { Broker } from '../embedded-broker.ts'
import type { AdminRequestEvent } from '../requests/admin-request.ts'
import { openAuditLog } from './audit-log.ts'
import { logBroker } from './broker-log.ts'
import { isForPeople, type Log, openLog } from './log.ts'
import type { LogOptions } from './log-options.ts'

export class RunningLog {
  readonly lines: Log
  readonly #levelChanged: () => void
  #options: LogOptions
  #audit: (event: AdminRequestEvent) => void

  /** @throws AuditLogError */
  constructor(broker: Broker, options: LogOptions) {
    this.#options = options
    this.lines = openLog(options)
    this.#audit = openAuditLog(options.audit, this.lines)
    broker.on('adminRequest', (event) => this.#audit(event))
    this.#levelChanged = logBroker(broker, this.lines)
  }

  /** Standard output is for people; with `json` by name it stays empty. */
  get announces(): boolean {
    return this.#options.format !== 'json'
  }

  /** Opens what is to be written to from now on; what it returns puts it in force. @throws AuditLogError; nothing has changed then. */
  prepare(options: LogOptions): () => void {
    const audit = options.audit === this.#options.audit ? this.#audit : openAuditLog(options.audit, this.lines)
    return () => {
      this.#options = options
      this.#audit = audit
      this.lines.change(options, isForPeople(options))
      this.#levelChanged()
    }
  }
}
