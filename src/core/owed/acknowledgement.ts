/**
 * PUBACK and PUBREC that wait until subscribers have acknowledged, for 3.1.1 and 5.0.
 *
 * A client that sends its PUBLISH again after a reconnect joins what waits already: the message is not routed a second time.
 */
import type { PublishProperties } from '../../protocol/control-packet.ts'
import { type Publish, publish } from '../../protocol/packets/publish.ts'
import type { Connection } from '../connection/connection.ts'
import type { Admission } from '../routing/router.ts'
import { acknowledgePublish } from '../session/publish-answer.ts'
import type { Session } from '../session/session.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import type { HeldAcknowledgement, Obligation } from './obligation.ts'

/**
 * Whether this PUBLISH is one whose acknowledgement waits, sent again: then it waits on this connection from now on. A new
 * message under the same Packet Identifier says that the client has forgotten the old one.
 */
export function joinsHeld(core: CoreState, connection: Connection, session: Session, packet: Publish): boolean {
  const obligation = session.heldAcknowledgements?.get(packet.packetId)
  const acknowledgement = obligation?.acknowledgement ?? null
  if (obligation === undefined || acknowledgement === null) return false
  const isRepeated = acknowledgement.qos === packet.qos && (packet.dup || packet.qos === 2)
  if (!isRepeated) {
    core.owed.release(obligation)
    return false
  }
  if (acknowledgement.connection === connection) return true
  acknowledgement.connection = connection
  connection.heldAcknowledgements += 1
  if (packet.qos === 1) connection.unacknowledgedInbound += 1
  core.owed.touched.add(obligation)
  return true
}

/** What it waited for has come true, or never will, or the time is over. */
export function giveHeld(
  core: CoreState,
  { requester, topicName }: Obligation,
  acknowledgement: HeldAcknowledgement,
  admission: Admission,
  nowMs: number,
  turn: Turn,
): void {
  const { connection, qos, packetId, wantsCounts } = acknowledgement
  if (connection === null || requester === null) return
  const properties: PublishProperties = wantsCounts ? { userProperties: [['pabal-report', 'counts']] } : {}
  const packet = publish({ topicName, qos, packetId, properties })
  acknowledgePublish(core, connection, requester, packet, admission, nowMs, turn)
}
