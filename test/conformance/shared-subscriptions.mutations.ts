/**
 * How the tests of `shared-subscriptions.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

const outbound = 'src/core/session/outbound.ts'
const topicFilter = 'src/core/routing/topic-filter.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'a share name may be empty',
    file: topicFilter,
    from: `if (shareName.length === 0) {`,
    to: `if (shareName.length < 0) {`,
    breaks: ['MQTT-4.8.2-1'],
  },
  {
    name: 'whatever begins with "$share" is taken for a Shared Subscription',
    file: topicFilter,
    from: `if (!text.startsWith(sharePrefix)) return`,
    to: `if (!text.startsWith('$share')) return`,
    breaks: ['MQTT-4.8.2-1'],
  },
  {
    name: 'a share name may hold a wildcard',
    file: topicFilter,
    from: `if (shareName.includes('+') || shareName.includes('#')) {`,
    to: `if (false) {`,
    breaks: ['MQTT-4.8.2-2'],
  },
  {
    name: 'nothing needs to follow the share name',
    file: topicFilter,
    from: `if (shareNameEnd < 0 || shareNameEnd === text.length - 1) {`,
    to: `if (false) {`,
    breaks: ['MQTT-4.8.2-2'],
  },
  {
    name: 'a shared message comes with the QoS it was published with',
    file: 'src/core/routing/router.ts',
    from: `publish.qos < to.qos ? publish.qos : to.qos`,
    to: `member !== null || publish.qos < to.qos ? publish.qos : to.qos`,
    breaks: ['MQTT-4.8.2-3'],
  },
  {
    name: 'a message goes on to another member with the QoS it had',
    file: 'src/core/session/other-member.ts',
    from: `message.publish.qos < member.qos ? message.publish.qos : member.qos`,
    to: `copy.qos`,
    breaks: ['MQTT-4.8.2-3'],
  },
  {
    name: 'shared QoS 2 messages are not resumed',
    file: 'src/core/session/in-flight.ts',
    from: 'if (copy.isReceived) received.push(copy)',
    to: 'if (copy.sharedFilter !== null) continue\n      if (copy.isReceived) received.push(copy)',
    breaks: ['MQTT-4.8.2-4'],
  },
  {
    name: 'a QoS 2 message that was sent goes on to another member',
    file: outbound,
    from: 'mayMove: copy.sharedFilter !== null && copy.qos === 1',
    to: 'mayMove: copy.sharedFilter !== null && !copy.isReceived',
    breaks: ['MQTT-4.8.2-5'],
  },
  {
    name: 'a PUBACK with an error does not end the message',
    file: 'src/core/broker.ts',
    from: `session.outbound.receivePuback(`,
    to: `if (packet.reasonCode < 0x80) session.outbound.receivePuback(`,
    breaks: ['MQTT-4.8.2-6'],
  },
  {
    name: 'a PUBREC with an error queues the message again',
    file: outbound,
    from: `if (reasonCode >= 0x80 && !copy.isReceived) {`,
    to: `if (reasonCode >= 0x80 && !copy.isReceived) {\n      this.enqueue(copy)`,
    breaks: ['MQTT-4.8.2-6'],
  },
]

export const exemptions: Exemptions = {}
