/**
 * Publishes events for the clients that subscribe to them, as JSON, at QoS 1.
 *
 * They are messages the broker makes: counted as such, under no policy, and no event is made about them. An event that nobody
 * subscribes to is not even put into words.
 */
import { publish } from '../protocol/packets/publish.ts'
import type { BrokerEvent } from './event.ts'
import { eventTopicNames } from './event-topics.ts'
import { admitMessage, fromBroker } from './routing/router.ts'
import type { CoreState } from './state.ts'
import type { Turn } from './turn.ts'

export function publishEvent(core: CoreState, event: BrokerEvent, nowMs: number, turn: Turn): void {
  const topicName = eventTopicNames[event.type]
  if (topicName === null) return
  const { receivers, groups } = core.subscriptions.route(topicName)
  if (receivers.length + groups.length === 0) return
  const payload = Buffer.from(JSON.stringify({ atMs: nowMs, ...event }))
  const properties = { payloadFormatIndicator: 1, contentType: 'application/json' } as const
  admitMessage(core, publish({ topicName, payload, qos: 1, properties }), fromBroker, nowMs, turn)
}
