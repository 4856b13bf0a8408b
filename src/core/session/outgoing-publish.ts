/**
 * A copy as it goes out. MQTT 5.0 sections 3.3 and 3.1.2.11.
 */
import { packetBytesMost } from '../../protocol/control-packet.ts'
import { publishSize } from '../../protocol/publish-encoder.ts'
import type { Connection } from '../connection/connection.ts'
import type { Message } from '../message.ts'
import { OutgoingPublish } from '../turn.ts'
import type { Copy } from './copy.ts'

export function outgoingPublish(
  copy: Copy,
  message: Message,
  dup: boolean,
  connection: Connection,
  nowMs: number,
): OutgoingPublish {
  if (message.trace !== null && connection.session !== null) message.trace.sent(connection.session)
  const { packetId, subscriptionIdentifiers } = copy
  const retain = copy.retain === 'as-published' ? message.publish.retain : copy.retain === 'set'
  const seconds = message.secondsLeft(nowMs)
  return new OutgoingPublish(
    connection,
    message,
    copy.qos,
    dup,
    retain,
    packetId,
    0,
    false,
    subscriptionIdentifiers,
    seconds,
  )
}

/** A client that set a Maximum Packet Size gets nothing larger; it counts as delivered [MQTT-3.1.2-24] [MQTT-3.1.2-25]. */
export function isTooLarge(outgoing: OutgoingPublish, connection: Connection): boolean {
  if (connection.maximumPacketSize === packetBytesMost) return false
  return publishSize(outgoing.message.publish, connection.protocolVersion, outgoing) > connection.maximumPacketSize
}
