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
import { type ClosingReason, disconnectClient } from '../connection/closing.ts'
import type { Connection } from '../connection/connection.ts'
import { InboundTopicAliases } from '../connection/topic-aliases.ts'
import { writeSessionRecord } from '../log.ts'
import { joinsHeld, sendAcknowledgement } from '../owed/acknowledgement.ts'
import {
  isReceiptFault,
  type ReceiptFault,
  type ReceiptRequest,
  readReceiptRequest,
  receiptQos,
} from '../owed/receipt-request.ts'
import type { Question } from '../question.ts'
import { countRefused } from '../routing/fate.ts'
import { isPrivateReply } from '../routing/reply.ts'
import { type Admission, admitMessage } from '../routing/router.ts'
import { isReservedTopicName, topicNameFault } from '../routing/topic-name.ts'
import type { CoreState } from '../state.ts'
import { OutgoingAcknowledgement, type Turn } from '../turn.ts'
import { isParked, isParkedTooLong, mustPark, park, takeParked } from './parked.ts'
import type { Session } from './session.ts'

const notAuthorized: Admission = Object.freeze({
  reasonCode: ReasonCode.NotAuthorized,
  matched: 0,
  text: 'publishing to this Topic Name is not allowed',
  fate: null,
  isQuiet: false,
  isAnsweredLater: false,
})
const storeFull: ClosingReason = Object.freeze({
  reasonCode: ReasonCode.QuotaExceeded,
  text: 'the broker cannot store messages at the moment',
})
const permissionsMax = 1000

