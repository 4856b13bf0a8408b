/**
 * How the tests of `connack-limits.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'packets after CONNECT may be as large as they like',
    file: 'src/protocol/packet-decoder.ts',
    from: 'if (size <= most) return',
    to: 'if (size <= most || !this.#isFirst) return',
    breaks: ['MQTT-3.2.2-15'],
  },
  {
    name: 'one Topic Alias above the maximum is taken',
    file: 'src/core/connection/topic-aliases.ts',
    from: 'if (alias > this.#maximum) {',
    to: 'if (alias > this.#maximum + 1) {',
    breaks: ['MQTT-3.2.2-17', 'MQTT-3.2.2-18'],
  },
  {
    name: 'the highest Topic Alias that is announced is refused',
    file: 'src/core/connection/topic-aliases.ts',
    from: 'if (alias > this.#maximum) {',
    to: 'if (alias >= this.#maximum) {',
    breaks: ['MQTT-3.2.2-17'],
  },
  {
    name: 'a Topic Alias Maximum of 0 means that there is none',
    file: 'src/core/connection/topic-aliases.ts',
    from: 'if (alias > this.#maximum) {',
    to: 'if (this.#maximum > 0 && alias > this.#maximum) {',
    breaks: ['MQTT-3.2.2-18'],
  },
  {
    name: 'the Maximum Packet Size of CONNECT counts only once the client is accepted',
    file: 'src/core/connection/handshake.ts',
    from: 'connection.maximumPacketSize = takenBytes(packet.properties)',
    to: '',
    breaks: ['MQTT-3.2.2-19'],
  },
  {
    name: 'the Maximum Packet Size of a malformed CONNECT is overlooked',
    file: 'src/core/connection/closing.ts',
    from: 'connection.maximumPacketSize = claims.maximumPacketSize',
    to: '',
    breaks: ['MQTT-3.2.2-19'],
  },
  {
    name: 'a Reason String is kept though there is no room for it',
    file: 'src/server/without-words.ts',
    from: '{ reasonString: _, userProperties: __, ...properties }',
    to: '{ userProperties: __, ...properties }',
    breaks: ['MQTT-3.2.2-19'],
  },
  {
    name: 'User Properties are kept though there is no room for them',
    file: 'src/server/without-words.ts',
    from: '{ reasonString: _, userProperties: __, ...properties }',
    to: '{ reasonString: _, ...properties }',
    breaks: ['MQTT-3.2.2-20'],
  },
  {
    name: 'a Server Keep Alive is announced and the wish of the client gone by',
    file: 'src/core/connection/handshake.ts',
    from: `  const seconds = keepAliveSeconds(core, packet)
  connection.silenceMsMax`,
    to: `  const seconds = packet.keepAliveSeconds
  connection.silenceMsMax`,
    breaks: ['MQTT-3.2.2-21'],
  },
  {
    name: 'a Server Keep Alive is gone by without being announced',
    file: 'src/core/connection/handshake.ts',
    from: 'if (seconds !== packet.keepAliveSeconds) properties.serverKeepAlive = seconds',
    to: '',
    breaks: ['MQTT-3.2.2-21'],
  },
  {
    name: 'a broker with no limit of its own watches over no Keep Alive',
    file: 'src/core/connection/handshake.ts',
    from: 'if (packet.protocolVersion !== 5 || most === 0) return wanted',
    to: 'if (packet.protocolVersion !== 5 || most === 0) return most',
    breaks: ['MQTT-3.2.2-22'],
  },
]

export const exemptions: Exemptions = {}
