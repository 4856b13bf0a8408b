/**
 * How the tests of `flow-control.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'a client may have one message more unacknowledged than the Receive Maximum of CONNACK',
    file: 'src/core/session/inbound.ts',
    from: 'connection.unacknowledgedInbound >= core.limits.receiveMaximum',
    to: 'connection.unacknowledgedInbound > core.limits.receiveMaximum',
    breaks: ['MQTT-3.3.4-7'],
  },
  {
    name: 'our client sends one message more than its server allows',
    file: 'src/cli/client/message-window.ts',
    from: 'if (this.#sent.size >= this.limit) return null',
    to: 'if (this.#sent.size > this.limit) return null',
    breaks: ['MQTT-3.3.4-7'],
  },
  {
    name: 'our client sends everything again at once when it comes back',
    file: 'src/cli/client/message-window.ts',
    from: 'this.#waiting.unshift(...tooMany)\n    return [...this.#sent.values()]',
    to: 'return entries',
    breaks: ['MQTT-3.3.4-7'],
  },
  {
    name: 'our client sends nothing while messages wait for the window',
    file: 'src/cli/client/mqtt-client.ts',
    from: 'const writer = new ByteWriter(64)',
    to: 'if (this.#window.size > this.#window.limit) return\n    const writer = new ByteWriter(64)',
    breaks: ['MQTT-3.3.4-8'],
  },
  {
    name: 'one message is sent when the window is used up',
    file: 'src/core/session/outbound.ts',
    from: 'this.#inFlightOnWire() < connection.sendMaximum',
    to: 'this.#inFlightOnWire() <= connection.sendMaximum',
    breaks: ['MQTT-3.3.4-9', 'MQTT-4.9.0-2'],
  },
  {
    name: 'a Session that is taken up again resends everything at once',
    file: 'src/core/session/outbound.ts',
    from: 'if (!this.#maySendQueued(connection, core)) return false\n      copy.message ??=',
    to: 'copy.message ??=',
    breaks: ['MQTT-3.3.4-9'],
  },
  {
    name: 'the window begins at one less than the Receive Maximum of the client',
    file: 'src/core/connection/handshake.ts',
    from: 'connection.sendMaximum = receiveMaximum ?? receiveMaximumDefault',
    to: 'connection.sendMaximum = (receiveMaximum ?? receiveMaximumDefault) - 1',
    breaks: ['MQTT-4.9.0-1'],
  },
  {
    name: 'the Receive Maximum of the client is not read',
    file: 'src/core/connection/handshake.ts',
    from: 'connection.sendMaximum = receiveMaximum ?? receiveMaximumDefault',
    to: 'connection.sendMaximum = receiveMaximumDefault',
    breaks: ['MQTT-4.9.0-1', 'MQTT-4.9.0-2', 'MQTT-3.3.4-9'],
  },
  {
    name: 'a client whose window is used up is heard for its acknowledgements only',
    file: 'src/core/broker.ts',
    from: 'const { state } = this\n    switch (packet.type) {',
    to: `const { state } = this
    if (session.outbound.freeWindow === 0 && !/^pub(ack|rec|comp)$/.test(packet.type)) return
    switch (packet.type) {`,
    breaks: ['MQTT-3.3.4-10', 'MQTT-4.9.0-3'],
  },
]

export const exemptions: Exemptions = {}
