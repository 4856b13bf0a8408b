/**
 * How the tests of `publish.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

const decoder = 'src/protocol/publish-decoder.ts'
const topicNames = 'src/protocol/topic-name-cache.ts'
const answer = 'src/core/session/publish-answer.ts'
const inbound = 'src/core/session/inbound.ts'
const router = 'src/core/routing/router.ts'
const route = 'src/core/routing/route.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'what is sent again has DUP 0',
    file: 'src/core/session/outbound.ts',
    from: 'outgoingPublish(copy, copy.message, true, connection, nowMs)',
    to: 'outgoingPublish(copy, copy.message, false, connection, nowMs)',
    breaks: ['MQTT-3.3.1-1', 'MQTT3-3.3.1-1'],
  },
  {
    name: 'DUP 1 is allowed at QoS 0',
    file: decoder,
    from: 'if (qosBits === 0 && (first & 8) !== 0) {',
    to: 'if (qosBits === 3 && (first & 8) !== 0) {',
    breaks: ['MQTT-3.3.1-2', 'MQTT3-3.3.1-2'],
  },
  {
    name: 'DUP goes on as it came',
    file: 'src/protocol/publish-encoder.ts',
    from: '(dup ? 8 : 0)',
    to: '(dup || source.dup ? 8 : 0)',
    breaks: ['MQTT-3.3.1-2', 'MQTT3-3.3.1-2', 'MQTT-3.3.1-3', 'MQTT3-3.3.1-3'],
  },
  {
    name: 'both QoS bits are taken for QoS 2',
    file: decoder,
    from: 'if (qosBits === 3)',
    to: 'if (qosBits > 3)',
    breaks: ['MQTT-3.3.1-4', 'MQTT3-3.3.1-4'],
  },
  {
    name: 'ill-formed UTF-8 in a Topic Name is replaced instead of refused',
    file: topicNames,
    from: 'decodeUtf8(bytes, start, end)',
    to: `bytes.toString('utf8', start, end)`,
    breaks: ['MQTT-3.3.2-1', 'MQTT3-3.3.2-1'],
  },
  {
    name: 'the decoder lets the single-level wildcard through',
    file: topicNames,
    from: ` || name.includes('+')`,
    to: '',
    breaks: ['MQTT-3.3.2-2', 'MQTT3-3.3.2-2'],
  },
  {
    name: 'a Topic Name that differs in its last byte is taken for the one before',
    file: topicNames,
    from: 'for (let shift = 0; at + shift / 8 < end; shift += 8)',
    to: 'for (let shift = 0; at + shift / 8 < end - 1; shift += 8)',
    breaks: ['MQTT-3.3.2-3', 'MQTT3-3.3.2-3'],
  },
  {
    name: 'a PUBLISH at QoS 2 is answered with PUBACK',
    file: answer,
    from: `const packetType = qos === 1 ? 'puback' : 'pubrec'`,
    to: `const packetType = qos >= 1 ? 'puback' : 'pubrec'`,
    breaks: ['MQTT-3.3.4-1', 'MQTT3-3.3.4-1'],
  },
  {
    name: 'a PUBLISH at QoS 0 is answered like one at QoS 2',
    file: inbound,
    from: '  if (qos === 0) return\n',
    to: '',
    breaks: ['MQTT-3.3.4-1', 'MQTT3-3.3.4-1'],
  },
  {
    name: 'overlapping Subscriptions deliver at the QoS of the last',
    file: route,
    from: 'if (part.qos > qos) qos = part.qos',
    to: 'qos = part.qos',
    breaks: ['MQTT-3.3.4-2', 'MQTT3-3.3.5-1'],
  },
  {
    name: 'a message that is passed on as it came goes without Subscription Identifier',
    file: 'src/protocol/publish-encoder.ts',
    from: 'delivery.subscriptionIdentifiers === null &&',
    to: '',
    breaks: ['MQTT-3.3.4-3'],
  },
  {
    name: 'a Subscription keeps its identifier when it is replaced',
    file: 'src/core/routing/subscription.ts',
    from: 'this.subscriptionIdentifiers = subscriptionIdentifier === 0 ? null',
    to: 'this.subscriptionIdentifiers ??= subscriptionIdentifier === 0 ? null',
    breaks: ['MQTT-3.3.4-3'],
  },
  {
    name: 'of several identifiers only the last goes along',
    file: route,
    from: 'identifiers.push(...part.subscriptionIdentifiers)',
    to: 'identifiers.splice(0, 1, ...part.subscriptionIdentifiers)',
    breaks: ['MQTT-3.3.4-4'],
  },
  {
    name: 'a copy for a Shared Subscription goes without its identifier',
    file: router,
    from: 'retainRuleOf(to), subscriptionIdentifiers,',
    to: 'retainRuleOf(to), member === null ? subscriptionIdentifiers : null,',
    breaks: ['MQTT-3.3.4-5'],
  },
  {
    name: 'a Subscription Identifier from a client is overlooked',
    file: decoder,
    from: 'if (!fromServer && subscriptionIdentifiers !== undefined) {',
    to: 'if (!fromServer && subscriptionIdentifiers?.length === 0) {',
    breaks: ['MQTT-3.3.4-6'],
  },
  {
    name: 'an unauthorized PUBLISH of 3.1.1 is dropped without acknowledgement, and the connection stays',
    file: answer,
    from: 'if (packet.qos > 0) answerRefused(',
    to: 'if (packet.qos > 0 && connection.protocolVersion === 5) answerRefused(',
    breaks: ['MQTT3-3.3.5-2'],
  },
]

export const exemptions: Exemptions = {}
