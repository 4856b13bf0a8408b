/**
 * What the peer did wrong: thrown by the codec and the core, caught once per connection, answered and closed.
 * MQTT 5.0 section 4.13.
 */
import { ReasonCode } from './reason-code.ts'

/** Limits that a packet can break, by their names in the configuration. */
export type PacketLimit =
  | 'connectBytesMax'
  | 'packetBytesMax'
  | 'propertiesMax'
  | 'propertiesBytesMax'
  | 'receiveMaximum'
  | 'topicAliasMaximum'
  | 'topicAliasBytesMax'

/** A packet that the standard does not allow, or that is larger than was to be taken. */
export class ProtocolViolation extends Error {
  /** What a 5.0 peer is told in CONNACK or DISCONNECT. */
  readonly reasonCode: ReasonCode
  /** The statement that was broken, for example `MQTT-3.3.1-4`. */
  readonly statement: string
  /** The limit that was broken; null if it was none. */
  readonly limit: PacketLimit | null

  /** `message` says to a human what was found and what was expected; it goes out as Reason String. */
  constructor(reasonCode: ReasonCode, statement: string, message: string, limit: PacketLimit | null = null) {
    super(message)
    this.name = 'ProtocolViolation'
    this.reasonCode = reasonCode
    this.statement = statement
    this.limit = limit
  }
}

export function malformed(statement: string, message: string): ProtocolViolation {
  return new ProtocolViolation(ReasonCode.MalformedPacket, statement, message)
}
