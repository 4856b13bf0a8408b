/**
 * The Will Message: what a client wants said if it cannot say goodbye. MQTT 5.0 section 3.1.2.5.
 */
import type { PublishProperties, WillMessage } from '../../protocol/control-packet.ts'
import { publish } from '../../protocol/packets/publish.ts'
import { noteRefused } from '../routing/fate.ts'
import { admitMessage } from '../routing/router.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import type { Session } from './session.ts'

/** When it goes out: after its delay, or when the Session ends if that is earlier [MQTT-3.1.3-9]. */
export function willDueMs(session: Session, will: WillMessage, nowMs: number): number {
  return nowMs + Math.min(will.properties.willDelayInterval ?? 0, session.expiryInterval) * 1000
}

/**
 * Publishes the Will Message and removes it from the Session [MQTT-3.1.2-8] [MQTT-3.1.2-10]. Whether the client may was asked when
 * it connected, and is asked again: that may be long ago.
 */
export function publishWill(core: CoreState, session: Session, nowMs: number, turn: Turn): 'published' | 'refused' {
  const { will } = session
  if (will === null) return 'published'
  session.will = null
  session.willAtMs = Number.POSITIVE_INFINITY
  const { topicName, payload, qos, retain } = will
  const { willDelayInterval: _, ...rest } = will.properties
  const properties: PublishProperties = rest
  const packet = publish({ topicName, payload, qos, retain, properties })
  if (core.access?.publishing(session, topicName).allowed === false) {
    noteRefused(core, packet, session, 'its client may not publish there any more', nowMs, 'made')
    return 'refused'
  }
  const source = { session, inboundPacketId: 0, isWill: true, mayBeRefused: false, counts: 'made' } as const
  admitMessage(core, packet, source, nowMs, turn)
  return 'published'
}
