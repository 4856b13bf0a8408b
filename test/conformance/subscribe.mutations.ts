/**
 * How the tests of `subscribe.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

const decoder = 'src/protocol/packets/subscriptions.ts'
const subscribing = 'src/core/routing/subscribing.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'SUBSCRIBE may have any flags',
    file: 'src/protocol/packet-decoder.ts',
    from: `if (type !== 3 && (first & 15)`,
    to: `if (type !== 3 && type !== 8 && (first & 15)`,
    breaks: ['MQTT-3.8.1-1', 'MQTT3-3.8.1-1'],
  },
  {
    name: 'the bytes of a Topic Filter are read as text, whatever they are',
    file: decoder,
    from: `reader.readString('a Topic Filter')`,
    to: `reader.readBinary('a Topic Filter').toString()`,
    breaks: ['MQTT-3.8.3-1', 'MQTT3-3.8.3-1'],
  },
  {
    name: 'SUBSCRIBE may be without a Topic Filter',
    file: decoder,
    from: `if (subscriptions.length === 0) {`,
    to: `if (subscriptions.length < 0) {`,
    breaks: ['MQTT-3.8.3-2', 'MQTT3-3.8.3-3'],
  },
  {
    name: 'No Local makes no difference',
    file: 'src/core/routing/router.ts',
    from: `receiver.noLocal && receiver.session === source.session ? withoutNoLocal(receiver) : receiver`,
    to: `receiver`,
    breaks: ['MQTT-3.8.3-3'],
  },
  {
    name: 'No Local on a Shared Subscription is seen on the first Topic Filter only',
    file: subscribing,
    from: `if (request.noLocal && request.topicFilter.startsWith`,
    to: `if (request === packet.subscriptions[0] && request.noLocal && request.topicFilter.startsWith`,
    breaks: ['MQTT-3.8.3-4'],
  },
  {
    name: 'the highest bit of the Subscription Options is ignored',
    file: decoder,
    from: `? 0xc0 : 0xfc`,
    to: `? 0x40 : 0xfc`,
    breaks: ['MQTT-3.8.3-5'],
  },
  {
    name: 'SUBSCRIBE of 3.1.1 may use the Subscription Options of 5.0',
    file: decoder,
    from: `? 0xc0 : 0xfc`,
    to: `? 0xc0 : 0xc0`,
    breaks: ['MQTT3-3.8.3-4'],
  },
  {
    name: 'SUBACK is only sent if something was granted',
    file: subscribing,
    from: `  turn.onceDurable.push({ type: 'packet', connection, packet: suback })`,
    to: `  if (reasonCodes.some((code) => code < 0x80)) turn.onceDurable.push({ type: 'packet', connection, packet: suback })`,
    breaks: ['MQTT-3.8.4-1', 'MQTT3-3.8.4-1'],
  },
  {
    name: 'SUBACK has the lower byte of the Packet Identifier only',
    file: subscribing,
    from: `type: 'suback', packetId: packet.packetId,`,
    to: `type: 'suback', packetId: packet.packetId & 0xff,`,
    breaks: ['MQTT-3.8.4-2', 'MQTT3-3.8.4-2'],
  },
  {
    name: 'a Subscription to an identical Topic Filter is added to the first',
    file: subscribing,
    from: `const subscription = existing ?? core.subscriptions.add(`,
    to: `const subscription = core.subscriptions.add(`,
    breaks: ['MQTT-3.8.4-3', 'MQTT3-3.8.4-3'],
  },
  {
    name: 'replacing a Subscription sends no Retained Messages',
    file: subscribing,
    from: `request.retainHandling === 0 || (request.retainHandling === 1 && existing === undefined)`,
    to: `request.retainHandling !== 2 && existing === undefined`,
    breaks: ['MQTT-3.8.4-4', 'MQTT3-3.8.4-3'],
  },
  {
    name: 'replacing a Subscription empties the queue of the Session',
    file: subscribing,
    from: `  subscription.setOptions(request, identifier)`,
    to: `  if (existing !== undefined) session.outbound.takeAll(core)\n  subscription.setOptions(request, identifier)`,
    breaks: ['MQTT-3.8.4-4', 'MQTT3-3.8.4-3'],
  },
  {
    name: 'an invalid Topic Filter makes the rest of its SUBSCRIBE forgotten',
    file: subscribing,
    from: `subscribing.done += 1\n`,
    to: `subscribing.done += subscribing.reasons.length > 0 ? subscriptions.length : 1\n    if (subscribing.done > subscriptions.length) break\n`,
    breaks: ['MQTT-3.8.4-5', 'MQTT3-3.8.4-4', 'MQTT-3.8.4-6', 'MQTT3-3.8.4-5'],
  },
  {
    name: 'SUBACK says 0 for every Topic Filter that was granted',
    file: subscribing,
    from: `reasonCodes.push(subscription.qos)`,
    to: `reasonCodes.push(ReasonCode.Success)`,
    breaks: ['MQTT-3.8.4-7', 'MQTT3-3.8.4-5'],
  },
  {
    name: 'a live message comes with the QoS it was published with',
    file: 'src/core/routing/router.ts',
    from: `publish.qos < to.qos ? publish.qos : to.qos`,
    to: `publish.qos`,
    breaks: ['MQTT-3.8.4-8', 'MQTT3-3.8.4-6'],
  },
  {
    name: 'a Retained Message comes with the granted QoS',
    file: 'src/core/routing/retained-delivery.ts',
    from: 'message.publish.qos < grantedQos ? message.publish.qos : grantedQos',
    to: 'grantedQos',
    breaks: ['MQTT-3.8.4-8', 'MQTT3-3.8.4-6'],
  },
  {
    name: 'SUBACK keeps its Reason String however small the packets of the client are',
    file: 'src/server/without-words.ts',
    from: `if (!('properties' in packet)) return packet`,
    to: `if (!('properties' in packet) || packet.type === 'suback') return packet`,
    breaks: ['MQTT-3.9.2-1'],
  },
  {
    name: 'the codes of SUBACK begin with the last Topic Filter',
    file: subscribing,
    from: `reasonCodes.push(subscription.qos)`,
    to: `reasonCodes.unshift(subscription.qos)`,
    breaks: ['MQTT-3.9.3-1', 'MQTT3-3.9.3-1'],
  },
  {
    name: 'an invalid Topic Filter is answered with the code for a Topic Name',
    file: subscribing,
    from: `refuse(ReasonCode.TopicFilterInvalid,`,
    to: `refuse(ReasonCode.TopicNameInvalid,`,
    breaks: ['MQTT-3.9.3-2'],
  },
  {
    name: 'SUBACK of 3.1.1 has the codes of 5.0',
    file: 'src/protocol/packet-encoder.ts',
    from: `writer.writeByte(!isFive && code > 0x80 ? 0x80 : code)`,
    to: `writer.writeByte(code)`,
    breaks: ['MQTT3-3.9.3-2'],
  },
]

export const exemptions: Exemptions = {
  'MQTT-3.9.2-2':
    'the broker puts no User Property on SUBACK, so there is never one to leave out; what is left out when a packet is too large is the same for all words, see MQTT-3.9.2-1',
  'MQTT3-3.8.3-2': 'the broker supports wildcards in Topic Filters and has no option to do without them',
}
