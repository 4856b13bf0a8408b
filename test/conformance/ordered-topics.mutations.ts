/**
 * How the tests of `ordered-topics.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

const queue = 'src/core/session/message-queue.ts'
const oneClient = ['MQTT-4.6.0-5', 'MQTT3-4.6.0-6']

export const mutations: readonly Mutation[] = [
  {
    name: 'what waits in a Session goes out with the latest first',
    file: queue,
    from: 'this.#copies.push(copy)',
    to: 'this.#copies.splice(this.#head, 0, copy)',
    breaks: oneClient,
  },
  {
    name: 'a long queue that is cut loses its place',
    file: 'src/core/rest/entry-list.ts',
    from: 'this.#messages.copyWithin(0, gone, this.#count)',
    to: '',
    breaks: oneClient,
  },
  {
    name: 'messages are taken in while the permission of an earlier one is still asked for',
    file: 'src/core/session/inbound.ts',
    from: 'connection.isWaiting = true',
    to: '',
    breaks: oneClient,
  },
  {
    name: 'what came in one chunk leaves in reverse order',
    file: 'src/server/turn-runner.ts',
    from: 'this.#dispatchAll(now)',
    to: 'this.#dispatchAll(now.toReversed())',
    breaks: [...oneClient, 'MQTT-4.6.0-6', 'MQTT3-4.6.0-5'],
  },
  {
    name: 'QoS 2 messages of one batch leave in reverse order',
    file: 'src/server/turn-runner.ts',
    from: 'this.#dispatchAll(onceDurable)',
    to: 'this.#dispatchAll(onceDurable.toReversed())',
    breaks: [...oneClient, 'MQTT-4.6.0-6', 'MQTT3-4.6.0-5'],
  },
  {
    name: 'what is held back for the CONNACK waits for records that it does not need',
    file: 'src/core/turn.ts',
    from: 'connection.heldBack.push(outgoing)',
    to: 'turn.onceDurable.push(outgoing)',
    breaks: [...oneClient, 'MQTT-4.6.0-6'],
  },
  {
    name: 'a Retained Message behind its SUBACK is overtaken by a later message',
    file: 'src/core/routing/subscribing.ts',
    from: `connection.milestonesAhead += 1
  for (const delivery of retained) beginRetained(core, connection, session, delivery, nowMs, turn)
  turn.onceDurable.push({ type: 'milestone', connection })`,
    to: `const before = turn.now.length
  for (const delivery of retained) beginRetained(core, connection, session, delivery, nowMs, turn)
  turn.onceDurable.push(...turn.now.splice(before))`,
    breaks: [...oneClient, 'MQTT-4.6.0-6'],
  },
]

export const exemptions: Exemptions = {}
