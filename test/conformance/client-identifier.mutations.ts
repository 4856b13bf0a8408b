/**
 * How the tests of `client-identifier.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'the Password is read before the User Name',
    file: 'src/protocol/packets/connect.ts',
    from: `  const userName = (flags & 128) === 0 ? null : reader.readString('the User Name')
  const password = (flags & 64) === 0 ? null : reader.readBinary('the Password')
`,
    to: `  const password = (flags & 64) === 0 ? null : reader.readBinary('the Password')
  const userName = (flags & 128) === 0 ? null : reader.readString('the User Name')
`,
    breaks: ['MQTT-3.1.3-1', 'MQTT3-3.1.3-1'],
  },
  {
    name: 'User Name and Password are read before the will',
    file: 'src/protocol/packets/connect.ts',
    from: `  const will = (flags & 4) === 0 ? null : readWill(reader, flags, bounds)
  const userName = (flags & 128) === 0 ? null : reader.readString('the User Name')
  const password = (flags & 64) === 0 ? null : reader.readBinary('the Password')
`,
    to: `  const userName = (flags & 128) === 0 ? null : reader.readString('the User Name')
  const password = (flags & 64) === 0 ? null : reader.readBinary('the Password')
  const will = (flags & 4) === 0 ? null : readWill(reader, flags, bounds)
`,
    breaks: ['MQTT-3.1.3-1', 'MQTT3-3.1.3-1'],
  },
  {
    name: 'all clients of an account share a Session',
    file: 'src/core/session/session.ts',
    from: 'export function sessionKey(account: string, clientIdentifier: string): string {',
    to: 'export function sessionKey(account: string): string { return account',
    breaks: ['MQTT-3.1.3-2', 'MQTT3-3.1.3-2'],
  },
  {
    name: 'a missing Client Identifier is taken for an empty one',
    file: 'src/protocol/packets/connect.ts',
    from: `const clientIdentifier = reader.readString('the Client Identifier')`,
    to: `const clientIdentifier = reader.remaining === 0 ? '' : reader.readString('the Client Identifier')`,
    breaks: ['MQTT-3.1.3-3', 'MQTT3-3.1.3-3'],
  },
  {
    name: 'the Client Identifier is read as bytes, and made text whatever they are',
    file: 'src/protocol/packets/connect.ts',
    from: `reader.readString('the Client Identifier')`,
    to: `reader.readBinary('the Client Identifier').toString()`,
    breaks: ['MQTT-3.1.3-4', 'MQTT3-3.1.3-4'],
  },
  {
    name: 'a Client Identifier of one byte counts as empty',
    file: 'src/core/connection/handshake.ts',
    from: `if (packet.clientIdentifier === '') packet`,
    to: 'if (packet.clientIdentifier.length < 2) packet',
    breaks: ['MQTT-3.1.3-5', 'MQTT3-3.1.3-5'],
  },
  {
    name: 'capital and small letters are the same in a Client Identifier',
    file: 'src/core/session/session.ts',
    from: 'export function sessionKey(account: string, clientIdentifier: string): string {',
    to: `export function sessionKey(account: string, identifier: string): string {
  const clientIdentifier = identifier.toLowerCase()`,
    breaks: ['MQTT-3.1.3-5', 'MQTT3-3.1.3-5'],
  },
  {
    name: 'all assigned Client Identifiers are the same',
    file: 'src/server/client-identifier.ts',
    from: 'newClientIdentifier(): string {',
    to: "newClientIdentifier(): string { return 'pabal-client'",
    breaks: ['MQTT-3.1.3-6', 'MQTT-3.2.2-16', 'MQTT3-3.1.3-6'],
  },
  {
    name: 'an assigned Client Identifier is kept secret',
    file: 'src/core/connection/handshake.ts',
    from: 'if (!connection.hasOwnClientIdentifier) properties.assignedClientIdentifier = session.clientIdentifier',
    to: '',
    breaks: ['MQTT-3.1.3-7', 'MQTT-3.2.2-16'],
  },
  {
    name: 'every client is told its Client Identifier, whoever chose it',
    file: 'src/core/connection/handshake.ts',
    from: 'if (!connection.hasOwnClientIdentifier) properties.assignedClientIdentifier = session.clientIdentifier',
    to: 'properties.assignedClientIdentifier = session.clientIdentifier',
    breaks: ['MQTT-3.1.3-7'],
  },
  {
    name: 'whatever the host refuses a client for, it is told that its User Name or Password is bad',
    file: 'src/server/authentication/logging-in.ts',
    from: 'reasonCode: errorCode(reasonCode, ReasonCode.BadUserNameOrPassword)',
    to: 'reasonCode: ReasonCode.BadUserNameOrPassword',
    breaks: ['MQTT-3.1.3-8', 'MQTT3-3.1.3-9'],
  },
  {
    name: 'an empty Client Identifier is taken with CleanSession 0',
    file: 'src/core/connection/handshake.ts',
    from: `if (packet.protocolVersion === 4 && packet.clientIdentifier === '' && !packet.cleanStart) {`,
    to: `if (packet.protocolVersion === 3 && packet.clientIdentifier === '' && !packet.cleanStart) {`,
    breaks: ['MQTT3-3.1.3-7', 'MQTT3-3.1.3-8'],
  },
  {
    name: 'the User Name is read as bytes, and made text whatever they are',
    file: 'src/protocol/packets/connect.ts',
    from: `reader.readString('the User Name')`,
    to: `reader.readBinary('the User Name').toString()`,
    breaks: ['MQTT-3.1.3-12', 'MQTT3-3.1.3-11'],
  },
]

export const exemptions: Exemptions = {}
