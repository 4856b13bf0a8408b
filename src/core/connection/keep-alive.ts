/**
 * A client that says nothing for too long is given up. MQTT 5.0 section 3.1.2.10.
 */
import { ReasonCode } from '../../protocol/reason-code.ts'
import type { Deadline } from '../deadlines.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import { disconnectClient } from './closing.ts'
import type { Connection } from './connection.ts'

/**
 * Seconds of silence after which the system is to look whether the client's machine is still there: a client of 3.1.1 that wants no
 * Keep Alive, or a longer one than there may be, cannot be given another, and may be silent for as long as it likes. 0: not at all.
 */
export function probeSeconds({ limits }: CoreState, { protocolVersion, silenceMsMax, state }: Connection): number {
  const { keepAliveSecondsMax } = limits
  if (state !== 'connected' || protocolVersion === 5 || keepAliveSecondsMax === 0) return 0
  return silenceMsMax === 0 || silenceMsMax > keepAliveSecondsMax * 1500 ? keepAliveSecondsMax : 0
}

/** Silent for one and a half times the Keep Alive: given up [MQTT-3.1.2-22]. What we ask or do not read stops the clock. */
export function checkKeepAlive(
  core: CoreState,
  deadline: Extract<Deadline, { type: 'keep-alive' }>,
  nowMs: number,
  turn: Turn,
): void {
  const { connection } = deadline
  if (connection.isClosed) return
  if (connection.isWaiting || connection.isPaused) connection.lastReceivedMs = nowMs
  const dueMs = connection.lastReceivedMs + connection.silenceMsMax
  if (dueMs > nowMs) {
    deadline.atMs = dueMs
    core.deadlines.add(deadline)
    return
  }
  const text = `nothing was received for ${connection.silenceMsMax / 1000} seconds, one and a half times the Keep Alive`
  disconnectClient(core, connection, { reasonCode: ReasonCode.KeepAliveTimeout, text }, nowMs, turn)
}
