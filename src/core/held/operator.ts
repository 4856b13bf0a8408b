/**
 * What an operator may do with a message that waits for a listener: publish it again, or give it up (`giveUp` in hold.ts).
 */
import { publish } from '../../protocol/packets/publish.ts'
import type { Connection } from '../connection/connection.ts'
import type { Message } from '../message.ts'
import { originOf } from '../routing/dead-letter.ts'
import type { Route } from '../routing/route.ts'
import { admitMessage } from '../routing/router.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import { drainTopic } from './drain.ts'
import type { HeldMessage } from './held-messages.ts'
import { endHold } from './hold.ts'

export type Republished =
  /** It went to listeners. */
  | { readonly type: 'routed'; readonly matched: number }
  /** A dead letter whose own Topic Name holds what nobody listens for: now it waits there. */
  | { readonly type: 'held' }
  /** Nothing has changed, and why. */
  | { readonly type: 'refused'; readonly text: string }

/**
 * Publishes a held message to whoever listens now, even at a lower QoS or for as long as the connection lasts; a dead letter as
 * the message it was. If nobody listens it stays where it is. `body` is the message as it was taken in.
 */
export function republish(core: CoreState, held: HeldMessage, body: Message, nowMs: number, turn: Turn): Republished {
  const { publish: source } = body
  const origin = held.fact.reason === 'dead' ? originOf(source) : null
  const topicName = origin?.topicName ?? held.topicName
  const waiting = core.held.topic(topicName)
  const drained = waiting === undefined ? null : drainTopic(core, waiting, Number.POSITIVE_INFINITY, nowMs, turn)
  if (core.held.get(held.seq) === undefined) return { type: 'routed', matched: 1 }
  if (drained?.outcome === 'stuck') return { type: 'refused', text: 'the queue of its listener is full' }
  const { listeners, rule } = core.subscriptions.route(topicName)
  if (listeners === 0 && (origin === null || rule.options.whenNobody !== 'hold')) {
    return { type: 'refused', text: 'nobody subscribes to its Topic Name' }
  }
  const { payload, qos } = source
  const properties = { ...(origin?.properties ?? source.properties) }
  const seconds = body.secondsLeft(nowMs)
  if (seconds >= 0) properties.messageExpiryInterval = seconds
  const from = { session: null, inboundPacketId: 0, isWill: false, mayBeRefused: true, counts: 'made' } as const
  const packet = publish({ topicName, payload, qos, properties })
  const connections = connectionsOf(core.subscriptions.route(topicName))
  for (const connection of connections) connection.milestonesAhead += 1
  const { reasonCode, text, matched } = admitMessage(core, packet, { ...from, replaces: held.seq }, nowMs, turn)
  for (const connection of connections) turn.onceDurable.push({ type: 'milestone', connection })
  if (reasonCode >= 0x80) return { type: 'refused', text: text ?? 'it was refused' }
  endHold(core, held, 'republished')
  return matched > 0 ? { type: 'routed', matched } : { type: 'held' }
}

/** Nothing leaves on them before the end of the hold is durable: after a crash it would be there to be published again. */
function connectionsOf({ receivers, groups }: Route): Connection[] {
  const listening = [...receivers, ...groups.flatMap(({ members }) => members)]
  const connections = new Set(listening.map(({ session }) => session.connection))
  return [...connections].filter((connection) => connection !== null)
}
