/**
 * A play for two brokers: what two or three clients do, one step after the other, the last of which may be damaged.
 *
 * The same seed gives the same play. Times are left out: neither broker's clock can be moved.
 */

import type { PlainPacket, PublishFields } from '../../../src/protocol/index.ts'
import { encode } from '../../packets/generate.ts'
import { Model, type ModelMessage, type ModelSession } from '../../simulation/model.ts'
import { aConnect, aDisconnect, aMessage, anUnsubscribe, aSubscribe } from '../../simulation/traffic.ts'
import { type Chance, pick } from '../../support/chance.ts'
import { damage } from '../damage.ts'

export interface Step {
  readonly client: number
  /** What it does, for whoever reads of a difference. */
  readonly what: string
  /** Null to break the connection. */
  readonly bytes: Buffer | null
  /** A new connection comes first. */
  readonly opens: boolean
  /** The bytes end inside a packet, for which a broker may wait. */
  readonly isCut: boolean
  /** What each client must be given, by the model: `label qos retain`. Null if the model cannot say. */
  readonly owed: readonly (readonly string[])[] | null
}

export interface Play {
  readonly versions: readonly (4 | 5)[]
  readonly steps: readonly Step[]
}

interface Device {
  readonly version: 4 | 5
  session: ModelSession | null
  packetId: number
}

export class PlayWriter {
  readonly #chance: Chance
  readonly #devices: readonly Device[]
  readonly #model = new Model()
  readonly #steps: Step[] = []
  #labels = 0
  /** From here on it matters whether a broker replaces the options of a Subscription [MQTT-3.8.4-3]. */
  #hasReplaced = false

  constructor(chance: Chance) {
    this.#chance = chance
    const version = () => pick(chance, [4, 5, 5] as const)
    this.#devices = Array.from({ length: 2 + chance(2) }, () => ({ version: version(), session: null, packetId: 0 }))
  }

  write(stepsMost: number): Play {
    const count = 4 + this.#chance(stepsMost)
    for (let step = 0; step < count; step++) this.#writeStep(this.#chance(this.#devices.length))
    if (this.#chance(4) > 0) this.#writeDamaged(this.#chance(this.#devices.length))
    return { versions: this.#devices.map(({ version }) => version), steps: this.#steps }
  }

  #writeStep(client: number): void {
    const device = this.#device(client)
    if (device.session === null) {
      this.#writeConnect(client, device)
      return
    }
    const kind = this.#chance(20)
    if (kind < 10) this.#writePublish(client, device, device.session)
    else if (kind < 15) this.#writeSubscribe(client, device, device.session)
    else if (kind < 16) this.#writeUnsubscribe(client, device, device.session)
    else if (kind < 17) this.#writeBreak(client, device, device.session)
    else if (kind < 18) this.#writeDisconnect(client, device, device.session)
    else this.#writeConnect(client, device)
  }

  #device(client: number): Device {
    const device = this.#devices[client]
    if (device === undefined) throw new Error(`there is no client ${client}`)
    return device
  }

