/**
 * Requests to the broker itself: a PUBLISH to `$pabal/NAME` with a Response Topic, or to `$pabal/NAME/ID`, whose answer comes
 * on `$pabal/NAME/ID/reply`.
 *
 * The PUBLISH is acknowledged here; what is asked is looked up by the shell, which hands the answer to `answerRequest`. The
 * answer never goes where the client that asks may not publish itself.
 */
import type { PublishProperties, Qos } from '../../protocol/control-packet.ts'
import { type Publish, publish } from '../../protocol/packets/publish.ts'
import { ReasonCode } from '../../protocol/reason-code.ts'
import type { Connection } from '../connection/connection.ts'
import { reachLimit, sentTopicNameFault } from '../limit-reached.ts'
import { countMessage, noteRefused } from '../routing/fate.ts'
import { isPrivateReply, sendReply } from '../routing/reply.ts'
import type { Admission } from '../routing/router.ts'
import { isReserved } from '../routing/topic-name.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import { acknowledgePublish, notAuthorized, refusePublish } from './publish-answer.ts'
import { knownPermission, rememberPermission } from './publish-permissions.ts'
import type { Session } from './session.ts'

/** What a client asks of the broker. */
export interface BrokerRequest {
  readonly connection: Connection
  readonly session: Session
  /** `who`, for example. */
  readonly name: string
  readonly payload: Buffer
  readonly replyTopicName: string
  /** Of the request, and of its answer. */
  readonly qos: Qos
  readonly correlationData: Uint8Array | null
}

const accepted: Admission = Object.freeze({
  reasonCode: ReasonCode.Success,
  matched: 1,
  text: null,
  fate: null,
  isQuiet: false,
  isAnsweredLater: false,
})
const form = /^\$pabal\/(?!events(?:\/|$))([^/]+)(?:\/([^/]+))?$/

/** A PUBLISH to a reserved Topic Name: a request, or refused. */
export function receiveRequest(
  core: CoreState,
  connection: Connection,
  session: Session,
  packet: Publish,
  nowMs: number,
  turn: Turn,
): void {
  const reply = replyPacket(packet)
  const refusal = reply === null ? notAuthorized : requestFault(core, packet, reply)
  if (reply === null || refusal !== null) {
    refusePublish(core, connection, packet, refusal ?? notAuthorized, nowMs, turn)
    return
  }
  if (core.options.asksAuthorization && !isPrivateReply(reply.topicName)) {
    const allowed = knownPermission(connection, reply)
    if (allowed === undefined) {
      connection.isWaiting = true
      turn.questions.push({ type: 'authorize-reply', connection, packet, reply })
      return
    }
    if (!allowed) {
      refusePublish(core, connection, packet, replyNotAuthorized, nowMs, turn)
      return
    }
  }
  acceptRequest(core, connection, session, packet, reply, nowMs, turn)
}

/** The host has answered whether the client may publish where the answer is to go. */
export function answerReplyPermission(
  core: CoreState,
  connection: Connection,
  session: Session,
  packet: Publish,
  reply: Publish,
  allowed: boolean,
  nowMs: number,
  turn: Turn,
): void {
  rememberPermission(connection, reply, allowed)
  if (allowed) acceptRequest(core, connection, session, packet, reply, nowMs, turn)
  else refusePublish(core, connection, packet, replyNotAuthorized, nowMs, turn)
}

/** Sends the answer. It reaches the Session that asked even if its client is away by now. */
export function answerRequest(
  core: CoreState,
  request: BrokerRequest,
  payload: Buffer,
  nowMs: number,
  turn: Turn,
): void {
  const { session, replyTopicName: topicName, qos, correlationData } = request
  const properties: PublishProperties = { payloadFormatIndicator: 1, contentType: 'application/json' }
  if (correlationData !== null) properties.correlationData = correlationData
  const requester = session.hasEnded ? null : session
  sendReply(core, { requester, topicName, payload, qos, properties }, nowMs, turn)
}

const replyNotAuthorized: Admission = {
  ...notAuthorized,
  text: 'publishing to the Response Topic is not allowed, so the answer may not go there',
}

/** What the answer looks like to whoever decides whether it may be published; null if the packet is no request. */
function replyPacket({ topicName, properties, qos }: Publish): Publish | null {
  const found = form.exec(topicName)
  if (found === null) return null
  const [, name = '', id = ''] = found
  const reply = properties.responseTopic ?? (id === '' ? '' : `$pabal/${name}/${id}/reply`)
  return publish({ topicName: reply, qos })
}

function requestFault(core: CoreState, { topicName }: Publish, reply: Publish): Admission | null {
  if (reply.topicName === '') {
    const text = `nobody would get the answer: send a Response Topic, or publish to ${topicName}/ID and subscribe to ${topicName}/ID/reply`
    return { ...notAuthorized, reasonCode: ReasonCode.ImplementationSpecificError, text }
  }
  const fault = sentTopicNameFault(core, reply.topicName)
  if (fault !== null) {
    return { ...notAuthorized, reasonCode: ReasonCode.TopicNameInvalid, text: `Response Topic: ${fault}` }
  }
  if (isReserved(reply.topicName) && !isPrivateReply(reply.topicName)) return replyNotAuthorized
  return null
}

function acceptRequest(
  core: CoreState,
  connection: Connection,
  session: Session,
  packet: Publish,
  reply: Publish,
  nowMs: number,
  turn: Turn,
): void {
  const { properties, qos } = packet
  const correlationData = properties.correlationData ?? null
  const [, name = ''] = form.exec(packet.topicName) ?? []
  const payload = Buffer.from(packet.payload)
  const request = { connection, session, name, payload, replyTopicName: reply.topicName, qos, correlationData }
  if (!takeRequest(core, connection, nowMs)) {
    refuseTooMany(core, request, packet, nowMs, turn)
    return
  }
  // The broker itself is who listens.
  const { own } = core.rules
  core.tally.received += 1
  own.received += 1
  countMessage(core.tally, own, 'routed')
  if (qos > 0) acknowledgePublish(core, connection, session, packet, accepted, nowMs, turn)
  turn.requests.push(request)
}

/** One second's worth of requests may come at once. */
function takeRequest(core: CoreState, connection: Connection, nowMs: number): boolean {
  const perSecond = core.limits.requestsPerSecondMax
  const gained = (Math.max(0, nowMs - connection.requestsAtMs) * perSecond) / 1000
  const left = Math.min(perSecond, connection.requestsLeft + gained)
  connection.requestsAtMs = nowMs
  connection.requestsLeft = left < 1 ? left : left - 1
  return left >= 1
}

/** 0x97; who cannot be told so is answered like one who asked in a wrong way. */
function refuseTooMany(core: CoreState, request: BrokerRequest, packet: Publish, nowMs: number, turn: Turn): void {
  const { connection, session } = request
  const { requestsPerSecondMax } = core.limits
  const words = `at most ${requestsPerSecondMax} requests a second on one connection`
  const expected = reachLimit(core, 'requestsPerSecondMax', words)
  if (connection.protocolVersion === 5 && packet.qos > 0) {
    const refusal = { ...notAuthorized, reasonCode: ReasonCode.QuotaExceeded, text: expected }
    refusePublish(core, connection, packet, refusal, nowMs, turn)
    return
  }
  noteRefused(core, packet, session, expected, nowMs)
  if (packet.qos > 0) acknowledgePublish(core, connection, session, packet, accepted, nowMs, turn)
  const error = { found: 'one request more', expected, advice: 'ask again later' }
  answerRequest(core, request, Buffer.from(JSON.stringify({ type: request.name, error })), nowMs, turn)
}
