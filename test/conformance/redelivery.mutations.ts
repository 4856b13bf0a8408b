/**
 * How the tests of `redelivery.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

const outbound = 'src/core/session/outbound.ts'
const mqttClient = 'src/cli/client/mqtt-client.ts'
const both = ['MQTT-4.4.0-1', 'MQTT3-4.4.0-1']

export const mutations: readonly Mutation[] = [
  {
    name: 'PUBREL is not sent again',
    file: outbound,
    from: 'for (const { packetId } of received) {',
    to: 'for (const { packetId } of received.slice(0, 0)) {',
    breaks: both,
  },
  {
    name: 'only QoS 1 is sent again',
    file: outbound,
    from: 'inFlight.putOnWire(copy)\n',
    to: 'inFlight.putOnWire(copy)\n    if (copy.qos === 2) continue\n',
    breaks: both,
  },
  {
    name: 'messages are sent again under new identifiers',
    file: 'src/core/session/outgoing-publish.ts',
    from: 'const { packetId, subscriptionIdentifiers } = copy',
    to: 'const { subscriptionIdentifiers } = copy\n  const packetId = dup ? copy.packetId + 10 : copy.packetId',
    breaks: both,
  },
  {
    name: 'PUBACK makes the broker send again what is still in flight',
    file: outbound,
    from: `throw wrongAcknowledgement('PUBACK', packetId, copy.qos)\n    this.#finish(copy, reasonCode >= 0x80 ? 'refusedByClient' : 'acknowledged', core)`,
    to: `throw wrongAcknowledgement('PUBACK', packetId, copy.qos)
    this.#finish(copy, 'acknowledged', core)
    if (this.#session.connection !== null) this.resume(this.#session.connection, core, nowMs, turn)`,
    breaks: ['MQTT-4.4.0-1'],
  },
  {
    name: 'a client that starts afresh keeps what is in flight',
    file: 'src/core/connection/handshake.ts',
    from: 'if (packet.cleanStart) {',
    to: 'if (packet.cleanStart && stored.outbound.inFlightMessages === 0) {',
    breaks: both,
  },
  {
    name: 'our client does not send PUBREL again',
    file: 'src/cli/client/message-window.ts',
    from: 'return [...this.#sent.values()]',
    to: 'return [...this.#sent.values()].filter((entry) => !entry.isReceived)',
    breaks: both,
  },
  {
    name: 'our client counts on a Session that the server does not have',
    file: 'src/cli/client/message-window.ts',
    from: 'if (sessionPresent || !entry.isReceived) continue',
    to: 'continue',
    breaks: both,
  },
  {
    name: 'a PUBACK with an error leaves the message unacknowledged',
    file: 'src/core/broker.ts',
    from: 'session.outbound.receivePuback(',
    to: 'if (packet.reasonCode < 0x80) session.outbound.receivePuback(',
    breaks: ['MQTT-4.4.0-2'],
  },
  {
    name: 'a PUBREC with an error does not end the message',
    file: outbound,
    from: `if (reasonCode >= 0x80 && !copy.isReceived) {\n      this.#finish(copy, 'refusedByClient', core)`,
    to: 'if (reasonCode >= 0x80 && !copy.isReceived) {',
    breaks: ['MQTT-4.4.0-2'],
  },
  {
    name: 'our client keeps what was refused',
    file: 'src/cli/client/message-window.ts',
    from: 'this.#sent.delete(entry.packetId)\n    const { packetId',
    to: 'if (acknowledgement.reasonCode < 0x80) this.#sent.delete(entry.packetId)\n    const { packetId',
    breaks: ['MQTT-4.4.0-2'],
  },
  {
    name: 'a client that is away gets nothing kept',
    file: 'src/core/routing/audience.ts',
    from: 'to.qos === 0 || !to.session.survives',
    to: 'to.qos === 0 || !to.session.isOnline || !to.session.survives',
    breaks: ['MQTT-4.5.0-1', 'MQTT3-4.5.0-1'],
  },
  {
    name: 'a message goes to the first Topic Filter that matches',
    file: 'src/core/routing/route.ts',
    from: 'const only = found.length === 1 ? found[0] : undefined',
    to: 'const only = found[0]',
    breaks: ['MQTT-4.5.0-1', 'MQTT3-4.5.0-1'],
  },
  {
    name: 'our client acknowledges QoS 1 only if somebody listens',
    file: mqttClient,
    from: 'if (packet.qos === 1) this.#send(',
    to: 'if (packet.qos === 1 && this.#events.onMessage !== undefined) this.#send(',
    breaks: ['MQTT-4.5.0-2', 'MQTT3-4.5.0-2'],
  },
  {
    name: 'our client completes QoS 2 only if somebody listens',
    file: mqttClient,
    from: `this.#send(acknowledgement('pubcomp', packet.packetId, code))`,
    to: `if (this.#events.onMessage !== undefined) this.#send(acknowledgement('pubcomp', packet.packetId, code))`,
    breaks: ['MQTT-4.5.0-2', 'MQTT3-4.5.0-2'],
  },
]

export const exemptions: Exemptions = {}
