/**
 * What is refused while the process is short of memory: whatever would take more of it. What frees it goes on: acknowledgements,
 * deliveries, clients that come back to a Session in which something waits for them.
 */
import { ReasonCode } from '../protocol/reason-code.ts'
import { type ClosingReason, refuseConnect } from './connection/closing.ts'
import { reachLimit } from './limit-reached.ts'
import type { CoreState } from './state.ts'
import type { Turn } from './turn.ts'

const text = 'the broker is short of memory; try again later'

/** Why nothing more is taken in; null if it is. */
export function memoryFault(core: CoreState): ClosingReason | null {
  if (!core.memoryIsShort) return null
  return { reasonCode: ReasonCode.QuotaExceeded, text: reachLimit(core, 'memoryBytesMax', text) }
}

/** Whether the process is short of memory from now on. Whoever has not even sent a CONNECT by then has to come again. */
export function changeMemory(core: CoreState, isShort: boolean, nowMs: number, turn: Turn): void {
  core.nowMs = nowMs
  core.memoryIsShort = isShort
  if (!isShort) return
  for (const connection of [...core.connections]) {
    if (connection.state !== 'opened') continue
    const reason = { reasonCode: ReasonCode.QuotaExceeded, text: reachLimit(core, 'memoryBytesMax', text) }
    refuseConnect(core, connection, reason, nowMs, turn)
  }
}
