/**
 * How the tests of `encoding.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'ill-formed UTF-8 is repaired instead of refused',
    file: 'src/protocol/utf8.ts',
    from: 'fatal: true',
    to: 'fatal: false',
    breaks: ['MQTT-1.5.4-1', 'MQTT3-1.5.3-1', 'MQTT-1.5.7-1'],
  },
  {
    name: 'half of a surrogate pair in a property of a program is overlooked',
    file: 'src/protocol/utf8.ts',
    from: '&& text.isWellFormed()',
    to: '',
    breaks: ['MQTT-1.5.4-1'],
  },
  {
    name: 'U+0000 is taken as a character like any other',
    file: 'src/protocol/utf8.ts',
    from: `if (text.includes('\\u0000')) return null`,
    to: '',
    breaks: ['MQTT-1.5.4-2', 'MQTT3-1.5.3-2', 'MQTT-1.5.7-1'],
  },
  {
    name: 'U+0000 in a text of a program is overlooked',
    file: 'src/protocol/utf8.ts',
    from: ` && !text.includes('\\u0000')`,
    to: '',
    breaks: ['MQTT-1.5.4-2'],
  },
  {
    name: 'a byte order mark is stripped from a string',
    file: 'src/protocol/utf8.ts',
    from: `bytes.toString('utf8', start, end)`,
    to: `bytes.toString('utf8', start, end).replace('\\ufeff', '')`,
    breaks: ['MQTT-1.5.4-3', 'MQTT3-1.5.3-3'],
  },
  {
    name: 'a Remaining Length may be longer than it need be',
    file: 'src/protocol/packet-decoder.ts',
    from: 'if (byte === 0 && count > 0) throw malformed',
    to: 'if (byte === 0 && count > 3) throw malformed',
    breaks: ['MQTT-1.5.5-1'],
  },
  {
    name: 'a Variable Byte Integer among the fields may be longer than it need be',
    file: 'src/protocol/byte-reader.ts',
    from: 'if (byte === 0 && count > 0) throw',
    to: 'if (byte === 0 && count > 3) throw',
    breaks: ['MQTT-1.5.5-1'],
  },
  {
    name: '127 is written in two bytes',
    file: 'src/protocol/byte-writer.ts',
    from: 'while (rest > 127)',
    to: 'while (rest >= 127)',
    breaks: ['MQTT-1.5.5-1'],
  },
  {
    name: 'the name of a User Property is read as bytes that may be anything',
    file: 'src/protocol/properties.ts',
    from: 'pairs.push([reader.readString(',
    to: 'pairs.push([reader.readBinary(',
    breaks: ['MQTT-1.5.7-1'],
  },
]

export const exemptions: Exemptions = {}
