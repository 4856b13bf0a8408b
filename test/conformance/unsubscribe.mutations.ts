/**
 * How the tests of `unsubscribe.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

const decoder = 'src/protocol/packets/subscriptions.ts'
const subscribing = 'src/core/routing/subscribing.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'UNSUBSCRIBE may have any flags',
    file: 'src/protocol/packet-decoder.ts',
    from: `if (type !== 3 && (first & 15)`,
    to: `if (type !== 3 && type !== 10 && (first & 15)`,
    breaks: ['MQTT-3.10.1-1', 'MQTT3-3.10.1-1'],
  },
  {
    name: 'the bytes of a Topic Filter to unsubscribe from are read as text, whatever they are',
    file: decoder,
    from: `topicFilters.push(readTopicFilter(reader))`,
    to: `topicFilters.push(reader.readBinary('a Topic Filter').toString())`,
    breaks: ['MQTT-3.10.3-1', 'MQTT3-3.10.3-1'],
  },
  {
    name: 'UNSUBSCRIBE may be without a Topic Filter',
    file: decoder,
    from: `if (topicFilters.length === 0) {`,
    to: `if (topicFilters.length < 0) {`,
    breaks: ['MQTT-3.10.3-2', 'MQTT3-3.10.3-2'],
  },
  {
    name: 'the Topic Filter to remove is looked up in lower case',
    file: subscribing,
    from: `session.subscriptions.get(topicFilter)`,
    to: `session.subscriptions.get(topicFilter.toLowerCase())`,
    breaks: ['MQTT-3.10.4-1', 'MQTT3-3.10.4-1'],
  },
  {
    name: 'the Topic Filter to remove is normalised before it is looked up',
    file: subscribing,
    from: `session.subscriptions.get(topicFilter)`,
    to: `session.subscriptions.get(topicFilter.normalize())`,
    breaks: ['MQTT-3.10.4-1', 'MQTT3-3.10.4-1'],
  },
  {
    name: 'UNSUBSCRIBE takes the Subscription from the Session but not from the routing',
    file: subscribing,
    from: `core.subscriptions.remove(subscription)`,
    to: ``,
    breaks: ['MQTT-3.10.4-2', 'MQTT3-3.10.4-2'],
  },
  {
    name: 'the Retained Messages of a removed Subscription go on being sent',
    file: 'src/core/routing/retained-delivery.ts',
    from: `if (!this.subscription.isInForce) return false`,
    to: ``,
    breaks: ['MQTT-3.10.4-2', 'MQTT3-3.10.4-2'],
  },
  {
    name: 'UNSUBSCRIBE gives up what is on its way to the client',
    file: subscribing,
    from: `core.subscriptions.remove(subscription)`,
    to: `core.subscriptions.remove(subscription)\n    session.outbound.takeAll()`,
    breaks: ['MQTT-3.10.4-3', 'MQTT3-3.10.4-3'],
  },
  {
    name: 'UNSUBACK is only sent if something was removed',
    file: subscribing,
    from: `  turn.onceDurable.push({ type: 'packet', connection, packet: unsuback })`,
    to: `  if (reasonCodes.includes(0)) turn.onceDurable.push({ type: 'packet', connection, packet: unsuback })`,
    breaks: ['MQTT-3.10.4-4', 'MQTT-3.10.4-5', 'MQTT3-3.10.4-4', 'MQTT3-3.10.4-5'],
  },
  {
    name: 'UNSUBACK has the lower byte of the Packet Identifier only',
    file: subscribing,
    from: `type: 'unsuback', packetId: packet.packetId,`,
    to: `type: 'unsuback', packetId: packet.packetId & 0xff,`,
    breaks: ['MQTT-3.10.4-5', 'MQTT3-3.10.4-4'],
  },
  {
    name: 'an unknown Topic Filter makes the rest of its UNSUBSCRIBE forgotten',
    file: subscribing,
    from: `reasonCodes.push(ReasonCode.NoSubscriptionExisted)\n      continue`,
    // All codes are there: with fewer of them the next slice would go on.
    to: `reasonCodes.push(...packet.topicFilters.slice(done, end).map(() => ReasonCode.NoSubscriptionExisted))\n      break`,
    breaks: ['MQTT-3.10.4-6', 'MQTT3-3.10.4-6', 'MQTT-3.11.3-2'],
  },
  {
    name: 'the codes of UNSUBACK begin with the last Topic Filter',
    file: subscribing,
    from: `reasonCodes.push(ReasonCode.Success)`,
    to: `reasonCodes.unshift(ReasonCode.Success)`,
    breaks: ['MQTT-3.11.3-1'],
  },
  {
    name: 'UNSUBACK says No matching subscribers of an unknown Topic Filter',
    file: subscribing,
    from: `reasonCodes.push(ReasonCode.NoSubscriptionExisted)`,
    to: `reasonCodes.push(ReasonCode.NoMatchingSubscribers)`,
    breaks: ['MQTT-3.11.3-2'],
  },
]

export const exemptions: Exemptions = {
  'MQTT-3.11.2-1':
    'the broker puts no Reason String on UNSUBACK, so there is never one to leave out; what is left out when a packet is too large is the same for all packets, see MQTT-3.9.2-1',
  'MQTT-3.11.2-2': 'the broker puts no User Property on UNSUBACK, so there is never one to leave out',
}
