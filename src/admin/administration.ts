/**
 * What the HTTP API keeps for as long as it runs.
 */
import type { BrokerAccess } from '../server/admin-part.ts'
import { Cursors } from '../server/requests/cursors.ts'
import { Gauges } from './gauges.ts'
import type { Configuration } from './http-admin.ts'
import { Idempotency } from './idempotency.ts'
import { HostReceipts } from './receipts.ts'

/** Pages that one who asks may be in the middle of. */
const cursorsMax = 64
/** Who asks, remembered for their cursors. */
const askersMax = 1000
export const eventStreamsMax = 32

export class Administration {
  readonly gauges = new Gauges()
  readonly receipts = new HostReceipts()
  readonly idempotency = new Idempotency()
  /** What the broker was started with, read again when it is told to; null if it was made by a program. */
  readonly configuration: () => Configuration | null
  /** Streams of events that are open. */
  eventStreams = 0
  readonly #cursors = new Map<string, Cursors>()

  constructor(configuration: () => Configuration | null) {
    this.configuration = configuration
  }

  start(broker: BrokerAccess): void {
    this.gauges.start(broker)
  }

  stop(): void {
    this.gauges.stop()
    for (const cursors of this.#cursors.values()) cursors.dropAll()
    this.#cursors.clear()
  }

  /** Of a principal: nobody else's work for it. */
  cursorsOf(principalId: string): Cursors {
    const known = this.#cursors.get(principalId)
    if (known !== undefined) return known
    const [oldest] = this.#cursors
    if (oldest !== undefined && this.#cursors.size >= askersMax) {
      oldest[1].dropAll()
      this.#cursors.delete(oldest[0])
    }
    const cursors = new Cursors(cursorsMax)
    this.#cursors.set(principalId, cursors)
    return cursors
  }
}
