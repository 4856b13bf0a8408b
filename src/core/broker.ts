/**
 * The core's face: every input there is, handed to the function that decides. Synchronous and deterministic.
 *
 * Only dispatches, looks up and hands over. Time comes in as `nowMs`, decisions go out in the `Turn`. Whoever drives it:
 * hands packets of one connection in order; hands in none while the connection `isWaiting`; carries out `turn.now` at once
 * and `turn.onceDurable` when the records are durable; calls `advance` at `nextDeadlineMs`.
 */
import type { ControlPacket, Disconnect } from '../protocol/control-packet.ts'
import type { ConnectClaims } from '../protocol/packets/connect.ts'
import type { Publish } from '../protocol/packets/publish.ts'
import { ProtocolViolation } from '../protocol/protocol-violation.ts'
import { ReasonCode } from '../protocol/reason-code.ts'
import {
  closeConnection,
  disconnectClient,
  disconnectViolator,
  refuseViolator,
  serverShuttingDown,
} from './connection/closing.ts'
import { Connection, type Origin } from './connection/connection.ts'
import { answerAuthenticationStep, receiveAuth } from './connection/enhanced-auth.ts'
import { acceptLogin, establish, receiveConnect } from './connection/handshake.ts'
import type { Deadline } from './deadlines.ts'
import { continueDrains, drainsDueMs } from './held/drain.ts'
import { publishFromHost } from './local-publish.ts'
import type { Message } from './message.ts'
import type { Claim } from './owed/owing.ts'
import { settleOwed } from './owed/settle.ts'
import type { Answer, Question } from './question.ts'
import { remind } from './reminders.ts'
import { continueRetained, retainedDueMs } from './routing/retained-delivery.ts'
import { receiveSubscribe, receiveUnsubscribe, subscribe } from './routing/subscribing.ts'
import { goOn } from './session/going-on.ts'
import { answerPublish, answerReceipt, receiveParked, receivePublish, receivePubrel } from './session/inbound.ts'
import { answerReplyPermission, answerRequest, type BrokerRequest } from './session/requests.ts'
import type { Session } from './session/session.ts'
import { type CoreOptions, CoreState } from './state.ts'
import { type Load, type OutgoingToConnection, sendNow, type Turn } from './turn.ts'

const nothing: readonly OutgoingToConnection[] = Object.freeze([])

export class BrokerCore {
  readonly state: CoreState
  #settledReminded = false

  constructor(options: CoreOptions) {
    this.state = new CoreState(options)
  }

  /** A Network Connection has been opened. `link` is the driver's own and is handed back with what goes out. */
  open(link: object, origin: Origin, nowMs: number): Connection {
    const connection = new Connection(link, origin, false, nowMs)
    this.state.opened(connection)
    const atMs = nowMs + this.state.limits.connectSecondsMax * 1000
    this.state.deadlines.add({ atMs, type: 'connect', connection })
    return connection
  }

  /** Code in this process takes part like a client: it sends CONNECT next, is neither asked nor limited. */
  openLocal(link: object, origin: Origin, nowMs: number): Connection {
    return new Connection(link, origin, true, nowMs)
  }

  /** A whole packet has arrived. What is wrong with it is answered here; nothing is thrown but for our own mistakes. */
  receive(connection: Connection, packet: ControlPacket, nowMs: number, turn: Turn): void {
    this.state.nowMs = nowMs
    if (connection.isClosed) return
    connection.lastReceivedMs = nowMs
    try {
      this.#dispatch(connection, packet, nowMs, turn)
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error
      this.violated(connection, error, nowMs, turn)
    }
    this.settle(nowMs, turn)
  }

  /** The peer has broken a rule, here or in the codec [MQTT-4.13.1-1]. */
  violated(connection: Connection, violation: ProtocolViolation, nowMs: number, turn: Turn): void {
    disconnectViolator(this.state, connection, violation, nowMs, turn)
    this.settle(nowMs, turn)
  }

  /** The same of a CONNECT that could not be decoded: `claims` is what could be read before the fault. */
  violatedBeforeConnect(
    connection: Connection,
    violation: ProtocolViolation,
    claims: ConnectClaims,
    nowMs: number,
    turn: Turn,
  ): void {
    refuseViolator(this.state, connection, violation, claims, nowMs, turn)
  }

