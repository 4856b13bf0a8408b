/**
 * What stands at the other end of a core connection: a client's channel, or code in this process.
 */
import type { OutgoingToConnection } from '../core/turn.ts'

export interface Link {
  /** Takes one decision of the core, in order. Must not call back into the core before it returns. */
  send(outgoing: OutgoingToConnection): void
  /** Hands on what was collected since the last call. */
  flush(): void
}
