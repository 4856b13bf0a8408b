/**
 * How the tests of `websocket.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'text frames are taken for binary ones',
    file: 'src/transport/websocket-channel.ts',
    from: 'if (!isBinary) {',
    to: 'if (isBinary === undefined) {',
    breaks: ['MQTT-6.0.0-1', 'MQTT3-6.0.0-1'],
  },
  {
    name: 'the broker sends text frames',
    file: 'src/transport/websocket-channel.ts',
    from: 'this.#webSocket.send(bytes.subarray(start, end))',
    to: 'this.#webSocket.send(bytes.subarray(start, end), { binary: false })',
    breaks: ['MQTT-6.0.0-1', 'MQTT3-6.0.0-1'],
  },
  {
    name: 'what a frame holds of the next packet is forgotten',
    file: 'src/protocol/packet-decoder.ts',
    from: 'this.#keepPartial(size)',
    to: '',
    breaks: ['MQTT-6.0.0-2', 'MQTT3-6.0.0-2'],
  },
  {
    name: 'our client offers no subprotocol',
    file: 'src/transport/connect.ts',
    from: `new WebSocket(url, ['mqtt'], {`,
    to: 'new WebSocket(url, [], {',
    breaks: ['MQTT-6.0.0-3', 'MQTT3-6.0.0-3'],
  },
  {
    name: 'whoever offers anything else gets a WebSocket, too',
    file: 'src/transport/websocket-handshake.ts',
    from: 'if (!offeredProtocols(request).has(protocol)) {',
    to: 'if (offeredProtocols(request).size === 0) {',
    breaks: ['MQTT-6.0.0-3', 'MQTT3-6.0.0-3'],
  },
  {
    name: 'the first subprotocol that is offered is selected',
    file: 'src/transport/websocket.ts',
    from: 'handleProtocols: () => protocol',
    to: 'handleProtocols: (offered) => [...offered][0] ?? false',
    breaks: ['MQTT-6.0.0-4', 'MQTT3-6.0.0-4'],
  },
]

export const exemptions: Exemptions = {}
