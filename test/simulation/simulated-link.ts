/**
 * A client's end of one Network Connection: checks whatever arrives against the standard and against what it is owed.
 */
import assert from 'node:assert/strict'
import type { Connection } from '../../src/core/connection/connection.ts'
import type { Outgoing, OutgoingPublish } from '../../src/core/turn.ts'
import type { Acknowledgement, Connack, ControlPacket } from '../../src/protocol/control-packet.ts'
import { type Form, isSameForm, isSettled, type ModelSession, type Owed, type OwedToGroup } from './model.ts'
import type { SimulatedDriver, SimulatedLink } from './simulated-driver.ts'
import { labelOf, type SentMessage } from './traffic.ts'

/** A message the client has published at QoS 1 or 2 and that is not acknowledged to the end. */
export interface Published {
  readonly packetId: number
  message: SentMessage
  isReleased: boolean
  sentOn: ClientLink
  /** What the answer must be, and what it rests on; null until the broker has decided. */
  verdict: { reasonCode: number; durable: readonly ModelSession[] } | null
}

/** A message the client has got and not acknowledged to the end. */
export interface UnderWay {
  readonly label: string
  readonly qos: number
  /** Null if it was owed to a group. */
  readonly owed: Owed | null
}

/** What a client keeps as long as its Session lives. */
export class ClientSession {
  readonly model: ModelSession
  readonly published = new Map<number, Published>()
  /** Messages on their way to the client, by Packet Identifier. */
  readonly underWay = new Map<number, UnderWay>()
  /** QoS 2 copies that the client did not want: after a crash they may come again. */
  readonly rejected = new Set<UnderWay>()
  /** QoS 2: taken, and PUBREL has not come. */
  readonly received = new Set<number>()
  /** The connection it belongs to, or belonged to last. */
  link: ClientLink | null = null
  #lastPacketId = 0

  constructor(model: ModelSession) {
    this.model = model
  }

  newPacketId(): number {
    this.#lastPacketId += 1
    return this.#lastPacketId
  }
}

export class ClientLink implements SimulatedLink {
  readonly #driver: SimulatedDriver
  readonly #owedToGroups: readonly OwedToGroup[]
  connection: Connection | null = null
  session: ClientSession | null = null
  isSessionPresent = false
  receiveMaximum = 65_535
  topicAliasMaximum = 0
  /** Nothing arrives any more. */
  isBroken = false
  isClosedByServer = false
  hasConnack = false
  /** Does not read: what is sent stays with the broker. */
  isSlow = false
  /** Acknowledgements the client owes, in order. */
  readonly toAcknowledge: Acknowledgement[] = []
  readonly waitingFor = new Set<string>()
  readonly #unacknowledged = new Set<number>()
  readonly #aliases = new Map<number, string>()

  constructor(driver: SimulatedDriver, owedToGroups: readonly OwedToGroup[]) {
    this.#driver = driver
    this.#owedToGroups = owedToGroups
  }

  receive(outgoing: Exclude<Outgoing, { type: 'answer' }>): void {
    if (outgoing.type === 'milestone') {
      const held = this.isClosedByServer ? [] : this.#driver.core.reachMilestone(outgoing.connection)
      for (const each of held) this.receive(each)
      return
    }
    assert.ok(!this.isClosedByServer, `${outgoing.type} after the connection was closed`)
    if (outgoing.type === 'close') {
      this.isClosedByServer = true
      return
    }
    const type = outgoing.type === 'packet' ? outgoing.packet.type : outgoing.type
    assert.ok(this.hasConnack || type === 'connack', `${type} before CONNACK`)
    this.#count(outgoing)
    if (!this.isBroken) this.#take(outgoing)
    if (type === 'connack') this.hasConnack = true
  }

