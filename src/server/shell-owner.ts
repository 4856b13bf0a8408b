/**
 * What the shell is told by whoever made it, and what it tells them.
 */
import type { BrokerCore } from '../core/broker.ts'
import type { BrokerEvent } from '../core/event.ts'
import type { CoreOptions } from '../core/state.ts'
import type { AdminRequestEvent } from './requests/admin-request.ts'

/** What the shell tells its owner. */
export interface ShellOwner {
  report(event: BrokerEvent): void
  audit(event: AdminRequestEvent): void
  /** Whether the store takes messages has changed. */
  storeTakes(takesMessages: boolean): void
  failed(error: Error): void
  /** So much more waits for a client to take it, or has come from one. Must not call back before it returns. */
  grew(bytes: number): void
  /** For tests: after every Turn. */
  afterTurn?: (core: BrokerCore) => void
}

export interface ShellOptions extends CoreOptions {
  /** Snapshots are renewed whenever the log has grown by this much. */
  snapshotEveryBytes: number
  /** What the limits would discard at once of what the store holds may go. */
  acceptLoss: boolean
}

/** What is not for everybody: tests put their own in. */
export interface BrokerParts {
  /** Milliseconds since 1970. */
  clock?: () => number
  /** Is shown the core after every Turn. */
  afterTurn?: (core: BrokerCore) => void
}
