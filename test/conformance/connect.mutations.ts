/**
 * How the tests of `connect.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

const codec = 'src/protocol/packets/connect.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'any packet may be the first',
    file: 'src/protocol/packet-decoder.ts',
    from: 'if (this.#isFirst && type !== 1) {',
    to: 'if (false) {',
    breaks: ['MQTT-3.1.0-1', 'MQTT3-3.1.0-1'],
  },
  {
    name: 'a second CONNECT is received like the first',
    file: 'src/core/broker.ts',
    from: `if (connection.state !== 'opened') {`,
    to: `if (connection.state === 'closed') {`,
    breaks: ['MQTT-3.1.0-2', 'MQTT3-3.1.0-2'],
  },
  {
    name: 'the Protocol Name is compared without case',
    file: codec,
    from: `reader.readString('the Protocol Name')`,
    to: `reader.readString('the Protocol Name').toUpperCase()`,
    breaks: ['MQTT-3.1.2-1', 'MQTT3-3.1.2-1'],
  },
  {
    name: 'later Protocol Versions are taken for 5.0',
    file: codec,
    from: '(level === 4 || level === 5)) return level',
    to: '(level === 4 || level >= 5)) return level === 4 ? 4 : 5',
    breaks: ['MQTT-3.1.2-2'],
  },
  {
    name: 'Protocol Level 3 is taken for 3.1.1',
    file: codec,
    from: '(level === 4 || level === 5)) return level',
    to: '(level === 3 || level === 4 || level === 5)) return level',
    breaks: ['MQTT-3.1.2-2', 'MQTT3-3.1.2-2'],
  },
  {
    name: 'the reserved Connect Flag is not looked at',
    file: codec,
    from: 'if ((flags & 1) !== 0) {',
    to: 'if (false) {',
    breaks: ['MQTT-3.1.2-3', 'MQTT3-3.1.2-3'],
  },
  {
    name: 'a CONNECT that ends before its will is taken for one without will',
    file: codec,
    from: '(flags & 4) === 0 ? null',
    to: '(flags & 4) === 0 || reader.remaining < 5 ? null',
    breaks: ['MQTT-3.1.2-9', 'MQTT3-3.1.2-9'],
  },
  {
    name: 'bytes behind the last field of CONNECT are ignored',
    file: codec,
    from: `  reader.expectEnd('CONNECT')\n`,
    to: '',
    breaks: ['MQTT3-3.1.2-11', 'MQTT-3.1.2-16', 'MQTT3-3.1.2-18', 'MQTT-3.1.2-18', 'MQTT3-3.1.2-20'],
  },
  {
    name: 'Will QoS is not looked at without Will Flag',
    file: codec,
    from: '(flags & 0x38) !== 0',
    to: '(flags & 0x20) !== 0',
    breaks: ['MQTT-3.1.2-11', 'MQTT3-3.1.2-11', 'MQTT3-3.1.2-13'],
  },
  {
    name: 'Will QoS 3 is taken for 2',
    file: codec,
    from: 'if (willQos === 3)',
    to: 'if (false)',
    breaks: ['MQTT-3.1.2-12', 'MQTT3-3.1.2-14'],
  },
  {
    name: 'Will Retain is not looked at without Will Flag',
    file: codec,
    from: '(flags & 0x38) !== 0',
    to: '(flags & 0x18) !== 0',
    breaks: ['MQTT-3.1.2-13', 'MQTT3-3.1.2-11', 'MQTT3-3.1.2-15'],
  },
  {
    name: 'a User Name is read if there is one, whatever its flag says',
    file: codec,
    from: '(flags & 128) === 0 ? null',
    to: 'reader.remaining === 0 ? null',
    breaks: ['MQTT-3.1.2-16', 'MQTT3-3.1.2-18', 'MQTT-3.1.2-17', 'MQTT3-3.1.2-19'],
  },
  {
    name: 'a Password is read if there is one, whatever its flag says',
    file: codec,
    from: '(flags & 64) === 0 ? null',
    to: 'reader.remaining === 0 ? null',
    breaks: ['MQTT-3.1.2-18', 'MQTT3-3.1.2-20', 'MQTT-3.1.2-19', 'MQTT3-3.1.2-21'],
  },
  {
    name: 'a Password without a User Name is refused in 5.0 too',
    file: codec,
    from: 'version === 4 && (flags & 0xc0) === 0x40',
    to: '(flags & 0xc0) === 0x40',
    breaks: ['MQTT-3.1.2-19'],
  },
  {
    name: '3.1.1 may send a Password without a User Name',
    file: codec,
    from: 'version === 4 && (flags & 0xc0) === 0x40',
    to: 'false',
    breaks: ['MQTT3-3.1.2-22'],
  },
]

export const exemptions: Exemptions = {}
