/**
 * Receiver side of all QoS: messages a client publishes. MQTT 5.0 sections 3.3.4, 4.3 and 4.9. @hot
 *
 * An acknowledgement rests on the records of its turn, so all of them go to `onceDurable`. A QoS 2 Packet Identifier is
 * taken from PUBLISH to PUBREL: repeated in between, it is acknowledged again and not routed again [MQTT-4.3.3-10].
 */
import type { Acknowledgement } from '../../protocol/control-packet.ts'
import { type Publish, publish } from '../../protocol/packets/publish.ts'
import { ProtocolViolation } from '../../protocol/protocol-violation.ts'
import { ReasonCode } from '../../protocol/reason-code.ts'
import { disconnectClient } from '../connection/closing.ts'
import type { Connection } from '../connection/connection.ts'
import { InboundTopicAliases } from '../connection/topic-aliases.ts'
import { sentTopicNameFault } from '../limit-reached.ts'
import { writeSessionRecord } from '../log.ts'
import { memoryFault } from '../memory.ts'
import { joinsHeld } from '../owed/acknowledgement.ts'
import { knownVerdicts, rememberVerdicts } from '../owed/receipt-permission.ts'
import {
  isReceiptFault,
  type ReceiptFault,
  type ReceiptRequest,
  readReceiptRequest,
  receiptQos,
} from '../owed/receipt-request.ts'
import type { Question } from '../question.ts'
import { noteRefused } from '../routing/fate.ts'
import { isPrivateReply } from '../routing/reply.ts'
import type { Route } from '../routing/route.ts'
import { admitMessage } from '../routing/router.ts'
import type { LongRoute } from '../routing/subscriptions.ts'
import { isReserved } from '../routing/topic-name.ts'
import type { CoreState } from '../state.ts'
import { OutgoingAcknowledgement, type Turn } from '../turn.ts'
import { isParked, mustPark, park, parkedTooLong, takeParked } from './parked.ts'
import { acknowledgePublish, notAuthorized, refusePublish } from './publish-answer.ts'
import { knownPermission, rememberPermission } from './publish-permissions.ts'
import { receiveRequest } from './requests.ts'
import type { Session } from './session.ts'

/** A PUBLISH that waits for its route. */
export interface Routing {
  readonly type: 'routing'
  readonly packet: Publish
  readonly receipt: ReceiptRequest | null
  readonly route: LongRoute
}

/** Subscriptions that are looked at in one go: some milliseconds. */
const routeSlice = 25_000

export function receivePublish(
  core: CoreState,
  connection: Connection,
  session: Session,
  packet: Publish,
  nowMs: number,
  turn: Turn,
): void {
  if (connection.protocolVersion === 5 && packet.properties.topicAlias !== undefined) {
    connection.inboundAliases ??= new InboundTopicAliases(core.limits.topicAliasMaximum, core.limits.topicAliasBytesMax)
    connection.inboundAliases.resolve(packet)
  }
  if (packet.topicName !== connection.checkedTopicName) checkTopicName(core, connection, packet)
  if (packet.qos > 0 && session.heldAcknowledgements !== null && joinsHeld(core, connection, session, packet)) return
  if (packet.qos === 2 && session.inboundPacketIds?.has(packet.packetId) === true) {
    turn.onceDurable.push(new OutgoingAcknowledgement(connection, 'pubrec', packet.packetId, ReasonCode.Success))
    return
  }
  if (packet.qos === 2 && connection.parked !== null && isParked(connection, packet.packetId)) return
  if (packet.qos > 0 && !connection.isLocal) countInbound(core, connection, packet)
  if (!connection.isLocal) {
    if (connection.checkedIsReserved) {
      receiveRequest(core, connection, session, packet, nowMs, turn)
      return
    }
    if (core.memoryIsShort) {
      refuseForMemory(core, connection, packet, nowMs, turn)
      return
    }
    if (core.options.asksAuthorization) {
      const allowed = knownPermission(connection, packet)
      if (allowed === undefined) {
        ask({ type: 'authorize-publish', connection, packet }, turn)
        return
      }
      if (!allowed) {
        refusePublish(core, connection, packet, notAuthorized, nowMs, turn)
        return
      }
    }
  }
  receiveAllowed(core, connection, session, packet, nowMs, turn)
}

function refuseForMemory(core: CoreState, connection: Connection, packet: Publish, nowMs: number, turn: Turn): void {
  const fault = memoryFault(core)
  if (fault !== null) refusePublish(core, connection, packet, { ...notAuthorized, ...fault }, nowMs, turn)
}