  /** The Network Connection is gone; `text` says how. */
  closed(connection: Connection, text: string, nowMs: number, turn: Turn): void {
    this.state.nowMs = nowMs
    const reasonCode = ReasonCode.UnspecifiedError
    closeConnection(this.state, connection, { reasonCode, text }, nowMs, turn)
    this.settle(nowMs, turn)
  }

  /** What stood before a milestone has left. Answers with what was held back for it and goes out now. */
  reachMilestone(connection: Connection): readonly OutgoingToConnection[] {
    connection.milestonesAhead -= 1
    // The first stands behind it.
    connection.connackHasLeft = true
    const { heldBack } = connection
    if (connection.milestonesAhead > 0 || heldBack === null) return nothing
    connection.heldBack = null
    connection.heldBackBytes = 0
    return heldBack
  }

  /** The last acknowledgement of a message the client published has left: it may send another. */
  acknowledgementLeft(connection: Connection): void {
    if (connection.unacknowledgedInbound > 0) connection.unacknowledgedInbound -= 1
  }

  /** `unsentBytes` of what was to be sent are still with us; what waited for that goes on. */
  flushed(connection: Connection, unsentBytes: number, nowMs: number, turn: Turn): void {
    this.state.nowMs = nowMs
    if (connection.noteUnsent(unsentBytes)) connection.session?.outbound.sendQueued(this.state, nowMs, turn)
    this.settle(nowMs, turn)
  }

  /** Every record up to `seq` is durable. */
  durable(seq: number): void {
    this.state.durable(seq)
  }

  /** What a Turn asked to be read is here. */
  loaded({ connection }: Load, messages: readonly Message[], nowMs: number, turn: Turn): void {
    this.state.nowMs = nowMs
    const { bodies, live } = this.state
    for (const message of messages) {
      if (!live.has(message.seq)) continue
      this.state.recognise(message)
      bodies.keep(message)
    }
    if (!connection.isClosed) connection.session?.outbound.loaded(this.state, nowMs, turn)
    if (!this.state.drains.isEmpty) continueDrains(this.state, nowMs, turn)
    this.settle(nowMs, turn)
    // Only now: what was read must not push out the first of it before that is sent.
    bodies.makeRoom()
  }

  /** Whether the store takes messages that need it from now on. */
  storeTakes(takesMessages: boolean, nowMs: number, turn: Turn): void {
    this.state.nowMs = nowMs
    this.state.storeTakesMessages = takesMessages
    if (takesMessages && this.state.parkedBytes > 0) receiveParked(this.state, nowMs, turn)
    this.settle(nowMs, turn)
  }

  /** The host has answered a question. */
  answered(question: Question, answer: Answer, nowMs: number, turn: Turn): void {
    this.state.nowMs = nowMs
    const { connection } = question
    if (connection.isClosed) return
    connection.isWaiting = false
    connection.lastReceivedMs = nowMs
    try {
      this.#dispatchAnswer(question, answer, nowMs, turn)
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error
      this.violated(connection, error, nowMs, turn)
    }
    connection.awaitsOldAnswer = false
    this.settle(nowMs, turn)
  }

  /** Publishes for code in this process; the answer carries `token` and leaves once the message is durable. */
  publishLocally(packet: Publish, token: number, nowMs: number, turn: Turn, claim: Claim | null = null): void {
    this.state.nowMs = nowMs
    publishFromHost(this.state, packet, token, claim, nowMs, turn)
    this.settle(nowMs, turn)
  }

  /** What a client asked for in `turn.requests` is here. */
  answerRequest(request: BrokerRequest, payload: Buffer, nowMs: number, turn: Turn): void {
    answerRequest(this.state, request, payload, nowMs, turn)
  }

  /** Ends a client's connection on the host's behalf. */
  disconnect(connection: Connection, reasonCode: number, text: string, nowMs: number, turn: Turn): void {
    disconnectClient(this.state, connection, { reasonCode, text }, nowMs, turn)
    this.settle(nowMs, turn)
  }

  /** The broker stops: every client is told 0x8B. No Will Message goes out now; a durable one when it starts again. */
  stop(nowMs: number, turn: Turn): void {
    this.state.isStopping = true
    for (const connection of this.state.connections) {
      if (!this.state.options.isDurable) connection.saidGoodbye = true
      disconnectClient(this.state, connection, serverShuttingDown, nowMs, turn)
    }
    this.settle(nowMs, turn)
    this.state.writeSettled(turn)
  }