export function receivePublish(
  core: CoreState,
  connection: Connection,
  session: Session,
  packet: Publish,
  nowMs: number,
  turn: Turn,
): void {
  if (connection.protocolVersion === 5 && packet.properties.topicAlias !== undefined) {
    connection.inboundAliases ??= new InboundTopicAliases(core.limits.topicAliasMaximum)
    connection.inboundAliases.resolve(packet)
  }
  if (packet.topicName !== connection.checkedTopicName) checkTopicName(core, connection, packet)
  if (session.heldAcknowledgements !== null && packet.qos > 0 && joinsHeld(core, connection, session, packet)) return
  if (packet.qos === 2 && session.inboundPacketIds?.has(packet.packetId) === true) {
    turn.onceDurable.push(new OutgoingAcknowledgement(connection, 'pubrec', packet.packetId, ReasonCode.Success))
    return
  }
  if (connection.parked !== null && packet.qos === 2 && isParked(connection, packet.packetId)) return
  if (packet.qos > 0 && !connection.isLocal) countInbound(core, connection, packet)
  if (!connection.isLocal) {
    if (isReservedTopicName(packet.topicName)) {
      refusePublish(core, connection, packet, notAuthorized, nowMs, turn)
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
  const request = userProperties === undefined ? null : readReceiptRequest(packet, connection, core.limits)
  if (request === null) {
    acceptPublish(core, connection, session, packet, null, nowMs, turn)
    return
  }
  if (isReceiptFault(request)) {
    refuseReceipt(core, connection, session, packet, request, nowMs, turn)
    return
  }
  const isAsked = core.options.asksAuthorization && !connection.isLocal && !isPrivateReply(request.topicName)
  const allowed = isAsked ? knownPermission(connection, receiptPublish(request)) : true
  if (allowed === undefined) {
    ask({ type: 'authorize-receipt', connection, packet, receipt: receiptPublish(request), request }, turn)
  } else answerReceipt(core, connection, session, packet, request, allowed, nowMs, turn)
}

function ask(question: Question, turn: Turn): void {
  const { connection } = question
  connection.isWaiting = true
  turn.questions.push(question)
}

/** What the client would have to be allowed to publish. */
function receiptPublish({ topicName }: ReceiptRequest): Publish {
  return publish({ topicName, qos: receiptQos })
}

/** The host has answered whether the client may publish where it wants its receipt. */
export function answerReceipt(
  core: CoreState,
  connection: Connection,
  session: Session,
  packet: Publish,
  request: ReceiptRequest,
  allowed: boolean,
  nowMs: number,
  turn: Turn,
): void {
  if (!isPrivateReply(request.topicName)) rememberPermission(connection, receiptPublish(request), allowed)
  if (allowed) {
    acceptPublish(core, connection, session, packet, request, nowMs, turn)
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

function acceptPublish(
  core: CoreState,
  connection: Connection,
  session: Session,
  packet: Publish,
  receipt: ReceiptRequest | null,
  nowMs: number,
  turn: Turn,
): void {
  if (mustPark(core, connection, packet)) {
    if (park(core, connection, packet, nowMs)) return
    countRefused(core, packet)
    disconnectClient(core, connection, storeFull, nowMs, turn)
    return
  }
  const { qos, packetId } = packet
  const inboundPacketId = qos === 2 ? packetId : 0
  const claim = { receipt, connection }
  const source = {
    session,
    inboundPacketId,
    isWill: false,
    mayBeRefused: qos > 0,
    counts: 'received',
    claim,
  } as const
  const admission = admitMessage(core, packet, source, nowMs, turn)
  if (qos === 0) return
  if (admission.reasonCode >= 0x80) {
    answerRefused(core, connection, packet, admission, nowMs, turn)
    return
  }
  if (qos === 2) {
    session.inboundPacketIds ??= new Set()
    session.inboundPacketIds.add(packetId)
  }
  if (admission.isAnsweredLater) return
  if (admission.fate !== null) {
    sendAcknowledgement({ connection, qos, packetId }, admission, turn)
    return
  }
  const packetType = qos === 1 ? 'puback' : 'pubrec'
  turn.onceDurable.push(new OutgoingAcknowledgement(connection, packetType, packetId, admission.reasonCode))
}

/** The store takes messages again: those that waited come in, in order. */
export function receiveParked(core: CoreState, nowMs: number, turn: Turn): void {
  for (const connection of core.connections) {
    const { session } = connection
    if (session === null || connection.parked === null) continue
    // Only 3.1.1 clients park, and those cannot ask for a receipt.
    for (const packet of takeParked(core, connection))
      acceptPublish(core, connection, session, packet, null, nowMs, turn)
  }
}

/** PUBLISH packets of the connection may have waited for too long. */
export function remindParked(core: CoreState, connection: Connection, nowMs: number, turn: Turn): void {
  if (isParkedTooLong(core, connection, nowMs)) disconnectClient(core, connection, storeFull, nowMs, turn)
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
  const fault = topicNameFault(packet.topicName, core.limits)
  if (fault !== null) throw new ProtocolViolation(ReasonCode.TopicNameInvalid, 'MQTT-4.7.3-3', fault)
  connection.checkedTopicName = packet.topicName
}

/**
 * More unacknowledged messages than our Receive Maximum [MQTT-3.3.4-7]. 3.1.1 was never told of one. A repetition is no
 * further message: it ends with the same PUBCOMP.
 */
function countInbound(core: CoreState, connection: Connection, packet: Publish): void {
  if (connection.protocolVersion === 5 && connection.unacknowledgedInbound >= core.limits.receiveMaximum) {
    const text = `more than ${core.limits.receiveMaximum} QoS 1 and 2 messages are unacknowledged, the last with Packet Identifier ${packet.packetId}; keep to the Receive Maximum of CONNACK`
    throw new ProtocolViolation(ReasonCode.ReceiveMaximumExceeded, 'MQTT-3.3.4-7', text)
  }
  connection.unacknowledgedInbound += 1
}

function refusePublish(
  core: CoreState,
  connection: Connection,
  packet: Publish,
  refusal: Admission,
  nowMs: number,
  turn: Turn,
): void {
  countRefused(core, packet)
  if (packet.qos > 0) answerRefused(core, connection, packet, refusal, nowMs, turn)
}

/** 5.0 has an answer for a refused message; in 3.1.1 the only way not to acknowledge it is to close [MQTT3-3.3.5-2]. */
function answerRefused(
  core: CoreState,
  connection: Connection,
  packet: Publish,
  refusal: Admission,
  nowMs: number,
  turn: Turn,
): void {
  const { reasonCode, text } = refusal
  const reasonString = text ?? ''
  if (connection.protocolVersion === 4) {
    disconnectClient(
      core,
      connection,
      { reasonCode, text: `${reasonString} (Topic Name ${packet.topicName})` },
      nowMs,
      turn,
    )
    return
  }
  const type = packet.qos === 1 ? 'puback' : 'pubrec'
  const properties = connection.wantsProblemInformation ? { reasonString } : {}
  const acknowledgement = { type, packetId: packet.packetId, reasonCode, properties } as const
  turn.onceDurable.push({ type: 'packet', connection, packet: acknowledgement })
}

function permissionBit(packet: Publish): number {
  return packet.qos * 2 + (packet.retain ? 1 : 0)
}

/** Bits 0–5 say what was asked about, bits 6–11 what was allowed. */
function knownPermission(connection: Connection, packet: Publish): boolean | undefined {
  const known = connection.publishPermissions?.get(packet.topicName) ?? 0
  const bit = permissionBit(packet)
  if ((known & (1 << bit)) === 0) return undefined
  return (known & (64 << bit)) !== 0
}

function rememberPermission(connection: Connection, packet: Publish, allowed: boolean): void {
  connection.publishPermissions ??= new Map()
  const permissions = connection.publishPermissions
  if (permissions.size >= permissionsMax) permissions.clear()
  const bit = permissionBit(packet)
  const known = permissions.get(packet.topicName) ?? 0
  permissions.set(packet.topicName, known | (1 << bit) | (allowed ? 64 << bit : 0))
}
