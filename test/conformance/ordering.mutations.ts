/**
 * How the tests of `ordering.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

const inFlight = 'src/core/session/in-flight.ts'
const outbound = 'src/core/session/outbound.ts'
const mqttClient = 'src/cli/client/mqtt-client.ts'
const messageWindow = 'src/cli/client/message-window.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'PUBACK and PUBREC leave at once if their message needs no record',
    file: 'src/core/session/publish-answer.ts',
    from: 'turn.onceDurable.push(new OutgoingAcknowledgement(connection, packetType,',
    to: '(turn.records.length === 0 ? turn.now : turn.onceDurable).push(new OutgoingAcknowledgement(connection, packetType,',
    breaks: ['MQTT-4.6.0-2', 'MQTT3-4.6.0-2', 'MQTT-4.6.0-3', 'MQTT3-4.6.0-3'],
  },
  {
    name: 'PUBREL for an unknown identifier leaves at once',
    file: outbound,
    from: `turn.onceDurable.push(\n        new OutgoingAcknowledgement(connection, 'pubrel', packetId, ReasonCode.PacketIdentifierNotFound)`,
    to: `turn.now.push(\n        new OutgoingAcknowledgement(connection, 'pubrel', packetId, ReasonCode.PacketIdentifierNotFound)`,
    breaks: ['MQTT-4.6.0-4', 'MQTT3-4.6.0-4'],
  },
  {
    name: 'PUBRELs are sent again in the order of the PUBLISHes',
    file: inFlight,
    from: 'if (this.#copies.delete(copy)) this.#copies.add(copy)',
    to: '',
    breaks: ['MQTT-4.6.0-4', 'MQTT3-4.6.0-4'],
  },
  {
    name: 'messages are sent again with the latest first',
    file: inFlight,
    from: 'this.#toResend = toResend',
    to: 'this.#toResend = toResend.reverse()',
    breaks: ['MQTT-4.6.0-1', 'MQTT3-4.6.0-1', 'MQTT3-4.6.0-6'],
  },
  {
    name: 'messages are sent again QoS by QoS',
    file: inFlight,
    from: 'this.#toResend = toResend',
    to: 'this.#toResend = toResend.sort((one, other) => one.qos - other.qos)',
    breaks: ['MQTT-4.6.0-1', 'MQTT3-4.6.0-1', 'MQTT3-4.6.0-6'],
  },
  {
    name: 'our client sends messages again with the latest first',
    file: messageWindow,
    from: 'return [...this.#sent.values()]',
    to: 'return [...this.#sent.values()].reverse()',
    breaks: ['MQTT-4.6.0-1', 'MQTT3-4.6.0-1'],
  },
  {
    name: 'our client acknowledges a repeated QoS 1 message later than others',
    file: mqttClient,
    from: `if (packet.qos === 1) this.#send(acknowledgement('puback', packet.packetId, 0))`,
    to: `const acknowledge = () => this.#send(acknowledgement('puback', packet.packetId, 0))
    if (packet.qos === 1 && packet.dup) queueMicrotask(acknowledge)
    else if (packet.qos === 1) acknowledge()`,
    breaks: ['MQTT-4.6.0-2', 'MQTT3-4.6.0-2'],
  },
  {
    name: 'our client acknowledges a repeated QoS 2 message later than others',
    file: mqttClient,
    from: `this.#send(acknowledgement('pubrec', packet.packetId, 0))`,
    to: `const acknowledge = () => this.#send(acknowledgement('pubrec', packet.packetId, 0))
      if (packet.dup) queueMicrotask(acknowledge)
      else acknowledge()`,
    breaks: ['MQTT-4.6.0-3', 'MQTT3-4.6.0-3'],
  },
  {
    name: 'our client sends PUBRELs again in the order of the PUBLISHes',
    file: messageWindow,
    from: 'this.#sent.delete(entry.packetId)\n    this.#sent.set',
    to: 'this.#sent.set',
    breaks: ['MQTT-4.6.0-4', 'MQTT3-4.6.0-4'],
  },
]

export const exemptions: Exemptions = {}
