/**
 * Clients that do at random what clients do, on a simulated driver, beside a model that says what each of them must get.
 *
 * The same seed gives the same run. Whatever is wrong throws, with the seed and the last steps in the message.
 */
import assert from 'node:assert/strict'
import type { Outgoing } from '../../src/core/turn.ts'
import type { ControlPacket } from '../../src/protocol/control-packet.ts'
import { type Chance, makeChance, pick } from '../support/chance.ts'
import { brokerOptions, type Client, receiveMaximum, someClients, unsentBytesMax } from './cast.ts'
import { stepOfStore, willMessage } from './crash.ts'
import { Model, type ModelMessage, type ModelSession } from './model.ts'
import { SimulatedDriver } from './simulated-driver.ts'
import { ClientLink, ClientSession, findRefusal, type Published } from './simulated-link.ts'
import { aConnect, aDisconnect, aMessage, anUnsubscribe, aSubscribe, packetOf, type SentMessage } from './traffic.ts'

export class Simulation {
  readonly chance: Chance
  readonly driver: SimulatedDriver
  readonly model = new Model()
  readonly clients: Client[]
  readonly sessions = new Map<ModelSession, ClientSession>()
  /** Broken connections the broker does not know to be broken. */
  readonly unnoticed: ClientLink[] = []
  readonly #asksAuthorization: boolean
  readonly #hasShortQueues: boolean
  readonly #isDurable: boolean
  /** For what only a durable broker can meet: a seed gives the same traffic with and without. */
  readonly #fortune: Chance
  readonly #whenAnswered = new Map<object, (decided: Outgoing[]) => void>()
  #labels = 0
  tokens = 0

  constructor(seed: number, isDurable: boolean) {
    this.chance = makeChance(seed)
    this.#fortune = makeChance(Math.imul(seed, 0x9e37_79b1))
    this.#isDurable = isDurable
    const chance = this.chance
    this.#asksAuthorization = chance(3) === 0
    this.#hasShortQueues = chance(3) === 0
    this.model.willsMayBeDropped = this.#hasShortQueues
    const broker = { asksAuthorization: this.#asksAuthorization, hasShortQueues: this.#hasShortQueues, isDurable }
    this.driver = new SimulatedDriver(brokerOptions(this.#fortune, broker))
    this.clients = someClients(chance)
  }

  get steps(): readonly string[] {
    return this.driver.steps
  }

  /** Takes `count` steps at random. */
  run(count: number): void {
    for (let step = 0; step < count; step++) {
      if (this.#isDurable) stepOfStore(this, this.#fortune)
      this.#step()
      if (this.chance(4) > 0) this.endTurn()
    }
    this.endTurn()
  }

  /** Every connection is gone, without a word. */
  cutOff(): void {
    for (const { link } of this.clients) if (link !== null) link.isBroken = true
    for (const client of this.clients) client.link = null
    this.unnoticed.length = 0
    this.#whenAnswered.clear()
    this.tokens = this.driver.answers.length
  }

  #step(): void {
    const chance = this.chance
    const client = pick(chance, this.clients)
    const { link } = client
    const isUsable = link !== null && canSend(link)
    const roll = chance(100)
    if (roll < 12) this.driver.makeDurable(1 + chance(6))
    else if (roll < 16) this.advance(pick(chance, [10, 150, 150, 1000, 5000, 60_000]))
    else if (roll < 22) this.answer()
    else if (roll < 24) this.notice()
    else if (roll < 26) this.#publishLocally()
    else if (roll < 27) this.#toggleStore()
    else if (link === null || link.isBroken || link.isClosedByServer) this.connect(client)
    else if (!isUsable) return
    else if (roll < 29) this.connect(client)
    else if (roll < 32) this.#breakOff(client, link)
    else if (roll < 34) this.#disconnect(client, link)
    else if (roll < 35 && !link.waitingFor.has('pingresp')) this.#send(link, { type: 'pingreq' }, 'pingresp')
    else if (roll < 36) this.#toggleSlow(link)
    else if (roll < 37) this.#misbehave(client, link)
    else if (roll < 46) this.#subscribe(client, link)
    else if (roll < 48) this.#unsubscribe(link)
    else if (roll < 70) this.#publish(client, link)
    else this.acknowledge(client, link)
  }

  endTurn(): void {
    this.driver.run()
    for (const { link } of this.clients) {
      if (link === null) continue
      if (!link.isSlow && link.connection !== null) this.driver.flush(link.connection, 0)
      if (link.hasConnack && canSend(link)) this.#sendAgain(link)
    }
    this.driver.run()
  }

  /** Hands a packet in; what the broker closes because of it is over for the model, too. */
  #input(link: ClientLink, packet: ControlPacket, decide: (decided: Outgoing[]) => void): void {
    const { connection } = link
    assert.ok(connection !== null)
    const questions = this.driver.questions.length
    const decided = this.driver.input((core, nowMs, turn) => core.receive(connection, packet, nowMs, turn))
    if (this.driver.questions.length > questions) this.#whenAnswered.set(connection, decide)
    else decide(decided)
    this.#note(decided)
  }

  /** What was decided to close is over; QoS 0 copies for a client that has too much to take already may be dropped. */
  #note(decided: readonly Outgoing[]): void {
    for (const { link, unsentBytes } of this.driver.core.state.connections) {
      // Every connection was opened with a ClientLink.
      const { session } = link as ClientLink
      if (session !== null && unsentBytes >= unsentBytesMax) session.model.wasSlow = true
    }
    for (const outgoing of decided) {
      if (outgoing.type !== 'close') continue
      // Every connection was opened with a ClientLink.
      this.#detach(outgoing.connection.link as ClientLink, false)
    }
  }

  #detach(link: ClientLink, saidGoodbye: boolean): void {
    const { session } = link
    if (session === null || session.link !== link || !session.model.isOnline) return
    this.model.detach(session.model, saidGoodbye, this.driver.nowMs)
  }

