/**
 * How the tests of `will.test.ts` are shown to be able to fail.
 */
import type { Exemptions, Mutation } from './chapter.ts'

const handshake = 'src/core/connection/handshake.ts'
const lifecycle = 'src/core/session/lifecycle.ts'
const willFile = 'src/core/session/will.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'the will is lost with the connection while its delay runs',
    file: lifecycle,
    from: '&& !isPutOff) publishWill(core, session, nowMs, turn)\n',
    to: '&& !isPutOff) publishWill(core, session, nowMs, turn)\n  session.will = null; session.willAtMs = Number.POSITIVE_INFINITY\n',
    breaks: ['MQTT-3.1.2-7'],
  },
  {
    name: 'the will of the first CONNECT stays',
    file: handshake,
    from: 'session.will = packet.will',
    to: 'session.will ??= packet.will',
    breaks: ['MQTT-3.1.2-7'],
  },
  {
    name: 'a broken rule takes the will away',
    file: 'src/core/broker.ts',
    from: 'disconnectViolator(this.state, connection, violation, nowMs, turn)',
    to: 'connection.saidGoodbye = true; disconnectViolator(this.state, connection, violation, nowMs, turn)',
    breaks: ['MQTT-3.1.2-8', 'MQTT3-3.1.2-8'],
  },
  {
    name: 'every DISCONNECT takes the will away',
    file: 'src/core/broker.ts',
    from: 'connection.saidGoodbye = packet.reasonCode === ReasonCode.NormalDisconnection',
    to: 'connection.saidGoodbye = true',
    breaks: ['MQTT-3.1.2-8'],
  },
  {
    name: 'DISCONNECT takes no will away',
    file: lifecycle,
    from: '  if (connection.saidGoodbye) session.will = null\n',
    to: '',
    breaks: ['MQTT-3.1.2-10', 'MQTT3-3.1.2-10'],
  },
  {
    name: 'the will goes out without its delay',
    file: willFile,
    from: 'will.properties.willDelayInterval ?? 0',
    to: '0',
    breaks: ['MQTT-3.1.2-8', 'MQTT-3.1.3-9'],
  },
  {
    name: 'the will waits for its delay beyond the end of its Session',
    file: lifecycle,
    from: 'if (session.will !== null) publishWill(core, session, nowMs, turn)',
    to: 'if (session.will !== null && session.willAtMs <= nowMs) publishWill(core, session, nowMs, turn)',
    breaks: ['MQTT-3.1.2-8'],
  },
  {
    name: 'a will whose delay has passed is forgotten when its client comes back first',
    file: handshake,
    from: 'if (Math.min(session.willAtMs, session.endsAtMs) <= nowMs) remindSession(core, session, nowMs, turn)',
    to: '',
    breaks: ['MQTT-3.1.2-8'],
  },
  {
    name: 'a new connection to the Session sends the will that still waits',
    file: handshake,
    from: '  session.will = packet.will\n',
    to: '  if (session.will !== null) publishWill(core, session, nowMs, turn)\n  session.will = packet.will\n',
    breaks: ['MQTT-3.1.3-9'],
  },
  {
    name: 'a will that went out stays with its Session',
    file: willFile,
    from: '  session.will = null\n',
    to: '',
    breaks: ['MQTT-3.1.2-10', 'MQTT3-3.1.2-10'],
  },
  {
    name: 'a CONNECT without will leaves that of the last one in place',
    file: handshake,
    from: 'session.will = packet.will',
    to: 'session.will = session.lastWill = packet.will ?? session.lastWill ?? null',
    breaks: ['MQTT3-3.1.2-12'],
  },
  {
    name: 'the will goes out at QoS 1 at most',
    file: willFile,
    from: 'publish({ topicName, payload, qos, retain, properties })',
    to: 'publish({ topicName, payload, qos: Math.min(qos, 1), retain, properties })',
    breaks: ['MQTT3-3.1.2-9', 'MQTT-3.1.2-12'],
  },
  {
    name: 'every will is retained',
    file: willFile,
    from: 'publish({ topicName, payload, qos, retain, properties })',
    to: 'publish({ topicName, payload, qos, retain: true, properties })',
    breaks: ['MQTT-3.1.2-14', 'MQTT3-3.1.2-16', 'MQTT3-3.1.2-9'],
  },
  {
    name: 'no will is retained',
    file: willFile,
    from: 'publish({ topicName, payload, qos, retain, properties })',
    to: 'publish({ topicName, payload, qos, retain: false, properties })',
    breaks: ['MQTT-3.1.2-15', 'MQTT3-3.1.2-17', 'MQTT3-3.1.2-9'],
  },
  {
    name: 'the User Properties of a will are sorted',
    file: willFile,
    from: 'const properties: PublishProperties = rest',
    to: 'const properties: PublishProperties = { ...rest, userProperties: rest.userProperties?.toSorted() }',
    breaks: ['MQTT-3.1.3-10'],
  },
  {
    name: 'of User Properties with one name the last counts',
    file: willFile,
    from: 'const properties: PublishProperties = rest',
    to: 'const properties: PublishProperties = { ...rest, userProperties: [...new Map(rest.userProperties)] }',
    breaks: ['MQTT-3.1.3-10'],
  },
  {
    name: 'bytes that are no UTF-8 are replaced in the Will Topic',
    file: 'src/protocol/packets/connect.ts',
    from: `reader.readString('the Will Topic')`,
    to: `reader.readBinary('the Will Topic').toString()`,
    breaks: ['MQTT-3.1.3-11', 'MQTT3-3.1.3-10'],
  },
]

export const exemptions: Exemptions = {}
