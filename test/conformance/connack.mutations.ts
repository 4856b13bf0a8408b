/**
 * How the tests of `connack.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'what may leave at once does so before CONNACK has left',
    file: 'src/core/turn.ts',
    from: 'if (connection.milestonesAhead === 0) {',
    to: 'if (connection !== null) {',
    breaks: ['MQTT-3.2.0-1', 'MQTT3-3.2.0-1'],
  },
  {
    name: 'a QoS 0 message leaves before CONNACK has left',
    file: 'src/core/routing/delivery.ts',
    from: 'sendNow(turn, connection, outgoing)',
    to: 'turn.now.push(outgoing)',
    breaks: ['MQTT-3.2.0-1', 'MQTT3-3.2.0-1'],
  },
  {
    name: 'PINGRESP leaves before CONNACK has left',
    file: 'src/core/broker.ts',
    from: 'if (connection.connackHasLeft) turn.now',
    to: 'if (connection !== null) turn.now',
    breaks: ['MQTT-3.2.0-1', 'MQTT3-3.2.0-1'],
  },
  {
    name: 'a second CONNECT on a connection is taken like the first',
    file: 'src/core/broker.ts',
    from: `if (connection.state !== 'opened') {`,
    to: 'if (connection.isClosed) {',
    breaks: ['MQTT-3.2.0-2'],
  },
  {
    name: 'the time for CONNECT runs out for clients that are connected, too',
    file: 'src/core/reminders.ts',
    from: `if (connection.isClosed || connection.state === 'connected') return`,
    to: 'if (connection.isClosed) return',
    breaks: ['MQTT-3.2.0-2'],
  },
  {
    name: 'Session Present has another bit of the acknowledge flags',
    file: 'src/protocol/packet-encoder.ts',
    from: 'packet.sessionPresent ? 1 : 0',
    to: 'packet.sessionPresent ? 2 : 0',
    breaks: ['MQTT-3.2.2-1'],
  },
  {
    name: 'CONNACK says whether a Session was stored, not whether it goes on',
    file: 'src/core/connection/handshake.ts',
    from: `  const stored = takeOver(core, connection, packet, account, nowMs, turn)
  const sessionPresent = stored !== null
`,
    to: `  const sessionPresent = core.sessions.get(account, packet.clientIdentifier) !== undefined
  const stored = takeOver(core, connection, packet, account, nowMs, turn)
`,
    breaks: ['MQTT-3.2.2-2', 'MQTT3-3.2.2-1'],
  },
  {
    name: 'Session Present is always 0',
    file: 'src/core/connection/handshake.ts',
    from: 'const sessionPresent = stored !== null',
    to: 'const sessionPresent = false',
    breaks: ['MQTT-3.2.2-3', 'MQTT3-3.2.2-2'],
  },
  {
    name: 'Session Present says what the client asked for',
    file: 'src/core/connection/handshake.ts',
    from: 'const sessionPresent = stored !== null',
    to: 'const sessionPresent = !packet.cleanStart',
    breaks: ['MQTT-3.2.2-3', 'MQTT3-3.2.2-3'],
  },
  {
    name: 'a refusal says that a Session is there',
    file: 'src/core/connection/closing.ts',
    from: 'sessionPresent: false',
    to: 'sessionPresent: connection.connect?.cleanStart === false',
    breaks: ['MQTT-3.2.2-6', 'MQTT3-3.2.2-4'],
  },
  {
    name: 'the connection stays open behind a refusal',
    file: 'src/core/connection/closing.ts',
    from: `turn.now.push({ type: 'close', connection })`,
    to: 'if (!connection.canBeAnswered) turn.now.push({ type: "close", connection })',
    breaks: ['MQTT-3.2.2-7', 'MQTT3-3.2.2-5'],
  },
  {
    name: 'what has no return code of 3.1.1 is answered with Not authorized',
    file: 'src/protocol/reason-code.ts',
    from: `    default:
      return null`,
    to: `    default:
      return ConnectReturnCode.NotAuthorized`,
    breaks: ['MQTT3-3.2.2-6'],
  },
  {
    name: 'CONNACK is given any Reason Code there is',
    file: 'src/protocol/reason-code.ts',
    from: 'if (connectReasonCodes.has(code)) return code',
    to: 'if (code >= 0x80) return code',
    breaks: ['MQTT-3.2.2-8'],
  },
]

export const exemptions: Exemptions = {
  'MQTT-3.2.2-9':
    'the broker does QoS 2 everywhere and has no option to lower it, so there is no Maximum QoS to report',
  'MQTT-3.2.2-10': 'the broker does QoS 2 everywhere and has no option to lower it; it grants every requested QoS',
  'MQTT-3.2.2-12': 'the broker does QoS 2 everywhere and has no option to lower it, so it can do every Will QoS',
  'MQTT-3.2.2-13':
    'the broker keeps Retained Messages and has no option to turn them off, so it can do every Will Retain',
}
