/**
 * How the tests of `closing.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'PINGREQ is not answered',
    file: 'src/core/broker.ts',
    from: `sendNow(turn, connection, { type: 'packet', connection, packet: { type: 'pingresp' } })`,
    to: '',
    breaks: ['MQTT-3.12.4-1', 'MQTT3-3.12.4-1'],
  },
]

export const exemptions: Exemptions = {}
