/**
 * CONNACK as a client meets it: in the shape of an older server, or saying what cannot be. MQTT 5.0 section 3.2.
 */
import type { Connack, ProtocolVersion } from '../../protocol/control-packet.ts'
import { ProtocolViolation } from '../../protocol/protocol-violation.ts'
import { ReasonCode } from '../../protocol/reason-code.ts'

/** A server that knows no 5.0 refuses it in the shape of 3.1.1, which has no properties [MQTT-3.1.2-2]. */
export function olderConnack(chunk: Buffer, version: ProtocolVersion): Connack | null {
  if (version !== 5 || chunk.length < 4 || chunk[0] !== 0x20 || chunk[1] !== 2 || chunk[3] !== 1) return null
  const reasonCode = ReasonCode.UnsupportedProtocolVersion
  return { type: 'connack', sessionPresent: false, reasonCode, properties: {} }
}

/**
 * A client that starts afresh has no Session, so a server that has one is not understood [MQTT-3.2.2-4]. With Clean Start 0
 * the Session may be that of an earlier run, which is what its owner asks for.
 */
export function sessionFault(
  connack: Connack,
  version: ProtocolVersion,
  cleanStart: boolean,
): ProtocolViolation | null {
  if (version !== 5 || !cleanStart || !connack.sessionPresent) return null
  const text = 'the server goes on with a Session that was to start afresh'
  return new ProtocolViolation(ReasonCode.ProtocolError, 'MQTT-3.2.2-4', text)
}
