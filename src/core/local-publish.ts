/**
 * Publishes for code in this process, or for whoever asks through the HTTP API: like a client that has no Session.
 */
import type { Publish } from '../protocol/packets/publish.ts'
import { memoryFault } from './memory.ts'
import type { Claim } from './owed/owing.ts'
import { noteRefused } from './routing/fate.ts'
import { admitMessage } from './routing/router.ts'
import type { CoreState } from './state.ts'
import type { Turn } from './turn.ts'

const fromHost = { session: null, inboundPacketId: 0, isWill: false, mayBeRefused: true, counts: 'made' } as const

/** The answer carries `token` and leaves once the message is durable. `claim` is null if nothing is asked for beyond it. */
export function publishFromHost(
  core: CoreState,
  packet: Publish,
  token: number,
  claim: Claim | null,
  nowMs: number,
  turn: Turn,
): void {
  const memory = memoryFault(core)
  if (memory !== null) {
    const { reasonCode, text } = memory
    noteRefused(core, packet, null, text, nowMs, 'made')
    turn.onceDurable.push({ type: 'answer', token, reasonCode, matched: 0, queued: 0, fate: null, text })
    return
  }
  const before = core.underWay.queued
  const source = claim === null ? fromHost : { ...fromHost, claim }
  const { reasonCode, matched, fate, text } = admitMessage(core, packet, source, nowMs, turn)
  const queued = Math.max(0, core.underWay.queued - before)
  turn.onceDurable.push({ type: 'answer', token, reasonCode, matched, queued, fate, text })
}
