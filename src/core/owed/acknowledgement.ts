/**
 * PUBACK and PUBREC that wait until subscribers have acknowledged, for 3.1.1 and 5.0.
 *
 * A client that sends its PUBLISH again after a reconnect joins what waits already: the message is not routed a second time.
 */
import type { Publish } from '../../protocol/packets/publish.ts'
import type { Connection } from '../connection/connection.ts'
import type { Session } from '../session/session.ts'
import type { CoreState } from '../state.ts'
import { OutgoingAcknowledgement, type Turn } from '../turn.ts'
import type { HeldAcknowledgement } from './obligation.ts'
import type { LateAnswer } from './settle.ts'

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

export function sendAcknowledgement(
  { connection, qos, packetId }: Pick<HeldAcknowledgement, 'connection' | 'qos' | 'packetId'>,
  answer: LateAnswer,
  turn: Turn,
): void {
  if (connection === null) return
  const type = qos === 1 ? 'puback' : 'pubrec'
  const { reasonCode, fate, text } = answer
  if (connection.protocolVersion === 4 || fate === null || !connection.wantsProblemInformation) {
    turn.onceDurable.push(new OutgoingAcknowledgement(connection, type, packetId, reasonCode))
    return
  }
  const userProperties: [string, string][] = [['pabal-fate', fate]]
  const properties = text === null ? { userProperties } : { userProperties, reasonString: text }
  turn.onceDurable.push({ type: 'packet', connection, packet: { type, packetId, reasonCode, properties } })
}
