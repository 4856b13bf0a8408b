/**
 * How the tests of `transport.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'a long write over a socket loses its end',
    file: 'src/transport/socket-channel.ts',
    from: 'socket.write(bytes)',
    to: 'socket.write(bytes.subarray(0, 65_536))',
    breaks: ['MQTT-4.2.0-1', 'MQTT3-4.2.0-1', 'MQTT3-7.1.1-1', 'MQTT3-7.1.2-1'],
  },
  {
    name: 'a packet of which only a part has come is forgotten',
    file: 'src/protocol/packet-decoder.ts',
    from: 'this.#keepPartial(size)',
    to: '',
    breaks: ['MQTT-4.2.0-1', 'MQTT3-4.2.0-1'],
  },
  {
    name: 'messages are sent in the form of 5.0 to everybody',
    file: 'src/server/client-link.ts',
    from: 'encodePublish(this.#collected().writer(), source, version, outgoing)',
    to: 'encodePublish(this.#collected().writer(), source, 5, outgoing)',
    breaks: ['MQTT3-7.0.0-2'],
  },
]

export const exemptions: Exemptions = {
  'MQTT3-7.0.0-1': 'the broker opens no connections to other servers, so it is never a client itself',
}
