/**
 * How the tests of `retained.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

const router = 'src/core/routing/router.ts'
const subscribing = 'src/core/routing/subscribing.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'a Retained Message stays when another one comes',
    file: router,
    from: 'core.retained.set(message)',
    to: 'if (core.retained.get(message.topicName) === undefined) core.retained.set(message)',
    breaks: ['MQTT-3.3.1-5', 'MQTT3-3.3.1-5'],
  },
  {
    name: 'a message at QoS 0 is not retained',
    file: router,
    from: 'message.publish.retain ? retainedChange',
    to: 'message.publish.retain && message.publish.qos > 0 ? retainedChange',
    breaks: ['MQTT-3.3.1-5', 'MQTT3-3.3.1-5', 'MQTT3-3.3.1-7'],
  },
  {
    name: 'a message with RETAIN and without payload deletes nothing',
    file: router,
    from: "else if (retained === 'deleted') core.retained.delete(message.topicName)",
    to: '',
    breaks: ['MQTT-3.3.1-6', 'MQTT3-3.3.1-10'],
  },
  {
    name: 'a message that deletes a Retained Message is not delivered',
    file: router,
    from: 'if (to !== null) deliverUnrecorded(',
    to: 'if (message.publish.retain && message.publish.payloadSize === 0) break\n    if (to !== null) deliverUnrecorded(',
    breaks: ['MQTT-3.3.1-6', 'MQTT3-3.3.1-10'],
  },
  {
    name: 'a message without payload is retained where there is none to delete',
    file: router,
    from: "'unchanged' : 'deleted'",
    to: "'set' : 'deleted'",
    breaks: ['MQTT-3.3.1-7', 'MQTT3-3.3.1-11'],
  },
  {
    name: 'a message with RETAIN 0 takes the place of a Retained Message',
    file: router,
    from: 'message.publish.retain ? retainedChange',
    to: 'message.publish.retain || core.retained.get(message.topicName) !== undefined ? retainedChange',
    breaks: ['MQTT-3.3.1-8', 'MQTT3-3.3.1-12'],
  },
  {
    name: 'Retain Handling 0 is taken for 1',
    file: subscribing,
    from: 'request.retainHandling === 0 ||',
    to: '(request.retainHandling === 0 && existing === undefined) ||',
    breaks: ['MQTT-3.3.1-9'],
  },
  {
    name: 'Retain Handling 1 is taken for 0',
    file: subscribing,
    from: 'request.retainHandling === 1 && existing === undefined',
    to: 'request.retainHandling === 1',
    breaks: ['MQTT-3.3.1-10'],
  },
  {
    name: 'Retain Handling 2 is taken for 1',
    file: subscribing,
    from: 'request.retainHandling === 1 && existing',
    to: 'request.retainHandling >= 1 && existing',
    breaks: ['MQTT-3.3.1-11'],
  },
  {
    name: 'RETAIN goes on as it came whatever the Subscription says',
    file: 'src/core/rest/recipient-sets.ts',
    from: "receiver.retainAsPublished ? 'as-published' : 'cleared'",
    to: "'as-published'",
    breaks: ['MQTT-3.3.1-12', 'MQTT3-3.3.1-9'],
  },
  {
    name: 'Retain As Published sets RETAIN on every message',
    file: 'src/core/rest/recipient-sets.ts',
    from: "receiver.retainAsPublished ? 'as-published' : 'cleared'",
    to: "receiver.retainAsPublished ? 'set' : 'cleared'",
    breaks: ['MQTT-3.3.1-13'],
  },
  {
    name: 'Retained Messages below a topic that has one are not found',
    file: 'src/core/routing/topic-name-tree.ts',
    from: `if (level === '#') this.#stack.push(`,
    to: `if (level === '#' && node.value === undefined) this.#stack.push(`,
    breaks: ['MQTT3-3.3.1-6'],
  },
  {
    name: 'Retained Messages are sent with RETAIN 0',
    file: 'src/core/routing/retained-delivery.ts',
    from: "deliverCopy(core, session, message, qos, 'set',",
    to: "deliverCopy(core, session, message, qos, 'cleared',",
    breaks: ['MQTT3-3.3.1-8'],
  },
]

export const exemptions: Exemptions = {}
