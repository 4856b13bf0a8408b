/**
 * How the tests of `connect-sessions.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

const handshake = 'src/core/connection/handshake.ts'
const lifecycle = 'src/core/session/lifecycle.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'Clean Start takes the stored Session up',
    file: handshake,
    from: 'if (packet.cleanStart) {',
    to: 'if (false) {',
    breaks: ['MQTT-3.1.2-4', 'MQTT3-3.1.2-6'],
  },
  {
    name: 'Clean Start leaves the Subscriptions of the earlier Session in place',
    file: lifecycle,
    from: '  for (const subscription of session.subscriptions.values()) core.subscriptions.remove(subscription)\n',
    to: '',
    breaks: ['MQTT-3.1.2-4', 'MQTT3-3.1.2-6'],
  },
  {
    name: 'Clean Start begins a Session that ends with its connection',
    file: handshake,
    from: 'return packet.properties.sessionExpiryInterval ?? 0',
    to: 'return packet.cleanStart ? 0 : (packet.properties.sessionExpiryInterval ?? 0)',
    breaks: ['MQTT-3.1.2-4'],
  },
  {
    name: 'CleanSession 1 keeps its Session after the connection',
    file: handshake,
    from: 'return packet.cleanStart ? 0 : neverExpires',
    to: 'return neverExpires',
    breaks: ['MQTT3-3.1.2-6'],
  },
  {
    name: 'a stored Session is never taken up',
    file: handshake,
    from: 'if (packet.cleanStart) {',
    to: 'if (true) {',
    breaks: ['MQTT-3.1.2-5', 'MQTT3-3.1.2-4'],
  },
  {
    name: 'what a Session has to send is given up when it is taken up',
    file: handshake,
    from: 'if (sessionPresent) session.outbound.resume(connection, core, nowMs, turn)',
    to: 'if (sessionPresent) session.outbound.takeAll(core)',
    breaks: ['MQTT-3.1.2-5', 'MQTT3-3.1.2-4', 'MQTT3-3.1.2-5'],
  },
  {
    name: 'a Session whose connection is taken over ends',
    file: handshake,
    from: 'if (stored.hasEnded) return null',
    to: 'if (true) return null',
    breaks: ['MQTT-3.1.2-5', 'MQTT3-3.1.2-4'],
  },
  {
    name: 'a new Session is not told from a stored one',
    file: handshake,
    from: 'const sessionPresent = stored !== null',
    to: 'const sessionPresent = !packet.cleanStart',
    breaks: ['MQTT-3.1.2-6', 'MQTT3-3.1.2-4'],
  },
  {
    name: 'CleanSession 0 keeps its Session for a day only',
    file: handshake,
    from: 'return packet.cleanStart ? 0 : neverExpires',
    to: 'return packet.cleanStart ? 0 : 86_400',
    breaks: ['MQTT3-3.1.2-4'],
  },
  {
    name: 'a message for a Session whose client is away is dropped',
    file: 'src/core/session/outbound.ts',
    from: 'if (connection === null) return false\n    message.ownBriefly()',
    to: 'if (connection === null) return this.#session.connection === null\n    message.ownBriefly()',
    breaks: ['MQTT3-3.1.2-5'],
  },
  {
    name: 'Retained Messages go with the Session that published them',
    file: lifecycle,
    from: '  session.inboundPacketIds = null\n',
    to: `  session.inboundPacketIds = null
      for (const { topicName } of [...core.retained.all()]) core.retained.delete(topicName)\n`,
    breaks: ['MQTT3-3.1.2-7'],
  },
  {
    name: 'the Session Expiry Interval counts minutes',
    file: lifecycle,
    from: 'nowMs + expiryInterval * 1000',
    to: 'nowMs + expiryInterval * 60_000',
    breaks: ['MQTT-3.1.2-23'],
  },
  {
    name: 'a Session ends with its connection if that was not closed by DISCONNECT',
    file: lifecycle,
    from: 'if (!session.survives && !isPutOff) {',
    to: 'if ((!session.survives || !connection.saidGoodbye) && !isPutOff) {',
    breaks: ['MQTT-3.1.2-23', 'MQTT3-3.1.2-4'],
  },
  {
    name: 'a Session with an interval of 0, or none, stays',
    file: handshake,
    from: 'return packet.properties.sessionExpiryInterval ?? 0',
    to: 'return packet.properties.sessionExpiryInterval || neverExpires',
    breaks: ['MQTT-3.1.2-23'],
  },
  {
    name: '0xFFFFFFFF is an interval like others',
    file: lifecycle,
    from: 'expiryInterval === neverExpires ? Number.POSITIVE_INFINITY : ',
    to: '',
    breaks: ['MQTT-3.1.2-23'],
  },
  {
    name: 'the Session Expiry Interval of the first CONNECT counts',
    file: handshake,
    from: 'session.expiryInterval = Math.min(requestedExpiry(packet), core.limits.sessionExpirySecondsMax)',
    to: 'if (!sessionPresent) session.expiryInterval = Math.min(requestedExpiry(packet), core.limits.sessionExpirySecondsMax)',
    breaks: ['MQTT-3.1.2-23'],
  },
]

export const exemptions: Exemptions = {}
