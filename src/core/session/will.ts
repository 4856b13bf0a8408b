/**
 * The Will Message: what a client wants said if it cannot say goodbye. MQTT 5.0 section 3.1.2.5.
 */
import type { PublishProperties, WillMessage } from '../../protocol/control-packet.ts'
import { publish } from '../../protocol/packets/publish.ts'
import { admitMessage } from '../routing/router.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import type { Session } from './session.ts'

/** When it goes out: after its delay, or when the Session ends if that is earlier [MQTT-3.1.3-9]. */
export function willDueMs(session: Session, will: WillMessage, nowMs: number): number {
  return nowMs + Math.min(will.properties.willDelayInterval ?? 0, session.expiryInterval) * 1000
}

/** Publishes the Will Message and removes it from the Session [MQTT-3.1.2-8] [MQTT-3.1.2-10]. */
export function publishWill(core: CoreState, session: Session, nowMs: number, turn: Turn): void {
  const { will } = session
  if (will === null) return
  session.will = null
  session.willAtMs = Number.POSITIVE_INFINITY
  const { topicName, payload, qos, retain } = will
  const { willDelayInterval: _, ...rest } = will.properties
  const properties: PublishProperties = rest
  const packet = publish({ topicName, payload, qos, retain, properties })
  const source = { session, inboundPacketId: 0, isWill: true, mayBeRefused: false, counts: 'made' } as const
  admitMessage(core, packet, source, nowMs, turn)
}
