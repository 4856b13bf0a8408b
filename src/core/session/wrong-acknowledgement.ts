/**
 * An acknowledgement that does not fit the message it is for. MQTT 5.0 section 4.3.
 */
import { ProtocolViolation } from '../../protocol/protocol-violation.ts'
import { ReasonCode, reasonCodeName } from '../../protocol/reason-code.ts'

export function wrongAcknowledgement(name: string, packetId: number, qos: number): ProtocolViolation {
  const code = ReasonCode.ProtocolError
  const text = `${name} for Packet Identifier ${packetId} does not fit: it is a QoS ${qos} message (${reasonCodeName(code)})`
  return new ProtocolViolation(code, 'MQTT-4.3.3-4', text)
}
