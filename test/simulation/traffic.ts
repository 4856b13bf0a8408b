/**
 * The packets clients send in a simulation: a few Topic Names and filters, so that much meets.
 */
import type {
  Connect,
  Disconnect,
  Qos,
  RetainHandling,
  Subscribe,
  Unsubscribe,
  UserProperties,
  WillMessage,
} from '../../src/protocol/control-packet.ts'
import { type Publish, publish } from '../../src/protocol/packets/publish.ts'
import { type Chance, pick } from '../support/chance.ts'

/** Names below `no/` nobody may use where the host is asked. */
const topicNames = ['a/b', 'a/b', 'a/c', 'c', 'long/topic', 'long/topic', 's/x', 's/y', 'no/x']
const ownFilters = ['a/b', 'a/+', 'a/#', '#', '+/b', 'c', 'long/#', 'will/#', 'no/#', 's/x']
const sharedFilters = ['$share/g/s/#', '$share/g/s/#', '$share/h/c', '$share/g/a/b']
const neverExpires = 0xffff_ffff
/** What a client with a Maximum Packet Size takes, and the payload it does not. */
const smallPacketSize = 200
const largePayloadSize = 300

export interface SentMessage {
  readonly topicName: string
  readonly qos: Qos
  readonly retain: boolean
  readonly label: string
  readonly isEmpty: boolean
  readonly isLarge: boolean
  readonly expirySeconds: number | null
}

/** Where a message can be told by, even without a payload and after its publisher is forgotten. */
export function labelOf({ properties }: { properties: { userProperties?: UserProperties } }): string {
  return properties.userProperties?.[0]?.[1] ?? ''
}

interface Device {
  readonly clientIdentifier: string
  readonly version: 4 | 5
  readonly takesLarge: boolean
  readonly topicAliasMaximum: number
}

export function aMessage(chance: Chance, version: 4 | 5, label: string): SentMessage {
  const retain = chance(6) === 0
  const isEmpty = retain && chance(4) === 0
  return {
    topicName: pick(chance, topicNames),
    qos: pick(chance, [0, 1, 1, 2, 2] as const),
    retain,
    label,
    isEmpty,
    isLarge: !isEmpty && chance(12) === 0,
    expirySeconds: version === 5 && chance(8) === 0 ? pick(chance, [1, 10, 100]) : null,
  }
}

export function packetOf(message: SentMessage, packetId: number, dup: boolean): Publish {
  const { topicName, qos, retain, label, isEmpty, isLarge, expirySeconds } = message
  const properties = {
    userProperties: [['label', label] as const],
    ...(expirySeconds === null ? {} : { messageExpiryInterval: expirySeconds }),
  }
  const payload = Buffer.from(isEmpty ? '' : 'text'.padEnd(isLarge ? largePayloadSize : 0))
  return publish({ topicName, qos, retain, payload, packetId, dup, properties })
}

export function aConnect(chance: Chance, device: Device): { packet: Connect; expiryInterval: number } {
  const { clientIdentifier, version, takesLarge, topicAliasMaximum } = device
  const cleanStart = chance(5) === 0
  const packet: Connect = {
    type: 'connect',
    protocolVersion: version,
    cleanStart,
    keepAliveSeconds: pick(chance, [0, 0, 0, 4]),
    clientIdentifier,
    will: chance(3) === 0 ? aWill(chance, device) : null,
    userName: null,
    password: null,
    properties: {},
  }
  if (version === 4) return { packet, expiryInterval: cleanStart ? 0 : neverExpires }
  const expiryInterval = pick(chance, [0, 2, 30, 1000, 1000, neverExpires])
  packet.properties = {
    sessionExpiryInterval: expiryInterval,
    receiveMaximum: pick(chance, [1, 2, 5, 65_535]),
    topicAliasMaximum,
    ...(takesLarge ? {} : { maximumPacketSize: smallPacketSize }),
  }
  return { packet, expiryInterval }
}

/** The same client wants to go on where it was. */
export function aReturn(chance: Chance, device: Device): { packet: Connect; expiryInterval: number } {
  const { packet } = aConnect(chance, device)
  const isPlain = device.version === 4
  const expiryInterval = isPlain ? neverExpires : 1000
  const properties = isPlain ? {} : { ...packet.properties, sessionExpiryInterval: expiryInterval }
  return { packet: { ...packet, cleanStart: false, keepAliveSeconds: 0, will: null, properties }, expiryInterval }
}

function aWill(chance: Chance, { clientIdentifier, version }: Device): WillMessage {
  return {
    topicName: `will/${clientIdentifier}`,
    payload: Buffer.from('gone'),
    qos: pick(chance, [0, 1, 2] as const),
    retain: chance(3) === 0,
    properties: {
      userProperties: [['label', `w${chance(1_000_000_000)}`]],
      ...(version === 5 ? { willDelayInterval: pick(chance, [0, 0, 1, 10]) } : {}),
    },
  }
}

export function aDisconnect(chance: Chance, version: 4 | 5, expiryInterval: number): Disconnect {
  if (version === 4) return { type: 'disconnect', reasonCode: 0, properties: {} }
  const reasonCode = pick(chance, [0, 0, 4])
  const changes = expiryInterval > 0 && chance(4) === 0
  const properties = changes ? { sessionExpiryInterval: pick(chance, [0, 5, 1000]) } : {}
  return { type: 'disconnect', reasonCode, properties }
}

export function aSubscribe(chance: Chance, version: 4 | 5, packetId: number): Subscribe {
  const subscriptions = Array.from({ length: 1 + chance(3) }, () => {
    const topicFilter = pick(chance, chance(3) === 0 ? sharedFilters : ownFilters)
    const isPlain = version === 4
    return {
      topicFilter,
      qos: pick(chance, [0, 1, 2, 2] as const),
      noLocal: !isPlain && !topicFilter.startsWith('$') && chance(4) === 0,
      retainAsPublished: !isPlain && chance(2) === 0,
      retainHandling: isPlain ? (0 as const) : pick<RetainHandling>(chance, [0, 0, 1, 2]),
    }
  })
  const hasIdentifier = version === 5 && chance(2) === 0
  const properties = hasIdentifier ? { subscriptionIdentifier: 1 + chance(9) } : {}
  return { type: 'subscribe', packetId, subscriptions, properties }
}

export function anUnsubscribe(chance: Chance, packetId: number): Unsubscribe {
  const topicFilters = Array.from({ length: 1 + chance(3) }, () => pick(chance, [...ownFilters, ...sharedFilters]))
  return { type: 'unsubscribe', packetId, topicFilters, properties: {} }
}