  /** The broker counts what has left, whether it arrives or not. */
  #count(outgoing: Outgoing): void {
    let type = ''
    let reasonCode = 0
    if (outgoing.type === 'acknowledgement') ({ packetType: type, reasonCode } = outgoing)
    else if (outgoing.type === 'packet' && 'reasonCode' in outgoing.packet) ({ type, reasonCode } = outgoing.packet)
    const isLast = type === 'puback' || type === 'pubcomp' || (type === 'pubrec' && reasonCode >= 0x80)
    if (isLast && this.connection !== null) this.#driver.core.acknowledgementLeft(this.connection)
  }

  #take(outgoing: Exclude<Outgoing, { type: 'answer' | 'close' | 'milestone' }>): void {
    if (outgoing.type === 'publish') this.#takePublish(outgoing)
    else if (outgoing.type === 'acknowledgement') {
      this.#takeAcknowledgement(outgoing.packetType, outgoing.packetId, outgoing.reasonCode)
    } else this.#takePacket(outgoing.packet)
  }

  #takePacket(packet: Exclude<ControlPacket, { type: 'publish' }>): void {
    if (packet.type === 'connack') this.#takeConnack(packet)
    else if (packet.type === 'puback' || packet.type === 'pubrec') {
      this.#takeAcknowledgement(packet.type, packet.packetId, packet.reasonCode)
    } else if (packet.type === 'suback' || packet.type === 'unsuback' || packet.type === 'pingresp') {
      const name = packet.type === 'pingresp' ? packet.type : `${packet.type} ${packet.packetId}`
      assert.ok(this.waitingFor.delete(name), `${name} was not waited for`)
      if (packet.type === 'suback') this.#expectSubscriptionsDurable()
    }
  }

  #takeConnack(packet: Connack): void {
    if (this.session === null) {
      assert.notEqual(packet.reasonCode, 0, 'a client that was not taken in is told so')
      return
    }
    const session = this.#model
    assert.equal(packet.reasonCode, 0)
    assert.equal(packet.sessionPresent, this.isSessionPresent, 'Session Present')
    if (session.survives && !session.hasEnded)
      assert.ok(this.#durableSession !== undefined, 'CONNACK before its Session is durable')
  }

  /** What the Session has at the time, less what was decided since, must be there. */
  #expectSubscriptionsDurable(): void {
    const session = this.#model
    const isLatest = this.session?.link === this && this.waitingFor.size === 0
    if (!session.survives || session.hasEnded || !isLatest) return
    const durable = [...(this.#durableSession?.subscriptions.keys() ?? [])].sort()
    assert.deepEqual(durable, [...session.subscriptions.keys()].sort(), 'SUBACK before its Subscriptions are durable')
  }

  get #model(): ModelSession {
    return this.#session.model
  }

  get #session(): ClientSession {
    assert.ok(this.session !== null, 'a packet for a client that is not connected')
    return this.session
  }

  get #durableSession() {
    return this.#driver.durable.session(this.#model.clientIdentifier)
  }

  #takeAcknowledgement(type: string, packetId: number, reasonCode: number): void {
    const session = this.#session
    this.#driver.log(`${session.model.clientIdentifier} gets ${type} ${packetId} ${reasonCode}`)
    if (type === 'pubrel') {
      if (session.received.delete(packetId)) this.#expectWritten('received', packetId)
      this.#acknowledge('pubcomp', packetId)
      return
    }
    const published = session.published.get(packetId)
    // It may be the answer to what was sent before and after a break.
    if (published === undefined) return
    if (type === 'pubcomp') {
      assert.equal(published.message.qos, 2)
      if (published.isReleased) session.published.delete(packetId)
      const isTaken = this.#model.survives && this.#durableSession?.inboundPacketIds?.has(packetId) === true
      assert.ok(!isTaken || this.#model.hasEnded, 'PUBCOMP before its record is durable')
      return
    }
    this.#expectVerdict(published, reasonCode)
    if (type === 'puback' || reasonCode >= 0x80) session.published.delete(packetId)
    else {
      published.isReleased = true
      this.#acknowledge('pubrel', packetId)
    }
  }

  #expectVerdict(published: Published, reasonCode: number): void {
    const { verdict, packetId, message } = published
    const { label, qos } = message
    assert.ok(verdict !== null, 'an acknowledgement of what the broker has not got')
    const { durable } = this.#driver
    const isRepeated = published.isReleased || reasonCode === 0
    if (!isRepeated || verdict.reasonCode >= 0x80) assert.equal(reasonCode, verdict.reasonCode, `message ${label}`)
    if (reasonCode >= 0x80) return
    const isKept = message.retain && !message.isEmpty
    assert.ok(!isKept || durable.isWritten(label), `message ${label} is acknowledged before it is retained`)
    const copies = durable.copiesWritten(label)
    for (const { clientIdentifier, number, hasEnded } of verdict.durable) {
      const isWritten = copies.some((copy) => copy.session === number && copy.sharedFilter === null)
      assert.ok(isWritten || hasEnded, `message ${label} is acknowledged before it is durable for ${clientIdentifier}`)
    }
    const session = this.#model
    if (qos === 2 && session.survives && !session.hasEnded) {
      const isTaken = this.#durableSession?.inboundPacketIds?.has(packetId) === true
      assert.ok(isTaken || published.isReleased, 'PUBREC before its Packet Identifier is durable')
    }
  }

  /** QoS 2 out: what the packet rests on is durable, or the Session has ended since. */
  #expectWritten(what: 'assigned' | 'received', packetId: number): void {
    const session = this.#model
    if (!session.survives || session.hasEnded) return
    const copy = this.#driver.durable.inFlight(session.clientIdentifier, packetId)
    if (what === 'assigned') assert.ok(copy !== undefined, 'a QoS 2 PUBLISH before its Packet Identifier is durable')
    else assert.ok(copy === undefined || copy.isReceived, 'PUBREL before PUBREC is durable')
  }

  #takePublish(outgoing: OutgoingPublish): void {
    const { qos, dup, packetId, message } = outgoing
    this.#resolveAlias(outgoing)
    const label = labelOf(message.publish)
    const session = this.#session
    const name = session.model.clientIdentifier
    this.#driver.log(`${name} gets ${label} on ${message.topicName}, QoS ${qos}, DUP ${dup}, ${packetId}`)
    if (qos === 0) {
      this.#arrived(outgoing, label)
      return
    }
    this.#unacknowledged.add(packetId)
    const size = this.#unacknowledged.size
    assert.ok(size <= this.receiveMaximum, `${size} messages in flight, Receive Maximum is ${this.receiveMaximum}`)
    if (qos === 2) this.#expectWritten('assigned', packetId)
    const before = session.underWay.get(packetId)
    if (before !== undefined) {
      assert.ok(dup && before.label === label, `Packet Identifier ${packetId} is in use for message ${before.label}`)
    } else {
      session.underWay.set(packetId, { label, qos, owed: this.#arrived(outgoing, label) })
      if (qos === 2) session.received.add(packetId)
    }
    this.#acknowledge(qos === 1 ? 'puback' : 'pubrec', packetId)
  }

  #resolveAlias({ topicAlias, omitTopicName, message }: OutgoingPublish): void {
    assert.ok(topicAlias <= this.topicAliasMaximum, `Topic Alias ${topicAlias}`)
    if (topicAlias === 0) return
    if (!omitTopicName) this.#aliases.set(topicAlias, message.topicName)
    assert.equal(this.#aliases.get(topicAlias), message.topicName, `what Topic Alias ${topicAlias} stands for`)
  }

  /** A message has arrived for the first time: it must be the next that is owed. */
  #arrived(outgoing: OutgoingPublish, label: string): Owed | null {
    const session = this.#model
    const owed = this.#findOwed(outgoing, label)
    if (owed !== null) {
      owed.hasArrived = true
      return owed
    }
    const groups = this.#owedToGroups.filter((each) => isFromGroup(each, session, outgoing, label))
    const group = groups.find(({ arrivals }) => arrivals === 0) ?? groups[0]
    assert.ok(group !== undefined, unexpected(outgoing, label, session))
    group.arrivals += 1
    return null
  }

  /** A Retained Message may be owed twice in the same form: then the copy that must not be missing. */
  #findOwed(outgoing: OutgoingPublish, label: string): Owed | null {
    const session = this.#model
    const { topicName } = outgoing.message
    let found: Owed | null = null
    for (const owed of session.owed) {
      if (owed.hasArrived || owed.qos !== outgoing.qos || owed.message.topicName !== topicName) continue
      const isIt =
        owed.message.label === label && isSameForm(owed, formOf(outgoing)) && (outgoing.dup || !owed.mustBeDup)
      if (isIt && owed.mustBeDup) return owed
      if (!isSettled(owed, session, this.#driver.nowMs)) return isIt ? owed : found
      if (isIt) found ??= owed
    }
    return found
  }

  #acknowledge(type: Acknowledgement['type'], packetId: number): void {
    this.toAcknowledge.push({ type, packetId, reasonCode: 0, properties: {} })
  }

  /** The broker has got an acknowledgement; PUBREL is about what the client has published. */
  acknowledged({ type, packetId, reasonCode }: Acknowledgement): void {
    if (type === 'pubrel') return
    if (type !== 'pubrec' || reasonCode >= 0x80) {
      this.#unacknowledged.delete(packetId)
      const before = this.session?.underWay.get(packetId)
      this.session?.underWay.delete(packetId)
      if (type !== 'pubrec') return
      this.session?.received.delete(packetId)
      if (before !== undefined) this.session?.rejected.add(before)
    }
  }
}

