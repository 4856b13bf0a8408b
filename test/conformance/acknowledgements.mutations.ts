/**
 * How the tests of `acknowledgements.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

const words = ['MQTT-3.4.2-2', 'MQTT-3.5.2-2', 'MQTT-3.6.2-2', 'MQTT-3.7.2-2']
const userProperties = ['MQTT-3.4.2-3', 'MQTT-3.5.2-3', 'MQTT-3.6.2-3', 'MQTT-3.7.2-3']

export const mutations: readonly Mutation[] = [
  {
    name: 'nobody subscribing is said with the code for UNSUBACK',
    file: 'src/core/routing/router.ts',
    from: 'outcome(ReasonCode.NoMatchingSubscribers, 0)',
    to: 'outcome(ReasonCode.NoSubscriptionExisted, 0)',
    breaks: ['MQTT-3.4.2-1', 'MQTT-3.5.2-1'],
  },
  {
    name: 'a full queue is said with the code for a full window',
    file: 'src/core/routing/router.ts',
    from: 'reasonCode: ReasonCode.QuotaExceeded',
    to: 'reasonCode: ReasonCode.ReceiveMaximumExceeded',
    breaks: ['MQTT-3.4.2-1', 'MQTT-3.5.2-1'],
  },
  {
    name: 'PUBACK may have the Reason Codes of PUBCOMP, too',
    file: 'src/protocol/packets/answers.ts',
    from: 'puback: new Set(received)',
    to: 'puback: new Set([...received, ...released])',
    breaks: ['MQTT-3.4.2-1'],
  },
  {
    name: 'PUBREC may not have a Reason Code that is not an error',
    file: 'src/protocol/packets/answers.ts',
    from: 'pubrec: new Set(received)',
    to: 'pubrec: new Set(received.filter((code) => code === 0 || code >= 0x80))',
    breaks: ['MQTT-3.5.2-1'],
  },
  {
    name: 'PUBREL may have the Reason Codes of PUBREC, too',
    file: 'src/protocol/packets/answers.ts',
    from: 'pubrel: new Set(released)',
    to: 'pubrel: new Set([...received, ...released])',
    breaks: ['MQTT-3.6.2-1'],
  },
  {
    name: 'PUBCOMP may not say that the identifier is not known',
    file: 'src/protocol/packets/answers.ts',
    from: 'pubcomp: new Set(released)',
    to: 'pubcomp: new Set([0])',
    breaks: ['MQTT-3.7.2-1'],
  },
  {
    name: 'PUBREL for an unknown identifier has the code for one in use',
    file: 'src/core/session/outbound.ts',
    from: 'packetId, ReasonCode.PacketIdentifierNotFound',
    to: 'packetId, ReasonCode.PacketIdentifierInUse',
    breaks: ['MQTT-3.6.2-1'],
  },
  {
    name: 'PUBCOMP for an unknown identifier has the code for one in use',
    file: 'src/core/session/inbound.ts',
    from: 'ReasonCode.Success : ReasonCode.PacketIdentifierNotFound',
    to: 'ReasonCode.Success : ReasonCode.PacketIdentifierInUse',
    breaks: ['MQTT-3.7.2-1'],
  },
  {
    name: 'PUBREL of 3.1.1 may have any flags',
    file: 'src/protocol/packet-decoder.ts',
    from: 'if (type !== 3 &&',
    to: 'if (type !== 3 && (type !== 6 || this.protocolVersion === 5) &&',
    breaks: ['MQTT3-3.6.1-1'],
  },
  {
    name: 'PUBREL of 5.0 may have DUP set',
    file: 'src/protocol/packet-decoder.ts',
    from: 'if (type !== 3 &&',
    to: 'if (type !== 3 && (type !== 6 || this.protocolVersion === 4 || (first & 7) !== 2) &&',
    breaks: ['MQTT-3.6.1-1'],
  },
  {
    name: 'the Reason String of an acknowledgement is sent whether the client takes it or not',
    file: 'src/server/without-words.ts',
    from: 'if (packetSize(packet, version) <= bytesMax) return packet',
    to: `if (packet.type === 'puback' || packet.type === 'pubrec' || packetSize(packet, version) <= bytesMax) return packet`,
    breaks: ['MQTT-3.4.2-2', 'MQTT-3.5.2-2'],
  },
  {
    name: 'an acknowledgement that its words make too large is not sent at all',
    file: 'src/server/without-words.ts',
    from: 'const short = withoutWords(packet)',
    to: `if (packet.type === 'puback' || packet.type === 'pubrec') return null\n  const short = withoutWords(packet)`,
    breaks: ['MQTT-3.4.2-2', 'MQTT-3.5.2-2'],
  },
  {
    name: 'our Maximum Packet Size is not kept to after CONNECT',
    file: 'src/protocol/packet-decoder.ts',
    from: 'if (size <= most) return',
    to: 'if (size <= most || !this.#isFirst) return',
    breaks: [...words, ...userProperties],
  },
]

export const exemptions: Exemptions = {}