  /** When `advance` is to be called; Infinity for never. */
  nextDeadlineMs(nowMs: number): number {
    const { state } = this
    if (state.hasSettled && !this.#settledReminded) {
      this.#settledReminded = true
      state.deadlines.add({ atMs: state.settledDeadlineMs(nowMs), type: 'settled' })
    }
    const { nextMs } = state.deadlines
    const { dueMs: newsDueMs } = state.messageEvents
    const dueMs = Math.min(nextMs, drainsDueMs(state, nowMs), newsDueMs, state.sys.dueMs(state, nowMs))
    if (state.retainedDeliveries.size === 0) return dueMs
    return Math.min(dueMs, retainedDueMs(state, nowMs))
  }

  /** Does what has become due. */
  advance(nowMs: number, turn: Turn): void {
    this.state.nowMs = nowMs
    for (;;) {
      const deadline = this.state.deadlines.takeDue(nowMs)
      if (deadline === null) break
      this.#remind(deadline, nowMs, turn)
    }
    if (this.state.retainedDeliveries.size > 0) continueRetained(this.state, nowMs, turn)
    if (!this.state.drains.isEmpty) continueDrains(this.state, nowMs, turn)
    this.state.messageEvents.tellLeftOut(nowMs)
    this.settle(nowMs, turn)
    this.state.sys.tick(this.state, nowMs, turn)
  }

  /**
   * Every input ends here, and what a host does to the state itself must: what has become known about messages that something is
   * owed for is written down, and told.
   */
  settle(nowMs: number, turn: Turn): void {
    const { endings, owed } = this.state
    if (endings.length > 0 || owed.touched.size > 0) settleOwed(this.state, nowMs, turn)
  }

