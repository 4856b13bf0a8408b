/**
 * How the tests of `sender.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

const inFlight = 'src/core/session/in-flight.ts'
const outbound = 'src/core/session/outbound.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'QoS 0 leaves with the DUP that the message came with',
    file: 'src/core/routing/delivery.ts',
    from: '    0,\n    false,\n    retain,',
    to: '    0,\n    message.publish.dup,\n    retain,',
    breaks: ['MQTT-4.3.1-1', 'MQTT3-4.3.1-1'],
  },
  {
    name: 'the next identifier is the number of messages in flight and one',
    file: inFlight,
    from: 'this.#packetIds.next(this.#copies, preferred)',
    to: 'this.#copies.size + 1',
    breaks: ['MQTT-4.3.2-1', 'MQTT3-4.3.2-1', 'MQTT-4.3.3-1', 'MQTT3-4.3.3-1'],
  },
  {
    name: 'QoS 1 and 2 leave with the DUP that the message came with',
    file: outbound,
    from: 'outgoingPublish(copy, message, dup, connection, nowMs)',
    to: 'outgoingPublish(copy, message, message.publish.dup, connection, nowMs)',
    breaks: ['MQTT-4.3.2-2', 'MQTT3-4.3.2-1', 'MQTT-4.3.3-2', 'MQTT3-4.3.3-1'],
  },
  {
    name: 'a QoS 1 message is done with when it has been sent',
    file: outbound,
    from: 'if (copy.qos === 1 && !this.#isResuming) {\n',
    to: `if (copy.qos === 1 && !this.#isResuming) {\n      this.#finish(copy, 'acknowledged', core)\n`,
    breaks: ['MQTT-4.3.2-3', 'MQTT3-4.3.2-1'],
  },
  {
    name: 'PUBACK opens the window but the message stays in flight',
    file: outbound,
    from: `if (copy.qos !== 1) throw wrongAcknowledgement('PUBACK', packetId, copy.qos)\n    this.#finish(copy, reasonCode >= 0x80 ? 'refusedByClient' : 'acknowledged', core)`,
    to: `if (copy.qos !== 1) throw wrongAcknowledgement('PUBACK', packetId, copy.qos)`,
    breaks: ['MQTT-4.3.2-3', 'MQTT3-4.3.2-1'],
  },
  {
    name: 'a QoS 2 message that was sent again is done with',
    file: outbound,
    from: 'inFlight.putOnWire(copy)\n',
    to: "inFlight.putOnWire(copy)\n    if (copy.qos === 2) this.#finish(copy, 'acknowledged', core)\n",
    breaks: ['MQTT-4.3.3-3', 'MQTT3-4.3.3-1'],
  },
  {
    name: 'a PUBREC other than 0x00 is taken for a refusal',
    file: outbound,
    from: 'if (reasonCode >= 0x80 && !copy.isReceived)',
    to: 'if (reasonCode > 0 && !copy.isReceived)',
    breaks: ['MQTT-4.3.3-4'],
  },
  {
    name: 'every PUBREC is taken for success',
    file: outbound,
    from: 'if (reasonCode >= 0x80 && !copy.isReceived)',
    to: 'if (reasonCode > 0xff && !copy.isReceived)',
    breaks: ['MQTT-4.3.3-4'],
  },
  {
    name: 'PUBREL goes out for the oldest message, whatever PUBREC was for',
    file: outbound,
    from: "turn.onceDurable.push(new OutgoingAcknowledgement(connection, 'pubrel', packetId, ReasonCode.Success))\n  }\n\n  receivePubcomp",
    to: "const [oldest] = this.#inFlight ?? []\n    turn.onceDurable.push(new OutgoingAcknowledgement(connection, 'pubrel', oldest?.packetId ?? 0, ReasonCode.Success))\n  }\n\n  receivePubcomp",
    breaks: ['MQTT-4.3.3-4', 'MQTT3-4.3.3-1'],
  },
  {
    name: 'a QoS 2 message is done with when its PUBREC has come',
    file: outbound,
    from: 'this.#inFlight?.setReceived(copy)\n      if',
    to: "this.#inFlight?.setReceived(copy)\n      this.#finish(copy, 'acknowledged', core)\n      if",
    breaks: ['MQTT-4.3.3-5', 'MQTT3-4.3.3-1'],
  },
  {
    name: 'PUBLISH is sent again in place of PUBREL',
    file: inFlight,
    from: 'copy.isReceived = true\n',
    to: '',
    breaks: ['MQTT-4.3.3-6', 'MQTT3-4.3.3-1', 'MQTT-4.3.3-5'],
  },
  {
    name: 'what has expired in flight is not sent again',
    file: outbound,
    from: 'if (mayNot || isTooLarge(outgoing, connection)) {\n        this.#finish(',
    to: 'if (mayNot || copy.message.isExpired(nowMs) || isTooLarge(outgoing, connection)) {\n        this.#finish(',
    breaks: ['MQTT-4.3.3-7'],
  },
  {
    name: 'PUBREL is not sent for a message that has expired in flight',
    file: outbound,
    from: 'if (reasonCode >= 0x80 && !copy.isReceived)',
    to: 'if ((reasonCode >= 0x80 || copy.message.isExpired(nowMs)) && !copy.isReceived)',
    breaks: ['MQTT-4.3.3-7'],
  },
]

export const exemptions: Exemptions = {}