/** The Reason Code a PUBLISH was refused with; 0x83 stands for a closed connection, 0 for no refusal. */
export function findRefusal(decided: readonly Outgoing[], link: ClientLink, packetId: number): number {
  if (packetId === 0) return 0
  for (const outgoing of decided) {
    if (outgoing.type === 'answer' || outgoing.connection !== link.connection) continue
    if (outgoing.type === 'close') return 0x83
    if (outgoing.type !== 'packet') continue
    const { packet } = outgoing
    if ((packet.type === 'puback' || packet.type === 'pubrec') && packet.packetId === packetId) return packet.reasonCode
  }
  return 0
}

function formOf({ qos, retain, subscriptionIdentifiers }: OutgoingPublish): Form {
  return { qos, retain, identifiers: subscriptionIdentifiers ?? [] }
}

function isFromGroup(group: OwedToGroup, session: ModelSession, outgoing: OutgoingPublish, label: string): boolean {
  if (group.message.label !== label || !session.sharedFilters.has(group.topicFilter)) return false
  // What has expired on its way may arrive after all, and looks like the member's own copy.
  const mayRepeat = group.mayBeMissing || group.message.expiresMs !== Number.POSITIVE_INFINITY
  if (group.arrivals > 0 && !mayRepeat) return false
  const form = group.forms.get(session)
  // A copy can move to a member that came later.
  if (form === undefined || group.mayBeMissing) return true
  return form.qos === outgoing.qos && isSameForm(form, formOf(outgoing))
}

function unexpected(outgoing: OutgoingPublish, label: string, session: ModelSession): string {
  const { qos, retain, subscriptionIdentifiers } = outgoing
  const { topicName } = outgoing.message
  const owed = session.owed
    .filter((each) => each.message.topicName === topicName)
    .map(
      (each) =>
        `${each.message.label}: QoS ${each.qos}, RETAIN ${each.retain}, ${each.identifiers}, ${each.hasArrived ? 'arrived' : ''}`,
    )
  const found = `message ${label} on ${topicName}, QoS ${qos}, RETAIN ${retain}, ${subscriptionIdentifiers ?? ''}`
  return `${session.clientIdentifier} got ${found}; owed are\n${owed.join('\n')}`
}