  #dispatch(connection: Connection, packet: ControlPacket, nowMs: number, turn: Turn): void {
    const { state } = this
    if (packet.type === 'connect') {
      if (connection.state !== 'opened') {
        const text = 'a second CONNECT on one connection'
        throw new ProtocolViolation(ReasonCode.ProtocolError, 'MQTT-3.1.0-2', text)
      }
      receiveConnect(state, connection, packet, nowMs, turn)
      return
    }
    const { session } = connection
    if (session === null) this.#receiveEarly(connection, packet, nowMs, turn)
    else this.#receiveConnected(connection, session, packet, nowMs, turn)
  }

  /** While authentication is under way only AUTH and DISCONNECT may come [MQTT-4.12.0-4]. */
  #receiveEarly(connection: Connection, packet: ControlPacket, nowMs: number, turn: Turn): void {
    if (packet.type === 'auth') receiveAuth(connection, packet, turn)
    else if (packet.type === 'disconnect') {
      turn.now.push({ type: 'close', connection })
      closeConnection(this.state, connection, { reasonCode: packet.reasonCode, text: 'gave up' }, nowMs, turn)
    } else {
      const text = `${packet.type.toUpperCase()} before CONNACK`
      throw new ProtocolViolation(ReasonCode.ProtocolError, 'MQTT-3.1.0-1', text)
    }
  }

  #receiveConnected(connection: Connection, session: Session, packet: ControlPacket, nowMs: number, turn: Turn): void {
    const { state } = this
    switch (packet.type) {
      case 'publish':
        receivePublish(state, connection, session, packet, nowMs, turn)
        return
      case 'puback':
        session.outbound.receivePuback(packet.packetId, packet.reasonCode, state, nowMs, turn)
        return
      case 'pubrec':
        session.outbound.receivePubrec(packet.packetId, packet.reasonCode, state, nowMs, turn)
        return
      case 'pubrel':
        receivePubrel(state, connection, session, packet, turn)
        return
      case 'pubcomp':
        session.outbound.receivePubcomp(packet.packetId, state, nowMs, turn)
        return
      case 'subscribe':
        receiveSubscribe(state, connection, session, packet, nowMs, turn)
        return
      case 'unsubscribe':
        receiveUnsubscribe(state, connection, session, packet, turn)
        return
      case 'pingreq': {
        const pingresp = { type: 'packet', connection, packet: { type: 'pingresp' } } as const
        // Stands behind CONNACK [MQTT-3.2.0-1]; afterwards a client need not wait for the store to know that we are here.
        if (connection.connackHasLeft) turn.now.push(pingresp)
        else sendNow(turn, connection, pingresp)
        return
      }
      case 'disconnect':
        this.#receiveDisconnect(connection, session, packet, nowMs, turn)
        return
      case 'auth':
        receiveAuth(connection, packet, turn)
        return
      default: {
        const text = `${packet.type.toUpperCase()} is for a server to send`
        throw new ProtocolViolation(ReasonCode.ProtocolError, 'MQTT-4.13.1-1', text)
      }
    }
  }

  #receiveDisconnect(connection: Connection, session: Session, packet: Disconnect, nowMs: number, turn: Turn): void {
    const interval = packet.properties.sessionExpiryInterval
    if (interval !== undefined) {
      if (interval > 0 && session.expiryInterval === 0) {
        const text = 'the Session Expiry Interval was 0 in CONNECT and cannot be raised in DISCONNECT'
        throw new ProtocolViolation(ReasonCode.ProtocolError, 'MQTT-4.13.1-1', text)
      }
      session.expiryInterval = Math.min(interval, this.state.limits.sessionExpirySecondsMax)
    }
    // 3.1.1 has no Reason Code: its DISCONNECT decodes as 0x00 [MQTT-3.14.4-3] [MQTT3-3.14.4-3].
    connection.saidGoodbye = packet.reasonCode === ReasonCode.NormalDisconnection
    turn.onceDurable.push({ type: 'close', connection })
    const text = packet.properties.reasonString ?? 'the client disconnected'
    closeConnection(this.state, connection, { reasonCode: packet.reasonCode, text }, nowMs, turn)
  }

  #dispatchAnswer(question: Question, answer: Answer, nowMs: number, turn: Turn): void {
    const { state } = this
    const { connection } = question
    const { session } = connection
    switch (question.type) {
      case 'authenticate':
        if (answer.type === 'accepted') {
          acceptLogin(state, connection, question.connect, answer, nowMs, turn)
        } else this.#refuse(connection, answer, nowMs, turn)
        return
      case 'authentication-step':
        answerAuthenticationStep(state, question, answer, nowMs, turn)
        return
      case 'authorize-will': {
        const { connect, login } = question
        if (isAllowed(answer)) establish(state, connection, connect, login, nowMs, turn)
        else {
          const text = `publishing the Will Message to ${connect.will?.topicName ?? ''} is not allowed`
          disconnectClient(state, connection, { reasonCode: ReasonCode.NotAuthorized, text }, nowMs, turn)
        }
        return
      }
      case 'authorize-publish':
        if (session !== null) answerPublish(state, connection, session, question.packet, isAllowed(answer), nowMs, turn)
        return
      case 'authorize-receipt': {
        const { packet, request } = question
        const verdicts = answer.type === 'authorized' ? answer.allowed : []
        if (session !== null) answerReceipt(state, connection, session, packet, request, verdicts, nowMs, turn)
        return
      }
      case 'authorize-reply': {
        const { packet, reply } = question
        if (session === null) return
        answerReplyPermission(state, connection, session, packet, reply, isAllowed(answer), nowMs, turn)
        return
      }
      case 'authorize-subscribe': {
        const allowed = answer.type === 'authorized' ? answer.allowed : []
        if (session !== null) subscribe(state, connection, session, question.packet, allowed, nowMs, turn)
        return
      }
      case 'go-on':
        if (session !== null) goOn(state, connection, session, question.work, nowMs, turn)
        return
    }
  }

  #refuse(connection: Connection, answer: Answer, nowMs: number, turn: Turn): void {
    const refused = answer.type === 'refused' ? answer : null
    const reasonCode = refused?.reasonCode ?? ReasonCode.NotAuthorized
    const text = refused?.reasonString ?? 'User Name or Password is wrong'
    const serverReference = refused?.serverReference ?? null
    const reason = serverReference === null ? { reasonCode, text } : { reasonCode, text, serverReference }
    disconnectClient(this.state, connection, reason, nowMs, turn)
  }

  #remind(deadline: Deadline, nowMs: number, turn: Turn): void {
    if (deadline.type !== 'settled') {
      remind(this.state, deadline, nowMs, turn)
      return
    }
    this.#settledReminded = false
    this.state.writeSettled(turn)
  }
}

function isAllowed(answer: Answer): boolean {
  return answer.type === 'authorized' && answer.allowed.length > 0 && answer.allowed[0] === true
}
