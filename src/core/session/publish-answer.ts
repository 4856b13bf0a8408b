/**
 * What a publisher is told of its message: PUBACK or PUBREC, with words where there is something to say. MQTT 5.0 sections
 * 3.4 and 3.5. @hot
 *
 * An acknowledgement rests on the records of its turn, so all of them go to `onceDurable`.
 */
import type { UserProperties } from '../../protocol/control-packet.ts'
import type { Publish } from '../../protocol/packets/publish.ts'
import { ReasonCode } from '../../protocol/reason-code.ts'
import { disconnectClient } from '../connection/closing.ts'
import type { Connection } from '../connection/connection.ts'
import { noteRefused } from '../routing/fate.ts'
import type { Admission } from '../routing/router.ts'
import type { CoreState } from '../state.ts'
import { OutgoingAcknowledgement, type Turn } from '../turn.ts'
import { wantsCounts } from './report-request.ts'
import type { Session } from './session.ts'

export const notAuthorized: Admission = Object.freeze({
  reasonCode: ReasonCode.NotAuthorized,
  matched: 0,
  text: 'publishing to this Topic Name is not allowed',
  fate: null,
  isQuiet: false,
  isAnsweredLater: false,
})

/** Answers a QoS 1 or 2 message once it is decided what becomes of it. */
export function acknowledgePublish(
  core: CoreState,
  connection: Connection,
  session: Session,
  packet: Publish,
  decided: Admission,
  nowMs: number,
  turn: Turn,
): void {
  const { qos, packetId } = packet
  const admission = toldAdmission(core, connection, packet, decided)
  const isRefused = admission.reasonCode >= 0x80
  if (isRefused && !(admission.isQuiet && connection.protocolVersion === 4)) {
    answerRefused(core, connection, packet, admission, reportFor(core, connection, packet, admission), nowMs, turn)
    return
  }
  if (qos === 2) {
    session.inboundPacketIds ??= new Set()
    session.inboundPacketIds.add(packetId)
  }
  if (admission.isAnsweredLater) return
  const packetType = qos === 1 ? 'puback' : 'pubrec'
  const userProperties = reportFor(core, connection, packet, admission)
  if (userProperties === null) {
    // A 3.1.1 acknowledgement has no Reason Code: what was refused quietly looks like success.
    turn.onceDurable.push(new OutgoingAcknowledgement(connection, packetType, packetId, admission.reasonCode))
    return
  }
  const { reasonCode, text } = admission
  const properties = text === null ? { userProperties } : { userProperties, reasonString: text }
  const acknowledgement = { type: packetType, packetId, reasonCode, properties } as const
  turn.onceDurable.push({ type: 'packet', connection, packet: acknowledgement })
}

/** Some clients take 0x10 No matching subscribers for a failure: their listener, or the rule of the Topic Name, spares them. */
function toldAdmission(core: CoreState, { origin }: Connection, packet: Publish, decided: Admission): Admission {
  if (decided.reasonCode !== ReasonCode.NoMatchingSubscribers) return decided
  const { tellsPublisher } = core.subscriptions.route(packet.topicName).rule.options
  return tellsPublisher && origin.tellsPublisher ? decided : { ...decided, reasonCode: ReasonCode.Success }
}

/** A client's message is refused before anybody has looked who listens. */
export function refusePublish(
  core: CoreState,
  connection: Connection,
  packet: Publish,
  refusal: Admission,
  nowMs: number,
  turn: Turn,
): void {
  noteRefused(core, packet, connection.session, refusal.text ?? '', nowMs)
  // Who may not publish there is not told who listens.
  if (packet.qos > 0) answerRefused(core, connection, packet, refusal, null, nowMs, turn)
}

/** 5.0 has an answer for a refused message; in 3.1.1 the only way not to acknowledge it is to close [MQTT3-3.3.5-2]. */
function answerRefused(
  core: CoreState,
  connection: Connection,
  packet: Publish,
  refusal: Admission,
  userProperties: UserProperties | null,
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
  const words = userProperties === null ? { reasonString } : { reasonString, userProperties }
  const properties = connection.wantsProblemInformation ? words : {}
  const acknowledgement = { type, packetId: packet.packetId, reasonCode, properties } as const
  turn.onceDurable.push({ type: 'packet', connection, packet: acknowledgement })
}

/**
 * What goes on the acknowledgement as User Properties: `pabal-fate`, and the counts if the publisher asked for them with
 * `pabal-report: counts`. Null, nearly always, if there is nothing to say or nobody who may be told [MQTT-3.1.2-29].
 */
function reportFor(
  core: CoreState,
  connection: Connection,
  packet: Publish,
  admission: Admission,
): UserProperties | null {
  const asked = packet.properties.userProperties
  if (admission.fate === null && asked === undefined) return null
  if (connection.protocolVersion === 4 || !connection.wantsProblemInformation) return null
  const report: (readonly [string, string])[] = []
  if (admission.fate !== null) report.push(['pabal-fate', admission.fate])
  if (wantsCounts(packet)) {
    const { online, offline } = core.subscriptions.totals(packet.topicName)
    report.push(['matched', `${admission.matched}`], ['online', `${online}`], ['offline', `${offline}`])
    report.push(['held', admission.fate === 'held' ? '1' : '0'])
  }
  return report.length === 0 ? null : report
}
