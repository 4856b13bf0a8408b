/**
 * Sessions that have no room for a message, and what their policy does about it.
 */
import type { Publish } from '../../protocol/packets/publish.ts'
import { reachLimit } from '../limit-reached.ts'
import type { Session } from '../session/session.ts'
import type { CoreState } from '../state.ts'
import type { Route } from './route.ts'
import type { Subscription } from './subscription.ts'
import type { TopicRule } from './topic-rule.ts'

export const noSessions: ReadonlySet<Session> = new Set()

/** Sessions whose queue has no room for a copy they should get. */
export function fullSessions(
  core: CoreState,
  packet: Publish,
  route: Route,
  members: readonly Subscription[],
): ReadonlySet<Session> {
  let full: Set<Session> | null = null
  const { whenQueueFull } = route.rule.options
  const size = packet.topicName.length + packet.payloadSize
  for (let position = 0; position < route.receivers.length + members.length; position++) {
    const to = route.receivers[position] ?? members[position - route.receivers.length]
    if (to === undefined || to.qos === 0 || to.session.outbound.hasRoom(size, core, whenQueueFull)) continue
    full ??= new Set()
    full.add(to.session)
  }
  return full ?? noSessions
}

/** What a publisher is told whose message is refused for them, with the limit of the first. */
export function queueRefusal(
  core: CoreState,
  full: ReadonlySet<Session>,
  { options: { whenQueueFull } }: TopicRule,
): string {
  const [session] = full
  const survives = session?.survives === true
  const { messagesMax, bytesMax } = core.queueBounds(survives, whenQueueFull)
  const goesOn = core.options.isDurable && survives && whenQueueFull === 'spill'
  const hasMessages = (session?.outbound.queuedMessages ?? 0) >= messagesMax
  const what = hasMessages ? `${messagesMax} messages` : `${bytesMax} bytes`
  const words = `the queue of a subscriber is full, with ${what}; send the message again later`
  if (hasMessages) return reachLimit(core, goesOn ? 'sessionSpillMessagesMax' : 'sessionQueueMessagesMax', words)
  return reachLimit(core, goesOn ? 'sessionSpillBytesMax' : 'sessionQueueBytesMax', words)
}

/**
 * Gives up the oldest message of each full Session if that is the policy; returns those that go without this one. Never for
 * what the broker itself has to say.
 */
export function makeRoom(
  core: CoreState,
  packet: Publish,
  full: ReadonlySet<Session>,
  { options: { whenQueueFull } }: TopicRule,
): ReadonlySet<Session> {
  if (whenQueueFull !== 'drop-oldest') return full
  const without = new Set<Session>()
  const size = packet.topicName.length + packet.payloadSize
  for (const session of full) {
    const { outbound } = session
    while (!outbound.hasRoom(size, core, whenQueueFull) && outbound.dropOldest(core));
    if (!outbound.hasRoom(size, core, whenQueueFull)) without.add(session)
  }
  return without
}