/** The host has answered whether the client may publish to this Topic Name. */
export function answerPublish(
  core: CoreState,
  connection: Connection,
  session: Session,
  packet: Publish,
  allowed: boolean,
  nowMs: number,
  turn: Turn,
): void {
  rememberPermission(connection, packet, allowed)
  if (allowed) receiveAllowed(core, connection, session, packet, nowMs, turn)
  else refusePublish(core, connection, packet, notAuthorized, nowMs, turn)
}

/** The client may publish it. If it wants a receipt, it must be allowed to publish where that is to go, too. */
function receiveAllowed(
  core: CoreState,
  connection: Connection,
  session: Session,
  packet: Publish,
  nowMs: number,
  turn: Turn,
): void {
  const { userProperties } = packet.properties
  const request = userProperties === undefined ? null : readReceiptRequest(core, packet)
  if (request === null) {
    acceptPublish(core, connection, session, packet, null, nowMs, turn)
    return
  }
  if (isReceiptFault(request)) {
    refuseReceipt(core, connection, session, packet, request, nowMs, turn)
    return
  }
  const verdicts = knownVerdicts(core, connection, packet, request)
  if (verdicts === undefined) {
    const receipt = publish({ topicName: request.topicName, qos: receiptQos })
    ask({ type: 'authorize-receipt', connection, packet, receipt, request }, turn)
  } else acceptAsking(core, connection, session, packet, request, verdicts, nowMs, turn)
}

/** The host has answered whether the client may publish where it wants its receipt, and whether it may observe. */
export function answerReceipt(
  core: CoreState,
  connection: Connection,
  session: Session,
  packet: Publish,
  request: ReceiptRequest,
  verdicts: readonly boolean[],
  nowMs: number,
  turn: Turn,
): void {
  rememberVerdicts(connection, packet, request, verdicts)
  acceptAsking(core, connection, session, packet, request, verdicts, nowMs, turn)
}

function acceptAsking(
  core: CoreState,
  connection: Connection,
  session: Session,
  packet: Publish,
  request: ReceiptRequest,
  [mayPublish = false, mayObserve = false]: readonly boolean[],
  nowMs: number,
  turn: Turn,
): void {
  // Where only it itself gets what is published there is nothing to permit.
  if (mayPublish || isPrivateReply(request.topicName)) {
    acceptPublish(core, connection, session, packet, { ...request, names: mayObserve }, nowMs, turn)
    return
  }
  const text = `publishing to ${request.topicName}, where the receipt is to go, is not allowed`
  refuseReceipt(core, connection, session, packet, { reasonCode: ReasonCode.NotAuthorized, text }, nowMs, turn)
}

/** At QoS 0 nobody can be told: the message is taken in all the same, and there is no receipt. */
function refuseReceipt(
  core: CoreState,
  connection: Connection,
  session: Session,
  packet: Publish,
  fault: ReceiptFault,
  nowMs: number,
  turn: Turn,
): void {
  if (packet.qos === 0) acceptPublish(core, connection, session, packet, null, nowMs, turn)
  else refusePublish(core, connection, packet, { ...notAuthorized, ...fault }, nowMs, turn)
}

function ask(question: Question, turn: Turn): void {
  const { connection } = question
  connection.isWaiting = true
  turn.questions.push(question)
}

function acceptPublish(
  core: CoreState,
  connection: Connection,
  session: Session,
  packet: Publish,
  receipt: ReceiptRequest | null,
  nowMs: number,
  turn: Turn,
): void {
  const route = connection.isLocal ? null : core.subscriptions.longRoute(packet.topicName)
  if (route === null) admitPublish(core, connection, session, packet, receipt, nowMs, turn)
  else ask({ type: 'go-on', connection, work: { type: 'routing', packet, receipt, route } }, turn)
}

/** Goes on with it. If a Subscription has changed meanwhile the route is made in one go, or a busy broker would never end. */
export function routeMore(
  core: CoreState,
  connection: Connection,
  session: Session,
  work: Routing,
  nowMs: number,
  turn: Turn,
): void {
  if (!core.subscriptions.goOnWith(work.route, routeSlice)) {
    ask({ type: 'go-on', connection, work }, turn)
    return
  }
  admitPublish(core, connection, session, work.packet, work.receipt, nowMs, turn)
}

