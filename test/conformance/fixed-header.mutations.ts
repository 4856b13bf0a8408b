/**
 * How the tests of `fixed-header.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'only one of the four flags is looked at',
    file: 'src/protocol/packet-decoder.ts',
    from: '(first & 15) !== ((bit',
    to: '(first & 2) !== ((bit',
    breaks: ['MQTT-2.1.3-1', 'MQTT3-2.2.2-1', 'MQTT3-2.2.2-2'],
  },
  {
    name: 'PUBREL goes out with the flags of its neighbours',
    file: 'src/protocol/packet-encoder.ts',
    from: 'pubrel: 0x62',
    to: 'pubrel: 0x60',
    breaks: ['MQTT-2.1.3-1', 'MQTT3-2.2.2-1'],
  },
  {
    name: 'no properties are written as nothing at all',
    file: 'src/protocol/properties.ts',
    from: 'if (size !== null) writer.writeVariableByteInteger(size)',
    to: 'if (size !== null && size > 0) writer.writeVariableByteInteger(size)',
    breaks: ['MQTT-2.2.2-1'],
  },
]

export const exemptions: Exemptions = {}
