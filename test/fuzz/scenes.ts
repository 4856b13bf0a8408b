/**
 * Scenes for a broker: sessions of several clients who share Client Identifiers and Topic Names, whole until something is damaged.
 *
 * The same seed gives the same bytes. Behind a damaged packet a script has little more, as the broker is likely to have closed.
 */
import fc from 'fast-check'
import type { PlainPacket, PublishFields } from '../../src/protocol/index.ts'
import { connects, encode, type Sample, samples } from '../packets/generate.ts'
import { type Chance, pick } from '../support/chance.ts'
import { damage } from './damage.ts'
import type { Script } from './script.ts'

type Packet = Sample['packet']

const clientIdentifiers = ['c0', 'c1', 'c2', 'c3', '', '__proto__', 'a/+', '$x']
const topicNames = ['t', 'a/b', 'a/b/c', '/', '$x', '$pabal/who', '$CONTROL/x', '__proto__']
/** Publishing there ends a connection of 3.1.1. */
const reservedNames = ['$SYS/x', '$share/g/t', '$pabal/who/t']
const topicFilters = [
  't',
  'a/b',
  'a/+',
  'a/#',
  '#',
  '+',
  '+/+/+',
  '$SYS/#',
  '$share/g/t',
  '$share/h/#',
  '$share/g/a/+',
  'x',
]
const wrongFilters = ['a/#/b', 'a+', '#a', '$share/g', '$share//a', '$share/+/a', '']

const serverOnly = new Set(['connack', 'suback', 'unsuback', 'pingresp'])

/** Valid packets to draw from. */
export interface Pool {
  readonly version: 4 | 5
  readonly connects: readonly PlainPacket[]
  readonly publishes: readonly Packet[]
  readonly subscribes: readonly Packet[]
  /** Everything a client may send once it is connected. */
  readonly fromClient: readonly Packet[]
  /** What only a server may send. */
  readonly fromServer: readonly Packet[]
}

export function makePools(seed: number, size = 600): readonly Pool[] {
  const all = fc.sample(samples, { numRuns: 4 * size, seed })
  return ([4, 5] as const).map((version) => {
    const packets = (role: Sample['role']) =>
      all.filter((sample) => sample.version === version && sample.role === role).map(({ packet }) => packet)
    const fromClient = packets('server')
    return {
      version,
      connects: fc.sample(connects(version), { numRuns: size / 4, seed }),
      publishes: fromClient.filter((packet) => !('type' in packet)),
      subscribes: fromClient.filter((packet) => 'type' in packet && packet.type === 'subscribe'),
      fromClient,
      fromServer: packets('client').filter((packet) => 'type' in packet && serverOnly.has(packet.type)),
    }
  })
}

function topicName(chance: Chance, generated: string): string {
  const kind = chance(60)
  if (kind === 0) return pick(chance, reservedNames)
  return kind < 10 ? generated : pick(chance, topicNames)
}

function topicFilter(chance: Chance, generated: string): string {
  const kind = chance(48)
  if (kind === 0) return pick(chance, wrongFilters)
  return kind < 6 ? generated : pick(chance, topicFilters)
}

/** Packet Identifiers the broker uses, too: it counts from 1. */
function packetId(chance: Chance): number {
  return chance(40) === 0 ? 65_535 : 1 + chance(6)
}

function placedPublish(fields: PublishFields, chance: Chance): PublishFields {
  const { topicAlias, ...properties } = fields.properties ?? {}
  return {
    ...fields,
    topicName: topicName(chance, fields.topicName),
    retain: fields.retain === true && chance(4) === 0,
    packetId: fields.qos === 0 ? 0 : packetId(chance),
    properties: topicAlias === undefined ? properties : { ...properties, topicAlias: 1 + chance(66) },
  }
}

/** The packet, moved to where the other clients of the scene are. */
function placed(packet: Packet, chance: Chance): Packet {
  if (!('type' in packet)) return placedPublish(packet, chance)
  switch (packet.type) {
    case 'connect': {
      const will = packet.will === null ? null : { ...packet.will, topicName: topicName(chance, packet.will.topicName) }
      const { sessionExpiryInterval, ...properties } = packet.properties
      const expiry = sessionExpiryInterval === undefined ? {} : { sessionExpiryInterval: chance(3) }
      const clientIdentifier = pick(chance, clientIdentifiers)
      return { ...packet, clientIdentifier, will, properties: { ...properties, ...expiry } }
    }
    case 'subscribe': {
      const place = (each: (typeof packet.subscriptions)[number]) => {
        return {
          ...each,
          topicFilter: topicFilter(chance, each.topicFilter),
          noLocal: each.noLocal && chance(16) === 0,
        }
      }
      return { ...packet, packetId: packetId(chance), subscriptions: packet.subscriptions.map(place) }
    }
    case 'unsubscribe': {
      const topicFilters = packet.topicFilters.map((each) => topicFilter(chance, each))
      return { ...packet, packetId: packetId(chance), topicFilters }
    }
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return { ...packet, packetId: packetId(chance) }
    default:
      return packet
  }
}

/** Messages and Subscriptions more often than the rest, or little would happen. */
function drawFrom({ publishes, subscribes, fromClient }: Pool, chance: Chance): Packet {
  const kind = chance(10)
  if (kind < 4) return pick(chance, publishes)
  return kind < 6 ? pick(chance, subscribes) : pick(chance, fromClient)
}

/** Ends the connection by rule, so that it stands only at the end of a script. */
function endsConnection(packet: Packet): boolean {
  return 'type' in packet && (packet.type === 'disconnect' || packet.type === 'auth')
}

function makeScript(pool: Pool, chance: Chance, packetsMost: number): Script {
  const { version } = pool
  const draw = (): Buffer => encode(placed(drawFrom(pool, chance), chance), version)
  const connect = encode(placed(pick(chance, pool.connects), chance), version)
  if (chance(12) === 0) {
    const packets = [damage(connect, chance, draw()), draw()]
    return { version: 0, packets, ending: 'close' }
  }
  const packets = [connect]
  const whole = 3 + chance(packetsMost)
  for (let attempts = 2 * whole; packets.length < whole && attempts > 0; attempts--) {
    const packet = drawFrom(pool, chance)
    if (endsConnection(packet)) continue
    const bytes = encode(placed(packet, chance), version)
    packets.push(bytes)
    if (chance(16) === 0) packets.push(bytes)
  }
  disorder(packets, chance)
  const last = chance(16)
  if (last === 0) packets.push(connect)
  else if (last === 1) packets.push(encode(pick(chance, pool.fromServer), version))
  else if (last < 14) packets.push(damage(draw(), chance, draw()))
  return { version, packets, ending: chance(10) === 0 ? 'break' : 'close' }
}

/** Sometimes two packets come in the other order, or one is cut short, or something stands before CONNECT. */
function disorder(packets: Buffer[], chance: Chance): void {
  const kind = chance(40)
  const at = 1 + chance(packets.length - 1)
  const [one, other] = [packets[at], packets[at - 1]]
  if (one === undefined || other === undefined) return
  if (kind < 6 && at > 1) {
    packets[at] = other
    packets[at - 1] = one
  } else if (kind === 6) {
    packets[at] = one.subarray(0, 1 + chance(one.length))
  } else if (kind === 7) {
    packets.unshift(one)
  }
}

/** Clients at work at the same time, of both versions. */
export function makeScene(pools: readonly Pool[], chance: Chance, clients = 8, packetsMost = 30): Script[] {
  return Array.from({ length: clients }, () => makeScript(pick(chance, pools), chance, packetsMost))
}
