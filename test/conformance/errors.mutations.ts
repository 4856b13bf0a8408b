/**
 * How the tests of `errors.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'a violation goes unanswered',
    file: 'src/core/broker.ts',
    from: 'disconnectViolator(this.state, connection, violation, nowMs, turn)',
    to: '',
    breaks: ['MQTT-4.13.1-1', 'MQTT3-4.8.0-1'],
  },
  {
    name: 'a refused CONNECT leaves the connection open',
    file: 'src/core/connection/closing.ts',
    from: `turn.now.push({ type: 'close', connection })`,
    to: '',
    breaks: ['MQTT-4.13.2-1'],
  },
  {
    name: 'a CONNACK that is too large is left out and nothing else follows',
    file: 'src/server/client-link.ts',
    from: `if (packet.type === 'connack' || packet.type === 'auth') this.#close()`,
    to: '',
    breaks: ['MQTT-4.13.2-1'],
  },
  {
    name: 'a 3.1.1 client gets an acknowledgement for a message that was refused',
    file: 'src/core/session/publish-answer.ts',
    from: 'if (connection.protocolVersion === 4) {',
    to: 'if (connection.protocolVersion !== 4 && connection.protocolVersion !== 5) {',
    breaks: ['MQTT3-4.8.0-2'],
  },
]

export const exemptions: Exemptions = {}
