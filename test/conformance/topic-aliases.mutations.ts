/**
 * How the tests of `topic-aliases.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'the aliases of a client are kept with its Session',
    file: 'src/core/session/inbound.ts',
    from: 'connection.inboundAliases ??= new InboundTopicAliases(',
    to: 'connection.inboundAliases ??= session.inboundAliases ??= new InboundTopicAliases(',
    breaks: ['MQTT-3.3.2-7'],
  },
  {
    name: 'the aliases of the broker are kept with the Session',
    file: 'src/core/connection/handshake.ts',
    from: 'connection.outboundAliases = new OutboundTopicAliases(aliases)',
    to: 'connection.outboundAliases = connection.session.outboundAliases ??= new OutboundTopicAliases(aliases)',
    breaks: ['MQTT-3.3.2-7'],
  },
  {
    name: 'Topic Alias 0 is answered like any other property that must not be 0',
    file: 'src/protocol/properties.ts',
    from: `const code = property.key === 'topicAlias' ? ReasonCode.TopicAliasInvalid : ReasonCode.ProtocolError`,
    to: 'const code = ReasonCode.ProtocolError',
    breaks: ['MQTT-3.3.2-8'],
  },
  {
    name: 'the broker takes one Topic Alias more than it announces',
    file: 'src/core/connection/topic-aliases.ts',
    from: 'if (alias > this.#maximum) {',
    to: 'if (alias > this.#maximum + 1) {',
    breaks: ['MQTT-3.3.2-9'],
  },
  {
    name: 'the broker takes one Topic Alias less than it announces',
    file: 'src/core/connection/topic-aliases.ts',
    from: 'if (alias > this.#maximum) {',
    to: 'if (alias >= this.#maximum) {',
    breaks: ['MQTT-3.3.2-12'],
  },
  {
    name: 'an alias keeps its first meaning',
    file: 'src/core/connection/topic-aliases.ts',
    from: 'this.#topicNames.set(alias, publish.topicName)',
    to: 'if (!this.#topicNames.has(alias)) this.#topicNames.set(alias, publish.topicName)',
    breaks: ['MQTT-3.3.2-12'],
  },
  {
    name: 'the Topic Alias Maximum of the client is not read',
    file: 'src/core/connection/handshake.ts',
    from: 'Math.min(topicAliasMaximum ?? 0, limits.sentTopicAliasMaximum)',
    to: 'limits.sentTopicAliasMaximum',
    breaks: ['MQTT-3.3.2-11'],
  },
  {
    name: 'our client refuses the highest Topic Alias it announces',
    file: 'src/cli/client/inbound-messages.ts',
    from: 'if (alias > this.#topicAliasMaximum) {',
    to: 'if (alias >= this.#topicAliasMaximum) {',
    breaks: ['MQTT-3.3.2-10'],
  },
]

export const exemptions: Exemptions = {}
