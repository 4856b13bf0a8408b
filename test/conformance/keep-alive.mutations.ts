/**
 * How the tests of `keep-alive.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

const keepAlive = ['MQTT-3.1.2-22', 'MQTT3-3.1.2-24']

export const mutations: readonly Mutation[] = [
  {
    name: 'our client sends PINGREQ after one and a half times its Keep Alive',
    file: 'src/cli/client/keep-alive.ts',
    from: 'this.#intervalMs = seconds * 1000',
    to: 'this.#intervalMs = seconds * 1500',
    breaks: ['MQTT-3.1.2-20', 'MQTT3-3.1.2-23', 'MQTT-3.1.2-21'],
  },
  {
    name: 'our client takes Keep Alive 0 for at once',
    file: 'src/cli/client/keep-alive.ts',
    from: 'if (this.#intervalMs > 0) this.#timer',
    to: 'this.#timer',
    breaks: ['MQTT-3.1.2-20', 'MQTT3-3.1.2-23'],
  },
  {
    name: 'our client keeps to its own Keep Alive',
    file: 'src/cli/client/mqtt-client.ts',
    from: 'serverKeepAlive ?? keepAliveSeconds',
    to: 'keepAliveSeconds',
    breaks: ['MQTT-3.1.2-21'],
  },
  {
    name: 'our client takes a Server Keep Alive of 0 for none',
    file: 'src/cli/client/mqtt-client.ts',
    from: 'serverKeepAlive ?? keepAliveSeconds',
    to: 'serverKeepAlive || keepAliveSeconds',
    breaks: ['MQTT-3.1.2-21'],
  },
  {
    name: 'the broker closes after the Keep Alive itself',
    file: 'src/core/connection/handshake.ts',
    from: 'connection.silenceMsMax = seconds * 1500',
    to: 'connection.silenceMsMax = seconds * 1000',
    breaks: keepAlive,
  },
  {
    name: 'the broker never closes for silence',
    file: 'src/core/connection/handshake.ts',
    from: '  if (seconds > 0) {\n    core.deadlines.add(',
    to: '  if (seconds < 0) {\n    core.deadlines.add(',
    breaks: keepAlive,
  },
  {
    name: 'the broker counts from CONNECT only',
    file: 'src/core/broker.ts',
    from: '    connection.lastReceivedMs = nowMs\n    try {\n      this.#dispatch(connection,',
    to: '    try {\n      this.#dispatch(connection,',
    breaks: keepAlive,
  },
  {
    name: 'what the broker sends counts as well',
    file: 'src/server/client-link.ts',
    from: 'this.#unsentTold = unsentBytes\n',
    to: 'this.#unsentTold = unsentBytes\n    this.connection.lastReceivedMs = this.#shell.nowMs()\n',
    breaks: keepAlive,
  },
  {
    name: 'Keep Alive 0 is the shortest of all',
    file: 'src/core/connection/handshake.ts',
    from: '  if (seconds > 0) {\n    core.deadlines.add(',
    to: '  if (seconds >= 0) {\n    core.deadlines.add(',
    breaks: keepAlive,
  },
  {
    name: 'a connection closed for silence loses its will',
    file: 'src/core/connection/keep-alive.ts',
    from: 'disconnectClient(core, connection, { reasonCode: ReasonCode.KeepAliveTimeout, text }, nowMs, turn)',
    to: 'connection.saidGoodbye = true; disconnectClient(core, connection, { reasonCode: 0x8d, text }, nowMs, turn)',
    breaks: keepAlive,
  },
]

export const exemptions: Exemptions = {}
