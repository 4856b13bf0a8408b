/**
 * How the tests of `closing.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'PINGREQ is not answered',
    file: 'src/core/broker.ts',
    from: 'turn.now.push(pingresp)',
    to: '{}',
    breaks: ['MQTT-3.12.4-1', 'MQTT3-3.12.4-1'],
  },
  {
    name: 'a client under authentication is told DISCONNECT',
    file: 'src/core/connection/closing.ts',
    from: `if (connection.state !== 'connected') {`,
    to: `if (connection.state === 'opened') {`,
    breaks: ['MQTT-3.14.0-1'],
  },
  {
    name: 'the flags of DISCONNECT are not looked at',
    file: 'src/protocol/packet-decoder.ts',
    from: 'if (type !== 3 && (first',
    to: 'if (type !== 3 && type !== 14 && (first',
    breaks: ['MQTT-3.14.1-1', 'MQTT3-3.14.1-1'],
  },
  {
    name: 'a client may say DISCONNECT with the Reason Codes of a server',
    file: 'src/protocol/packets/answers.ts',
    from: 'isFromServer ? serverDisconnectCodes : clientDisconnectCodes',
    to: 'serverDisconnectCodes',
    breaks: ['MQTT-3.14.2-1'],
  },
  {
    name: 'DISCONNECT of the broker tells how long the Session lives',
    file: 'src/core/connection/closing.ts',
    from: 'const properties: DisconnectProperties = {',
    to: 'const properties: DisconnectProperties = { sessionExpiryInterval: connection.session?.expiryInterval ?? 0,',
    breaks: ['MQTT-3.14.2-2'],
  },
  {
    name: 'the fixed header is not counted into the Maximum Packet Size',
    file: 'src/server/without-words.ts',
    from: 'if (packetSize(packet, version) <= bytesMax) return packet',
    to: 'if (packetSize(packet, version) - 2 <= bytesMax) return packet',
    breaks: ['MQTT-3.14.2-3'],
  },
  {
    name: 'a connection that has ended goes on being read',
    file: 'src/core/connection/closing.ts',
    from: `connection.state = 'closed'`,
    to: '',
    breaks: ['MQTT-3.14.4-1', 'MQTT3-3.14.4-2'],
  },
  {
    name: 'DISCONNECT overtakes acknowledgements',
    file: 'src/core/connection/closing.ts',
    from: `turn.onceDurable.push({ type: 'packet', connection, packet })`,
    to: `turn.now.push({ type: 'packet', connection, packet })`,
    breaks: ['MQTT-3.14.4-1'],
  },
  {
    name: 'the broker says DISCONNECT and leaves closing to the client',
    file: 'src/core/connection/closing.ts',
    from: `turn.onceDurable.push({ type: 'close', connection })`,
    to: '',
    breaks: ['MQTT-3.14.4-2'],
  },
  {
    name: 'DISCONNECT does not throw the Will Message away',
    file: 'src/core/session/lifecycle.ts',
    from: 'if (connection.saidGoodbye) session.will = null',
    to: '',
    breaks: ['MQTT-3.14.4-3', 'MQTT3-3.14.4-3'],
  },
  {
    name: 'DISCONNECT with any Reason Code throws the Will Message away',
    file: 'src/core/broker.ts',
    from: 'connection.saidGoodbye = packet.reasonCode === ReasonCode.NormalDisconnection',
    to: 'connection.saidGoodbye = true',
    breaks: ['MQTT-3.14.4-3'],
  },
]

export const exemptions: Exemptions = {
  'MQTT-3.14.2-4':
    'no DISCONNECT of the broker has a User Property: nothing in it can make one that would have to be left out',
}
