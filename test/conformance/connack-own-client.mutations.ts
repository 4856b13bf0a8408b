/**
 * How the tests of `connack-own-client.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'our client takes any Session that the server goes on with',
    file: 'src/cli/client/connack.ts',
    from: 'if (version !== 5 || !cleanStart || !connack.sessionPresent) return null',
    to: 'if (version !== 4 || !cleanStart || !connack.sessionPresent) return null',
    breaks: ['MQTT-3.2.2-4'],
  },
  {
    name: 'our client keeps QoS 2 messages of a Session that the server does not have',
    file: 'src/cli/client/inbound-messages.ts',
    from: 'if (!sessionPresent) this.#unreleased.clear()',
    to: '',
    breaks: ['MQTT-3.2.2-5'],
  },
  {
    name: 'our client goes on with PUBREL in a Session that the server does not have',
    file: 'src/cli/client/message-window.ts',
    from: 'if (sessionPresent || !entry.isReceived) continue',
    to: 'if (!entry.isReceived || entry.isReceived) continue',
    breaks: ['MQTT-3.2.2-5'],
  },
  {
    name: 'our client takes no notice of Maximum QoS',
    file: 'src/cli/client/outgoing-publish.ts',
    from: 'if (maximumQos !== undefined && message.qos > maximumQos) {',
    to: 'if (maximumQos === 0 && message.qos > maximumQos) {',
    breaks: ['MQTT-3.2.2-11'],
  },
  {
    name: 'our client takes no notice of Retain Available',
    file: 'src/cli/client/outgoing-publish.ts',
    from: 'if (retainAvailable === false && message.retain) {',
    to: 'if (retainAvailable === null && message.retain) {',
    breaks: ['MQTT-3.2.2-14'],
  },
  {
    name: 'our client measures PUBLISH alone against the Maximum Packet Size',
    file: 'src/cli/client/mqtt-client.ts',
    from: 'checkPacketSize(packetSize(packet, this.#settings.protocolVersion), this.#connack?.properties ?? {})',
    to: '',
    breaks: ['MQTT-3.2.2-15'],
  },
  {
    name: 'our client measures the payload against the Maximum Packet Size',
    file: 'src/cli/client/outgoing-publish.ts',
    from: 'checkPacketSize(publishSize(publish(message), version, deliveryOf(message, 1, false)), limits)',
    to: 'checkPacketSize(message.payload.length, limits)',
    breaks: ['MQTT-3.2.2-15'],
  },
  {
    name: 'our client goes by its own Keep Alive',
    file: 'src/cli/client/mqtt-client.ts',
    from: 'serverKeepAlive ?? keepAliveSeconds',
    to: 'keepAliveSeconds ?? serverKeepAlive',
    breaks: ['MQTT-3.2.2-21'],
  },
]

export const exemptions: Exemptions = {}
