/**
 * How the tests of `receiver.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

const answer = 'src/core/session/publish-answer.ts'
const inbound = 'src/core/session/inbound.ts'
const repeated = 'if (packet.qos === 2 && session.inboundPacketIds?.has(packet.packetId) === true) {'

export const mutations: readonly Mutation[] = [
  {
    name: 'PUBACK and PUBREC do not wait for the record of the message',
    file: answer,
    from: 'turn.onceDurable.push(new OutgoingAcknowledgement(connection, packetType,',
    to: 'turn.now.push(new OutgoingAcknowledgement(connection, packetType,',
    breaks: ['MQTT-4.3.2-4', 'MQTT3-4.3.2-2', 'MQTT-4.3.3-8', 'MQTT3-4.3.3-2'],
  },
  {
    name: 'PUBACK and PUBREC carry one identifier too many',
    file: answer,
    from: 'connection, packetType, packetId, admission.reasonCode',
    to: 'connection, packetType, packetId + 1, admission.reasonCode',
    breaks: ['MQTT-4.3.2-4', 'MQTT3-4.3.2-2', 'MQTT-4.3.3-8', 'MQTT3-4.3.3-2'],
  },
  {
    name: 'a message with DUP 1 is taken for a repetition at QoS 1, too',
    file: inbound,
    from: repeated,
    to: `if (packet.qos === 1 && packet.dup) {
    turn.onceDurable.push(new OutgoingAcknowledgement(connection, 'puback', packet.packetId, ReasonCode.Success))
    return
  }
  ${repeated}`,
    breaks: ['MQTT-4.3.2-5', 'MQTT3-4.3.2-2'],
  },
  {
    name: 'the identifier of a message that was not allowed is kept',
    file: answer,
    from: 'if (packet.qos > 0) answerRefused(',
    to: 'if (connection.session !== null) (connection.session.inboundPacketIds ??= new Set()).add(packet.packetId)\n  if (packet.qos > 0) answerRefused(',
    breaks: ['MQTT-4.3.3-9'],
  },
  {
    name: 'the identifier of a refused message is kept',
    file: inbound,
    from: 'if (qos === 0) return\n',
    to: 'if (qos === 0) return\n  if (qos === 2) (session.inboundPacketIds ??= new Set()).add(packetId)\n',
    breaks: ['MQTT-4.3.3-9'],
  },
  {
    name: 'only a repetition with DUP 1 is taken for one',
    file: inbound,
    from: repeated,
    to: repeated.replace(') {', ' && packet.dup) {'),
    breaks: ['MQTT-4.3.3-10', 'MQTT3-4.3.3-2'],
  },
  {
    name: 'a repetition is not answered',
    file: inbound,
    from: `new OutgoingAcknowledgement(connection, 'pubrec', packet.packetId, ReasonCode.Success)`,
    to: '',
    breaks: ['MQTT-4.3.3-10', 'MQTT3-4.3.3-2'],
  },
  {
    name: 'a repetition counts as one more unacknowledged message',
    file: inbound,
    from: repeated,
    to: `${repeated}\n    countInbound(core, connection, packet)`,
    breaks: ['MQTT-4.3.3-10'],
  },
  {
    name: 'a client that comes back starts with all identifiers free',
    file: 'src/core/session/lifecycle.ts',
    from: 'session.connection = null\n',
    to: 'session.connection = null\n  session.inboundPacketIds = null\n',
    breaks: ['MQTT-4.3.3-10', 'MQTT3-4.3.3-2'],
  },
  {
    name: 'PUBREL is answered by PUBCOMP for the oldest identifier',
    file: inbound,
    from: 'const { packetId } = packet\n  const isKnown',
    to: 'const packetId = [...(session.inboundPacketIds ?? [])][0] ?? packet.packetId\n  const isKnown',
    breaks: ['MQTT-4.3.3-11', 'MQTT3-4.3.3-2'],
  },
  {
    name: 'PUBREL leaves the identifier taken',
    file: inbound,
    from: 'session.inboundPacketIds?.delete(packetId)',
    to: 'session.inboundPacketIds?.has(packetId)',
    breaks: ['MQTT-4.3.3-12', 'MQTT3-4.3.3-2'],
  },
  {
    name: 'a message that has expired when it comes is not answered',
    file: inbound,
    from: 'if (qos === 0) return\n',
    to: 'if (qos === 0 || packet.properties.messageExpiryInterval === 0) return\n',
    breaks: ['MQTT-4.3.3-13'],
  },
  {
    name: 'our client keeps a message when it has handed it on',
    file: 'src/cli/client/inbound-messages.ts',
    from: 'this.#unreleased.delete(packetId)',
    to: '',
    breaks: ['MQTT-4.3.3-12'],
  },
  {
    name: 'our client takes DUP 1 for a message that it has had',
    file: 'src/cli/client/mqtt-client.ts',
    from: `if (packet.qos === 1) this.#send(acknowledgement('puback', packet.packetId, 0))`,
    to: `if (packet.qos === 1) this.#send(acknowledgement('puback', packet.packetId, 0))\n    if (packet.dup) return`,
    breaks: ['MQTT-4.3.2-5'],
  },
  {
    name: 'our client hands a QoS 2 message on whenever it comes',
    file: 'src/cli/client/mqtt-client.ts',
    from: 'this.#inbound.keep(packet)',
    to: 'this.#events.onMessage?.(packet)',
    breaks: ['MQTT-4.3.3-10'],
  },
]

export const exemptions: Exemptions = {}
