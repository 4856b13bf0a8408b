/**
 * How the tests of `connecting.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'bytes behind the last field of CONNECT are let pass',
    file: 'src/protocol/packets/connect.ts',
    from: `reader.expectEnd('CONNECT')`,
    to: '',
    breaks: ['MQTT-3.1.4-1', 'MQTT3-3.1.4-1'],
  },
  {
    name: 'a malformed CONNECT of 3.1.1 is answered with CONNACK',
    file: 'src/protocol/reason-code.ts',
    from: `    case ReasonCode.Banned:
      return`,
    to: `    case ReasonCode.Banned:
    case ReasonCode.MalformedPacket:
      return`,
    breaks: ['MQTT3-3.1.4-1'],
  },
  {
    name: 'a property may come twice',
    file: 'src/protocol/properties.ts',
    from: 'if (before !== undefined) {',
    to: 'if (before === null) {',
    breaks: ['MQTT-3.1.4-1'],
  },
  {
    name: 'a host that says no is understood as yes',
    file: 'src/server/authentication/logging-in.ts',
    from: 'if (verdict === true) return accepted(userName, null)',
    to: `if (typeof verdict === 'boolean') return accepted(userName, null)`,
    breaks: ['MQTT-3.1.4-2'],
  },
  {
    name: 'a will is taken whatever the host says to it',
    file: 'src/core/broker.ts',
    from: 'if (isAllowed(answer)) establish(',
    to: `if (answer.type === 'authorized') establish(`,
    breaks: ['MQTT-3.1.4-2'],
  },
  {
    name: 'one connection above the limit is taken',
    file: 'src/core/connection/handshake.ts',
    from: 'core.connections.size > core.limits.connectionsMax',
    to: 'core.connections.size > core.limits.connectionsMax + 1',
    breaks: ['MQTT-3.1.4-2'],
  },
  {
    name: 'the older connection of a client stays open',
    file: 'src/core/connection/handshake.ts',
    from: 'if (stored.connection !== null) {',
    to: 'if (stored.connection?.isClosed) {',
    breaks: ['MQTT-3.1.4-3', 'MQTT3-3.1.4-2'],
  },
  {
    name: 'the older connection is told of an administrative action',
    file: 'src/core/connection/handshake.ts',
    from: 'ReasonCode.SessionTakenOver',
    to: 'ReasonCode.AdministrativeAction',
    breaks: ['MQTT-3.1.4-3'],
  },
  {
    name: 'a stored Session is gone on with whether or not the client starts afresh',
    file: 'src/core/connection/handshake.ts',
    from: 'if (packet.cleanStart) {',
    to: 'if (packet.cleanStart && !stored.survives) {',
    breaks: ['MQTT-3.1.4-4', 'MQTT3-3.1.4-3'],
  },
  {
    name: 'every client starts afresh',
    file: 'src/core/connection/handshake.ts',
    from: 'if (packet.cleanStart) {',
    to: 'if (stored.survives) {',
    breaks: ['MQTT-3.1.4-4', 'MQTT3-3.1.4-3'],
  },
  {
    name: 'an empty Client Identifier needs Clean Start 0',
    file: 'src/core/connection/handshake.ts',
    from: `packet.protocolVersion === 4 && packet.clientIdentifier === '' && !packet.cleanStart`,
    to: `packet.clientIdentifier === '' && packet.cleanStart`,
    breaks: ['MQTT-3.1.4-5', 'MQTT3-3.1.4-4'],
  },
  {
    name: 'a Password needs a User Name in 5.0, too',
    file: 'src/protocol/packets/connect.ts',
    from: 'if (version === 4 && (flags & 0xc0) === 0x40) {',
    to: 'if ((flags & 0xc0) === 0x40) {',
    breaks: ['MQTT-3.1.4-5'],
  },
  {
    name: 'a client that was refused may try again on the same connection',
    file: 'src/core/connection/closing.ts',
    from: `  turn.now.push({ type: 'close', connection })
  closeConnection(core, connection, reason, nowMs, turn)`,
    to: `  turn.now.push({ type: 'close', connection })`,
    breaks: ['MQTT-3.1.4-6', 'MQTT3-3.1.4-5'],
  },
]

export const exemptions: Exemptions = {}
