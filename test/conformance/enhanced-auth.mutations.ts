/**
 * How the tests of `enhanced-auth.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'the flags of AUTH are not looked at',
    file: 'src/protocol/packet-decoder.ts',
    from: 'if (type !== 3 && (first',
    to: 'if (type !== 3 && type !== 15 && (first',
    breaks: ['MQTT-3.15.1-1'],
  },
  {
    name: 'any Reason Code of AUTH that is not an error is taken',
    file: 'src/protocol/packets/answers.ts',
    from: 'if (!allowed.has(code)) {',
    to: `if (!allowed.has(code) && what !== 'auth') {`,
    breaks: ['MQTT-3.15.2-1'],
  },
  {
    name: 'an unknown method is refused as an unspecified error',
    file: 'src/core/connection/handshake.ts',
    from: 'reasonCode: ReasonCode.BadAuthenticationMethod, text',
    to: 'reasonCode: ReasonCode.UnspecifiedError, text',
    breaks: ['MQTT-4.12.0-1'],
  },
  {
    name: 'AUTH of the broker always says 0x00',
    file: 'src/core/connection/enhanced-auth.ts',
    from: 'sendAuth(connection, ReasonCode.ContinueAuthentication,',
    to: 'sendAuth(connection, ReasonCode.Success,',
    breaks: ['MQTT-4.12.0-2'],
  },
  {
    name: 'AUTH 0x00 of the client goes for 0x18',
    file: 'src/core/connection/enhanced-auth.ts',
    from: 'if (!isExpected || packet.reasonCode === ReasonCode.Success) {',
    to: 'if (!isExpected) {',
    breaks: ['MQTT-4.12.0-3'],
  },
  {
    name: 'a refusal after the first step is not told',
    file: 'src/core/connection/enhanced-auth.ts',
    from: 'disconnectClient(core, connection, { reasonCode, text }, nowMs, turn)',
    to: `if (question.packet.type === 'connect') disconnectClient(core, connection, { reasonCode, text }, nowMs, turn)`,
    breaks: ['MQTT-4.12.0-4', 'MQTT-4.12.1-2'],
  },
  {
    name: 'CONNACK does not name the method',
    file: 'src/core/connection/handshake.ts',
    from: 'properties.authenticationMethod = connection.authenticationMethod',
    to: '',
    breaks: ['MQTT-4.12.0-5'],
  },
  {
    name: 'the client may change the method under way',
    file: 'src/core/connection/enhanced-auth.ts',
    from: 'if (packet.properties.authenticationMethod !== authenticationMethod) {',
    to: 'if (false) {',
    breaks: ['MQTT-4.12.0-5', 'MQTT-4.12.1-1'],
  },
  {
    name: 'a client that names no method is put through the first one',
    file: 'src/core/connection/handshake.ts',
    from: 'const method = packet.properties.authenticationMethod',
    to: 'const method = packet.properties.authenticationMethod ?? [...core.options.authenticationMethods][0]',
    breaks: ['MQTT-4.12.0-6'],
  },
  {
    name: 'AUTH from a client without a method is overlooked',
    file: 'src/core/connection/enhanced-auth.ts',
    from: 'if (authenticationMethod === null) {',
    to: 'if (authenticationMethod === null) {\n    return',
    breaks: ['MQTT-4.12.0-7'],
  },
  {
    name: 'a Reason Code of CONNACK goes out on DISCONNECT',
    file: 'src/core/connection/closing.ts',
    from: 'reasonCode: disconnectReasonCode(reason.reasonCode)',
    to: 'reasonCode: reason.reasonCode',
    breaks: ['MQTT-3.14.2-1'],
  },
  {
    name: 're-authentication may end in another account',
    file: 'src/core/connection/enhanced-auth.ts',
    from: 'if (session?.account !== answer.account) {',
    to: 'if (session === null) {',
    breaks: ['MQTT-4.12.1-2'],
  },
]

const noWords = 'no AUTH of the broker has a Reason String or a User Property: there is nothing that it could leave out'

export const exemptions: Exemptions = {
  'MQTT-3.15.2-2': noWords,
  'MQTT-3.15.2-3': noWords,
}
