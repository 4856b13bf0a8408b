/**
 * How the tests of `connect-properties.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

const handshake = 'src/core/connection/handshake.ts'
const outbound = 'src/core/session/outbound.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'a PUBLISH may be one byte larger than the Maximum Packet Size',
    file: 'src/core/session/outgoing-publish.ts',
    from: 'outgoing) > connection.maximumPacketSize',
    to: 'outgoing) > connection.maximumPacketSize + 1',
    breaks: ['MQTT-3.1.2-24', 'MQTT-3.1.2-25'],
  },
  {
    name: 'a message that waited is sent whatever its size',
    file: outbound,
    from: 'if (mayNot || isTooLarge(outgoing, connection)) {\n        this.#finish(',
    to: 'if (mayNot) {\n        this.#finish(',
    breaks: ['MQTT-3.1.2-24'],
  },
  {
    name: 'the Maximum Packet Size counts from CONNACK on',
    file: handshake,
    from: '  connection.maximumPacketSize = takenBytes(packet.properties)\n',
    to: '',
    breaks: ['MQTT-3.1.2-24'],
  },
  {
    name: 'the Maximum Packet Size counts for PUBLISH only',
    file: 'src/server/client-link.ts',
    from: 'const { maximumPacketSize, protocolVersion } = this.connection',
    to: 'const { maximumPacketSize, protocolVersion } = { ...this.connection, maximumPacketSize: 1e9 }',
    breaks: ['MQTT-3.1.2-24'],
  },
  {
    name: 'a message too large keeps its place in the window',
    file: outbound,
    from: '      copy.packetId = 0\n      this.#settle(',
    to: '      this.#inFlight.set(copy.packetId, copy)\n      this.#settle(',
    breaks: ['MQTT-3.1.2-25'],
  },
  {
    name: 'a message too large waits for a client with more room',
    file: outbound,
    from: `      this.#settle(copy, 'droppedTooLarge', core)`,
    to: '      this.#inFlight.set(-copy.message.id, copy)',
    breaks: ['MQTT-3.1.2-25'],
  },
  {
    name: 'Topic Aliases go one above the maximum',
    file: 'src/core/connection/topic-aliases.ts',
    from: 'this.#topicNames.length < this.#maximum ?',
    to: 'this.#topicNames.length <= this.#maximum ?',
    breaks: ['MQTT-3.1.2-26'],
  },
  {
    name: 'a client that has a Topic Alias Maximum gets as many as the broker likes',
    file: handshake,
    from: 'Math.min(topicAliasMaximum ?? 0, limits.sentTopicAliasMaximum)',
    to: '(topicAliasMaximum ?? 0) > 0 ? limits.sentTopicAliasMaximum : 0',
    breaks: ['MQTT-3.1.2-26'],
  },
  {
    name: 'a client without a Topic Alias Maximum gets as many as the broker likes',
    file: handshake,
    from: 'Math.min(topicAliasMaximum ?? 0, limits.sentTopicAliasMaximum)',
    to: 'Math.min(topicAliasMaximum || 65_535, limits.sentTopicAliasMaximum)',
    breaks: ['MQTT-3.1.2-27'],
  },
  {
    name: 'Response Information is sent to those who do not say that they want none',
    file: handshake,
    from: 'packet.properties.requestResponseInformation === true',
    to: 'packet.properties.requestResponseInformation !== false',
    breaks: ['MQTT-3.1.2-28'],
  },
  {
    name: 'Request Problem Information is not looked at',
    file: handshake,
    from: 'packet.properties.requestProblemInformation !== false',
    to: 'true',
    breaks: ['MQTT-3.1.2-29'],
  },
  {
    name: 'SUBACK has a Reason String whatever the client asked for',
    file: 'src/core/routing/subscribing.ts',
    from: 'reasons.length > 0 && connection.wantsProblemInformation ?',
    to: 'reasons.length > 0 ?',
    breaks: ['MQTT-3.1.2-29'],
  },
  {
    name: 'packets before CONNACK are ignored',
    file: 'src/core/broker.ts',
    from: `throw new ProtocolViolation(ReasonCode.ProtocolError, 'MQTT-3.1.0-1', text)`,
    to: '',
    breaks: ['MQTT-3.1.2-30'],
  },
  {
    name: 'DISCONNECT before CONNACK is an error',
    file: 'src/core/broker.ts',
    from: `else if (packet.type === 'disconnect') {`,
    to: 'else if (false) {',
    breaks: ['MQTT-3.1.2-30'],
  },
]

export const exemptions: Exemptions = {}