function admitPublish(
  core: CoreState,
  connection: Connection,
  session: Session,
  packet: Publish,
  receipt: ReceiptRequest | null,
  nowMs: number,
  turn: Turn,
): void {
  if (mustPark(core, connection, packet)) {
    const fault = park(core, connection, packet, nowMs)
    if (fault === null) return
    noteRefused(core, packet, session, fault.text, nowMs)
    disconnectClient(core, connection, fault, nowMs, turn)
    return
  }
  const { qos, packetId } = packet
  const inboundPacketId = qos === 2 ? packetId : 0
  connection.plainClaim ??= { receipt: null, connection }
  const claim = receipt === null ? connection.plainClaim : { receipt, connection }
  const source = {
    session,
    inboundPacketId,
    isWill: false,
    mayBeRefused: qos > 0,
    counts: 'received',
    claim,
    route: routeOf(core, connection, packet.topicName),
  } as const
  const admission = admitMessage(core, packet, source, nowMs, turn)
  if (qos === 0) return
  acknowledgePublish(core, connection, session, packet, admission, nowMs, turn)
}

/** The store takes messages again: those that waited come in, in order. */
export function receiveParked(core: CoreState, nowMs: number, turn: Turn): void {
  for (const connection of core.connections) {
    const { session } = connection
    if (session === null || connection.parked === null) continue
    // Only 3.1.1 clients park, and those cannot ask for a receipt.
    for (const packet of takeParked(core, connection))
      admitPublish(core, connection, session, packet, null, nowMs, turn)
  }
}

/** PUBLISH packets of the connection may have waited for too long. */
export function remindParked(core: CoreState, connection: Connection, nowMs: number, turn: Turn): void {
  const fault = parkedTooLong(core, connection, nowMs)
  if (fault !== null) disconnectClient(core, connection, fault, nowMs, turn)
}

/** PUBREL ends the life of a Packet Identifier; an unknown one is answered too, so that the client can go on. */
export function receivePubrel(
  core: CoreState,
  connection: Connection,
  session: Session,
  packet: Acknowledgement,
  turn: Turn,
): void {
  const { packetId } = packet
  const isKnown = session.inboundPacketIds?.delete(packetId) === true
  core.owed.releaseIdentifier(session, packetId)
  if (isKnown && session.survives) {
    writeSessionRecord(core, turn, session, { type: 'released', session: session.number, packetId })
  }
  const reasonCode = isKnown ? ReasonCode.Success : ReasonCode.PacketIdentifierNotFound
  turn.onceDurable.push(new OutgoingAcknowledgement(connection, 'pubcomp', packetId, reasonCode))
}

function checkTopicName(core: CoreState, connection: Connection, packet: Publish): void {
  const fault = sentTopicNameFault(core, packet.topicName)
  if (fault !== null) throw new ProtocolViolation(ReasonCode.TopicNameInvalid, 'MQTT-4.7.3-3', fault)
  connection.checkedTopicName = packet.topicName
  connection.checkedIsReserved = isReserved(packet.topicName)
  connection.route = null
}

/** Where its messages go. The Topic Name of the last is that of the next, nearly always: its route stands with the connection. */
function routeOf(core: CoreState, connection: Connection, topicName: string): Route {
  const { subscriptions } = core
  const isLast = topicName === connection.checkedTopicName
  if (connection.route !== null && isLast && connection.routeGeneration === subscriptions.generation)
    return connection.route
  const route = subscriptions.route(topicName)
  // One that leads to many is not to be kept by every client that has published to it.
  if (isLast && route.receivers.length <= 1 && route.groups.length === 0) {
    connection.route = route
    connection.routeGeneration = subscriptions.generation
  }
  return route
}

/**
 * More unacknowledged messages than our Receive Maximum [MQTT-3.3.4-7]. 3.1.1 was never told of one. A repetition is no
 * further message: it ends with the same PUBCOMP.
 */
function countInbound(core: CoreState, connection: Connection, packet: Publish): void {
  if (connection.protocolVersion === 5 && connection.unacknowledgedInbound >= core.limits.receiveMaximum) {
    const text = `more than ${core.limits.receiveMaximum} QoS 1 and 2 messages are unacknowledged, the last with Packet Identifier ${packet.packetId}; keep to the Receive Maximum of CONNACK`
    throw new ProtocolViolation(ReasonCode.ReceiveMaximumExceeded, 'MQTT-3.3.4-7', text, 'receiveMaximum')
  }
  connection.unacknowledgedInbound += 1
}
