/**
 * How the tests of `sessions.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'a Session that was left is ended at its time though its client is back',
    file: 'src/core/session/lifecycle.ts',
    from: `  if (session.hasEnded || session.isOnline) return
  if (session.endsAtMs <= nowMs) {`,
    to: `  if (session.hasEnded) return
  if (session.endsAtMs <= nowMs || session.isOnline) {`,
    breaks: ['MQTT-4.1.0-1', 'MQTT3-4.1.0-2'],
  },
  {
    name: 'CleanSession 0 is a Session of one hour',
    file: 'src/core/connection/handshake.ts',
    from: 'return packet.cleanStart ? 0 : neverExpires',
    to: 'return packet.cleanStart ? 0 : 3600',
    breaks: ['MQTT3-4.1.0-1'],
  },
  {
    name: 'QoS 2 Packet Identifiers are forgotten with the connection',
    file: 'src/core/session/lifecycle.ts',
    from: '  session.connection = null\n',
    to: '  session.connection = null\n  session.inboundPacketIds = null\n',
    breaks: ['MQTT3-4.1.0-1'],
  },
  {
    name: 'a Session that is left never ends',
    file: 'src/core/session/lifecycle.ts',
    from: 'expiryInterval === neverExpires ? Number.POSITIVE_INFINITY : nowMs + expiryInterval * 1000',
    to: 'Number.POSITIVE_INFINITY',
    breaks: ['MQTT-4.1.0-2'],
  },
  {
    name: 'the Session Expiry Interval is taken for milliseconds',
    file: 'src/core/session/lifecycle.ts',
    from: 'nowMs + expiryInterval * 1000',
    to: 'nowMs + expiryInterval',
    breaks: ['MQTT-4.1.0-2'],
  },
  {
    name: 'a Session lasts a minute longer than its connection at least',
    file: 'src/core/connection/handshake.ts',
    from: 'return packet.properties.sessionExpiryInterval ?? 0',
    to: 'return packet.properties.sessionExpiryInterval ?? 60',
    breaks: ['MQTT-4.1.0-2'],
  },
]

export const exemptions: Exemptions = {}
