/**
 * How the tests of `own-client.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'our client leaves closing to the server',
    file: 'src/cli/client/mqtt-client.ts',
    from: 'this.#channel.end(1000)',
    to: '',
    breaks: ['MQTT-3.14.4-2', 'MQTT3-3.14.4-1'],
  },
  {
    name: 'our client closes a moment after its DISCONNECT',
    file: 'src/cli/client/mqtt-client.ts',
    from: 'this.#channel.end(1000)',
    to: 'setImmediate(() => this.#channel?.end(1000))',
    breaks: ['MQTT-3.14.4-1', 'MQTT3-3.14.4-2'],
  },
]

export const exemptions: Exemptions = {}
