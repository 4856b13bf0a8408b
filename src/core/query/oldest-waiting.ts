/**
 * Since when the oldest message of a queue has been with the broker, without reading the store.
 */
import { Copy } from '../session/copy.ts'
import type { Outbound } from '../session/outbound.ts'
import type { CoreState } from '../state.ts'

/** Milliseconds since 1970, to about a second where the message itself is in the store only; 0 if nothing waits or it is not known. */
export function oldestWaitingMs(core: CoreState, { firstWaiting }: Outbound): number {
  if (firstWaiting === null) return 0
  if (firstWaiting instanceof Copy && firstWaiting.message !== null) return firstWaiting.message.receivedMs
  const isCopy = firstWaiting instanceof Copy
  const seq = isCopy ? firstWaiting.messageSeq : firstWaiting.set.entries.messageAt(firstWaiting.position)
  return core.bodies.get(seq)?.receivedMs ?? core.messageTimes.timeOf(seq)
}
