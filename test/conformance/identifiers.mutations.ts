/**
 * How the tests of `identifiers.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'QoS 0 leaves with a Packet Identifier',
    file: 'src/protocol/publish-encoder.ts',
    from: 'if (qos > 0) writer.writeUint16(packetId)',
    to: 'writer.writeUint16(packetId)',
    breaks: ['MQTT-2.2.1-2', 'MQTT3-2.3.1-5'],
  },
  {
    name: 'a Packet Identifier is read from QoS 0',
    file: 'src/protocol/publish-decoder.ts',
    from: 'topicEnd + (qosBits > 0 ? 2 : 0)',
    to: 'topicEnd + 2',
    breaks: ['MQTT-2.2.1-2', 'MQTT3-2.3.1-5'],
  },
  {
    name: 'a PUBLISH with Packet Identifier 0 is taken',
    file: 'src/protocol/publish-decoder.ts',
    from: 'if (packet.packetId === 0)',
    to: 'if (packet.packetId < 0)',
    breaks: ['MQTT-2.2.1-3', 'MQTT3-2.3.1-1'],
  },
  {
    name: 'a request with Packet Identifier 0 is taken',
    file: 'src/protocol/byte-reader.ts',
    from: 'if (packetId === 0)',
    to: 'if (packetId < 0)',
    breaks: ['MQTT-2.2.1-3', 'MQTT3-2.3.1-1'],
  },
  {
    name: 'Packet Identifiers of a client are taken for signed',
    file: 'src/protocol/byte-reader.ts',
    from: 'if (packetId === 0)',
    to: 'if (packetId << 16 <= 0)',
    breaks: ['MQTT-2.2.1-3', 'MQTT3-2.3.1-1'],
  },
  {
    name: 'our client forgets which identifiers its messages have when it begins again at 1',
    file: 'src/cli/client/mqtt-client.ts',
    from: ' || this.#window.has(this.#lastPacketId)',
    to: '',
    breaks: ['MQTT-2.2.1-3', 'MQTT3-2.3.1-2'],
  },
  {
    name: 'our client forgets which identifiers its requests have when it begins again at 1',
    file: 'src/cli/client/mqtt-client.ts',
    from: 'this.#requests.has(this.#lastPacketId) || ',
    to: '',
    breaks: ['MQTT-2.2.1-3', 'MQTT3-2.3.1-2'],
  },
  {
    name: 'our client sends again under a new identifier',
    file: 'src/cli/client/mqtt-client.ts',
    from: 'else this.#sendMessage(message, packetId, wasSent',
    to: 'else this.#sendMessage(message, wasSent ? this.#nextPacketId() : packetId, wasSent',
    breaks: ['MQTT3-2.3.1-3'],
  },
  {
    name: 'an identifier once used at QoS 2 is never free again',
    file: 'src/core/session/inbound.ts',
    from: 'session.inboundPacketIds?.delete(packetId)',
    to: 'session.inboundPacketIds?.has(packetId)',
    breaks: ['MQTT3-2.3.1-3'],
  },
  {
    name: 'the broker takes an identifier that is in use when it begins again at 1',
    file: 'src/core/session/packet-ids.ts',
    from: 'while (inUse.isTaken(this.#last))',
    to: 'while (this.#last === 0 && inUse.isTaken(this.#last))',
    breaks: ['MQTT-2.2.1-4', 'MQTT3-2.3.1-4'],
  },
  {
    name: 'the broker counts Packet Identifiers from 0',
    file: 'src/core/session/packet-ids.ts',
    from: 'packetId === packetIdMax ? 1 :',
    to: 'packetId === packetIdMax ? 0 :',
    breaks: ['MQTT-2.2.1-4', 'MQTT3-2.3.1-4'],
  },
  {
    name: 'PUBACK and PUBREC lose the high byte of the identifier',
    file: 'src/core/session/publish-answer.ts',
    from: 'new OutgoingAcknowledgement(connection, packetType, packetId, admission.reasonCode)',
    to: 'new OutgoingAcknowledgement(connection, packetType, packetId & 0xff, admission.reasonCode)',
    breaks: ['MQTT-2.2.1-5', 'MQTT3-2.3.1-6'],
  },
  {
    name: 'PUBCOMP has the bytes of the identifier the wrong way round',
    file: 'src/core/session/inbound.ts',
    from: `new OutgoingAcknowledgement(connection, 'pubcomp', packetId, reasonCode)`,
    to: `new OutgoingAcknowledgement(connection, 'pubcomp', ((packetId & 0xff) << 8) | (packetId >> 8), reasonCode)`,
    breaks: ['MQTT-2.2.1-5', 'MQTT3-2.3.1-6'],
  },
  {
    name: 'PUBREL has the identifier of the oldest message',
    file: 'src/core/session/outbound.ts',
    from: "turn.onceDurable.push(new OutgoingAcknowledgement(connection, 'pubrel', packetId, ReasonCode.Success))\n  }\n\n  receivePubcomp",
    to: "const [oldest] = this.#inFlight ?? []\n    turn.onceDurable.push(new OutgoingAcknowledgement(connection, 'pubrel', oldest?.packetId ?? 0, ReasonCode.Success))\n  }\n\n  receivePubcomp",
    breaks: ['MQTT-2.2.1-5', 'MQTT3-2.3.1-6'],
  },
  {
    name: 'a refusal has the high byte of the identifier alone',
    file: 'src/core/session/publish-answer.ts',
    from: 'packetId: packet.packetId, reasonCode, properties',
    to: 'packetId: packet.packetId >> 8, reasonCode, properties',
    breaks: ['MQTT-2.2.1-5'],
  },
  {
    name: 'SUBACK loses the high byte of the identifier',
    file: 'src/core/routing/subscribing.ts',
    from: `type: 'suback', packetId: packet.packetId`,
    to: `type: 'suback', packetId: packet.packetId & 0xff`,
    breaks: ['MQTT-2.2.1-6', 'MQTT3-2.3.1-7'],
  },
  {
    name: 'UNSUBACK loses the high byte of the identifier',
    file: 'src/core/routing/subscribing.ts',
    from: `type: 'unsuback', packetId: packet.packetId`,
    to: `type: 'unsuback', packetId: packet.packetId & 0xff`,
    breaks: ['MQTT-2.2.1-6', 'MQTT3-2.3.1-7'],
  },
]

export const exemptions: Exemptions = {}