  #writeConnect(client: number, device: Device): void {
    const { version } = device
    const clientIdentifier = `client${client}`
    const made = aConnect(this.#chance, { clientIdentifier, version, takesLarge: true, topicAliasMaximum: 0 })
    const will = made.packet.will === null ? null : { ...made.packet.will, payload: Buffer.from(this.#label('w')) }
    const expiryInterval = made.expiryInterval > 0 ? 1000 : 0
    const properties = version === 5 ? { sessionExpiryInterval: expiryInterval } : {}
    const plainWill = will === null ? null : { ...will, properties: {} }
    const packet = { ...made.packet, keepAliveSeconds: 0, will: plainWill, properties }
    const { cleanStart } = packet
    const makeWill = (publisher: ModelSession): ModelMessage => this.#willOf(packet, publisher)
    const fields = { clientIdentifier, takesLarge: true, cleanStart, expiryInterval, will: plainWill, makeWill }
    device.session = this.#model.connect(fields, 0).session
    device.packetId = 0
    this.#add(client, `connect${cleanStart ? ' anew' : ''}, expiry ${expiryInterval}`, packet, true)
  }

  #willOf({ will }: Extract<PlainPacket, { type: 'connect' }>, publisher: ModelSession): ModelMessage {
    const { topicName = '', payload = '', qos = 0, retain = false } = will ?? {}
    const fate = { isEmpty: false, isLarge: false, isWill: true, expiresMs: Number.POSITIVE_INFINITY }
    return { label: payload.toString(), topicName, qos, retain, publisher, ...fate }
  }

  #writePublish(client: number, device: Device, session: ModelSession): void {
    const label = this.#label('m')
    const { topicName, qos, retain, isEmpty } = aMessage(this.#chance, device.version, label)
    const payload = Buffer.from(isEmpty ? '' : label)
    device.packetId += 1
    const packet = { topicName, qos, retain, payload, packetId: qos === 0 ? 0 : device.packetId }
    const fate = { isLarge: false, isWill: false, expiresMs: Number.POSITIVE_INFINITY }
    const owedLabel = isEmpty ? '' : label
    this.#model.publish({ label: owedLabel, isEmpty, topicName, qos, retain, publisher: session, ...fate })
    this.#add(client, `publish ${label} to ${topicName}, QoS ${qos}${retain ? ', retain' : ''}`, packet)
  }

  #writeSubscribe(client: number, device: Device, session: ModelSession): void {
    device.packetId += 1
    const { subscriptions, ...rest } = aSubscribe(this.#chance, device.version, device.packetId)
    // Which member of a group gets a message is each broker's own choice.
    const own = subscriptions.filter(({ topicFilter }) => !topicFilter.startsWith('$share'))
    if (own.length === 0) return
    const packet = { ...rest, subscriptions: own }
    for (const request of own) {
      if (session.subscriptions.has(request.topicFilter)) this.#hasReplaced = true
      this.#model.subscribe(session, request, packet, 0)
    }
    const filters = own.map(({ topicFilter, qos }) => `${topicFilter} at ${qos}`)
    this.#add(client, `subscribe ${filters.join(', ')}`, packet)
  }

  #writeUnsubscribe(client: number, device: Device, session: ModelSession): void {
    device.packetId += 1
    const { topicFilters, ...rest } = anUnsubscribe(this.#chance, device.packetId)
    const own = topicFilters.filter((topicFilter) => !topicFilter.startsWith('$share'))
    if (own.length === 0) return
    for (const topicFilter of own) session.subscriptions.delete(topicFilter)
    this.#add(client, `unsubscribe ${own.join(', ')}`, { ...rest, topicFilters: own })
  }

  #writeBreak(client: number, device: Device, session: ModelSession): void {
    this.#model.detach(session, false, 0)
    device.session = null
    this.#push({ client, what: 'break', bytes: null, opens: false, isCut: false, owed: this.#owed() })
  }

  #writeDisconnect(client: number, device: Device, session: ModelSession): void {
    const packet = aDisconnect(this.#chance, device.version, 0)
    this.#model.detach(session, packet.reasonCode === 0, 0)
    device.session = null
    this.#add(client, `disconnect ${packet.reasonCode}`, packet)
  }

  #writeDamaged(client: number): void {
    const device = this.#device(client)
    if (device.session === null) return
    const whole = this.#steps.flatMap(({ bytes, client: by }) => (by === client && bytes !== null ? [bytes] : []))
    const bytes = damage(pick(this.#chance, whole), this.#chance, pick(this.#chance, whole))
    const what = `send ${bytes.toString('hex')}`
    this.#push({ client, what, bytes, opens: false, isCut: endsInside(bytes), owed: null })
  }

  /** `w` for a Will Message, `m` for another. */
  #label(kind: 'm' | 'w'): string {
    this.#labels += 1
    return `${kind}${this.#labels}`
  }

  #add(client: number, what: string, packet: PlainPacket | PublishFields, opens = false): void {
    const { version } = this.#device(client)
    this.#push({ client, what, bytes: encode(packet, version), opens, isCut: false, owed: this.#owed() })
  }

  #push(step: Step): void {
    const what = this.#hasReplaced ? `${step.what} (after a Subscription was replaced)` : step.what
    this.#steps.push({ ...step, what })
  }

  /** What the model owes each client that is there and has not been given. */
  #owed(): string[][] {
    return this.#devices.map(({ session }) => {
      if (session === null) return []
      const fresh = session.owed.filter((owed) => !owed.hasArrived && !owed.mayBeMissing)
      for (const owed of fresh) owed.hasArrived = true
      return fresh.map(({ message, qos, retain, identifiers }) => said(message.label, qos, retain, identifiers)).sort()
    })
  }
}

/** A message in a few words. */
export function said(label: string, qos: number, retain: boolean, identifiers: readonly number[]): string {
  const by = identifiers.length === 0 ? '' : ` by ${[...identifiers].sort()}`
  return `publish '${label}' QoS ${qos}${retain ? ' retained' : ''}${by}`
}

/** Whether a reader of these packets waits for more at the end of them. */
function endsInside(bytes: Buffer): boolean {
  let at = 0
  while (at < bytes.length) {
    let length = 0
    let shift = 0
    let byte = 0x80
    for (at += 1; (byte & 0x80) !== 0 && shift < 28; shift += 7) {
      if (at >= bytes.length) return true
      byte = bytes[at] ?? 0
      length += (byte & 0x7f) * 2 ** shift
      at += 1
    }
    // A length of more than four bytes is a fault at once.
    if ((byte & 0x80) !== 0) return false
    at += length
  }
  return at > bytes.length
}