  connect(client: Client, { packet, expiryInterval } = aConnect(this.chance, client)): void {
    const link = new ClientLink(this.driver, this.model.owedToGroups)
    this.driver.log(`${client.clientIdentifier} connects, ${JSON.stringify(packet)}`)
    const origin = { remoteAddress: '', listener: '', assignedClientIdentifier: '', tellsPublisher: true }
    client.link = link
    link.connection = this.driver.core.open(link, origin, this.driver.nowMs)
    link.receiveMaximum = packet.properties.receiveMaximum ?? 65_535
    link.topicAliasMaximum = client.topicAliasMaximum
    this.#input(link, packet, () => {
      const { clientIdentifier, takesLarge } = client
      const { cleanStart, will } = packet
      const makeWill = (publisher: ModelSession): ModelMessage => {
        assert.ok(will !== null)
        return willMessage(will, publisher)
      }
      const fields = { clientIdentifier, takesLarge, cleanStart, expiryInterval, will, makeWill }
      const { session, isPresent } = this.model.connect(fields, this.driver.nowMs)
      session.number = link.connection?.session?.number ?? 0
      const known = this.sessions.get(session) ?? new ClientSession(session)
      this.sessions.set(session, known)
      known.link = link
      link.session = known
      link.isSessionPresent = isPresent
    })
  }

  #breakOff(client: Client, link: ClientLink): void {
    this.driver.log(`${client.clientIdentifier} breaks off`)
    link.isBroken = true
    if (this.chance(2) === 0) this.unnoticed.push(link)
    else this.#close(link)
  }

  notice(): void {
    const link = this.unnoticed.shift()
    if (link !== undefined) this.#close(link)
  }

  #close(link: ClientLink): void {
    const { connection } = link
    if (connection === null) return
    this.#detach(link, false)
    this.#note(this.driver.input((core, nowMs, turn) => core.closed(connection, 'it broke', nowMs, turn)))
  }

  #disconnect(client: Client, link: ClientLink): void {
    const session = sessionOf(link).model
    const packet = aDisconnect(this.chance, client.version, session.expiryInterval)
    this.driver.log(`${client.clientIdentifier} says ${JSON.stringify(packet)}`)
    session.expiryInterval = packet.properties.sessionExpiryInterval ?? session.expiryInterval
    this.#input(link, packet, () => this.#detach(link, packet.reasonCode === 0))
  }

  #misbehave(client: Client, link: ClientLink): void {
    this.driver.log(`${client.clientIdentifier} sends a second CONNECT`)
    this.#input(link, aConnect(this.chance, client).packet, () => undefined)
  }

  #toggleSlow(link: ClientLink): void {
    link.isSlow = !link.isSlow
  }

  #toggleStore(): void {
    const { state } = this.driver.core
    state.storeTakesMessages = !state.storeTakesMessages
    this.driver.log(`the store ${state.storeTakesMessages ? 'takes' : 'refuses'}`)
  }

  /** `answer` is what must come back at some time. */
  #send(link: ClientLink, packet: ControlPacket, answer: string): void {
    link.waitingFor.add(answer)
    this.#input(link, packet, () => undefined)
  }

  #subscribe(client: Client, link: ClientLink): void {
    const session = sessionOf(link)
    const packet = aSubscribe(this.chance, client.version, session.newPacketId())
    this.driver.log(`${client.clientIdentifier} subscribes ${JSON.stringify(packet)}`)
    link.waitingFor.add(`suback ${packet.packetId}`)
    this.#input(link, packet, () => {
      for (const request of packet.subscriptions) {
        if (!this.#isAllowed(request.topicFilter)) continue
        this.model.subscribe(session.model, request, packet, this.driver.nowMs)
      }
    })
  }

  #unsubscribe(link: ClientLink): void {
    const session = sessionOf(link)
    const { model } = session
    const packet = anUnsubscribe(this.chance, session.newPacketId())
    this.driver.log(`${model.clientIdentifier} unsubscribes ${packet.topicFilters}`)
    for (const topicFilter of packet.topicFilters) model.subscriptions.delete(topicFilter)
    this.#send(link, packet, `unsuback ${packet.packetId}`)
  }

  #isAllowed(text: string): boolean {
    return !this.#asksAuthorization || !text.startsWith('no/')
  }

  newLabel(): string {
    this.#labels += 1
    return String(this.#labels)
  }

  #newMessage(version: 4 | 5): SentMessage {
    return aMessage(this.chance, version, this.newLabel())
  }

  #publish(client: Client, link: ClientLink): void {
    const session = sessionOf(link)
    if (session.published.size >= receiveMaximum / 2) return
    const message = this.#newMessage(client.version)
    this.driver.log(`${client.clientIdentifier} publishes ${JSON.stringify(message)}`)
    const packetId = message.qos === 0 ? 0 : session.newPacketId()
    const published: Published = { packetId, message, isReleased: false, verdict: null, sentOn: link }
    if (message.qos > 0) session.published.set(packetId, published)
    if (this.chance(25) > 0) this.#sendMessage(link, published, false)
    else if (message.qos > 0) this.#breakOff(client, link)
  }

  #sendMessage(link: ClientLink, published: Published, dup: boolean): void {
    const { packetId, message } = published
    published.sentOn = link
    const session = sessionOf(link)
    const packet = packetOf(message, packetId, dup)
    this.#input(link, packet, (decided) => {
      if (message.qos === 2 && session.model.inbound.has(packetId)) return
      // Refused without a word.
      if (message.qos === 0 && message.retain && !this.driver.core.state.storeTakesMessages) return
      const refusal = findRefusal(decided, link, packetId)
      if (refusal !== 0 || !this.#isAllowed(message.topicName)) {
        const mayRefuse = this.#hasShortQueues || !this.driver.core.state.storeTakesMessages
        assert.ok(!this.#isAllowed(message.topicName) || mayRefuse, `message ${message.label} was refused`)
        published.verdict = { reasonCode: refusal, durable: [] }
        // 3.1.1 hears of it by being closed; a client that tried again would be closed again.
        if (link.connection?.protocolVersion === 4) session.published.delete(packetId)
        return
      }
      if (message.qos === 2) session.model.inbound.add(packetId)
      const { matched, durable } = this.model.publish(this.#asOwed(message, session.model))
      published.verdict = { reasonCode: matched === 0 ? 0x10 : 0, durable }
    })
  }

  #asOwed(message: SentMessage, publisher: ModelSession | null): ModelMessage {
    const { topicName, qos, retain, label, isEmpty, isLarge, expirySeconds } = message
    const expiresMs = expirySeconds === null ? Number.POSITIVE_INFINITY : this.driver.nowMs + expirySeconds * 1000
    return { topicName, qos, retain, label, isEmpty, isLarge, isWill: false, publisher, expiresMs }
  }

  #publishLocally(): void {
    const message = this.#newMessage(5)
    this.driver.log(`the host publishes ${JSON.stringify(message)}`)
    this.tokens += 1
    const token = this.tokens
    const packet = packetOf(message, 0, false)
    const decided = this.driver.input((core, nowMs, turn) => core.publishLocally(packet, token, nowMs, turn))
    this.#note(decided)
    const answer = decided.find((outgoing) => outgoing.type === 'answer' && outgoing.token === token)
    assert.ok(answer?.type === 'answer')
    if (answer.reasonCode < 0x80) assert.equal(answer.matched, this.model.publish(this.#asOwed(message, null)).matched)
  }

  /** A client that has its CONNACK sends what was not acknowledged before. */
  #sendAgain(link: ClientLink): void {
    for (const published of sessionOf(link).published.values()) {
      if (published.sentOn === link || !canSend(link)) continue
      this.driver.log(`${sessionOf(link).model.clientIdentifier} sends message ${published.message.label} again`)
      published.sentOn = link
      if (published.message.qos === 1) {
        // The broker takes it for another message; so does the model.
        published.message = { ...published.message, label: this.newLabel() }
      }
      if (!published.isReleased) this.#sendMessage(link, published, published.verdict !== null)
      else link.toAcknowledge.push({ type: 'pubrel', packetId: published.packetId, reasonCode: 0, properties: {} })
    }
  }

  acknowledge(client: Client, link: ClientLink): void {
    const { toAcknowledge } = link
    const chance = this.chance
    const [packet] = toAcknowledge.splice(chance(3) === 0 ? chance(toAcknowledge.length) : 0, 1)
    if (packet === undefined) return
    const mayFail = client.version === 5 && (packet.type === 'puback' || packet.type === 'pubrec')
    if (mayFail && chance(10) === 0) packet.reasonCode = 0x80
    const times = chance(15) === 0 ? 2 : 1
    this.driver.log(`${client.clientIdentifier} ${packet.type} ${packet.packetId} ${packet.reasonCode}, ${times} times`)
    if (packet.type === 'pubrel') sessionOf(link).model.inbound.delete(packet.packetId)
    link.acknowledged(packet)
    for (let time = 0; time < times; time++) this.#input(link, packet, () => undefined)
  }

  answer(): void {
    const { questions, core } = this.driver
    const [question] = questions.splice(this.chance(questions.length), 1)
    if (question === undefined) return
    const { connection } = question
    const whenAnswered = this.#whenAnswered.get(connection)
    if (connection.isClosed || whenAnswered === undefined) return
    let texts = ['']
    if (question.type === 'authorize-publish') texts = [question.packet.topicName]
    if (question.type === 'authorize-subscribe') texts = question.packet.subscriptions.map((each) => each.topicFilter)
    const allowed = texts.map((text) => this.#isAllowed(text))
    const decided = this.driver.input((_, nowMs, turn) =>
      core.answered(question, { type: 'authorized', allowed }, nowMs, turn),
    )
    whenAnswered(decided)
    this.#note(decided)
  }

  advance(byMs: number): void {
    const driver = this.driver
    this.endTurn()
    const endMs = driver.nowMs + byMs
    for (;;) {
      const dueMs = driver.core.nextDeadlineMs(driver.nowMs)
      if (dueMs > endMs) break
      driver.nowMs = Math.max(driver.nowMs, dueMs)
      const decided = driver.input((core, nowMs, turn) => core.advance(nowMs, turn))
      // A will may have gone to a connection that was closed in the same moment, or not.
      this.model.advance(driver.nowMs)
      this.#note(decided)
      driver.run()
    }
    driver.nowMs = endMs
    this.model.advance(endMs)
  }
}

export function canSend(link: ClientLink): boolean {
  const { connection, session } = link
  return !link.isBroken && session !== null && connection?.state === 'connected' && !connection.isWaiting
}

export function sessionOf(link: ClientLink): ClientSession {
  assert.ok(link.session !== null)
  return link.session
}
