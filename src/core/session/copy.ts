/**
 * One Session's copy of a message at QoS 1 or 2, from the decision that it gets one until its fate.
 */
import type { Qos } from '../../protocol/control-packet.ts'
import type { Message } from '../message.ts'
import type { SharedGroup } from '../routing/shared-group.ts'

export class Copy {
  readonly message: Message
  readonly qos: Qos
  readonly retain: boolean
  readonly subscriptionIdentifiers: readonly number[] | null
  /** The Shared Subscription it came through: if the Session ends, another member may get it. */
  readonly group: SharedGroup | null
  /** 0 while it waits in the queue. */
  packetId = 0
  /** QoS 2: PUBREC has arrived, PUBREL is or was sent; the message itself is not sent again [MQTT-4.3.3-4]. */
  isReceived = false
  /** Sent over an earlier Network Connection; this one's Receive Maximum has not let it be sent again yet. */
  isToResend = false

  constructor(
    message: Message,
    qos: Qos,
    retain: boolean,
    subscriptionIdentifiers: readonly number[] | null,
    group: SharedGroup | null,
  ) {
    this.message = message
    this.qos = qos
    this.retain = retain
    this.subscriptionIdentifiers = subscriptionIdentifiers
    this.group = group
  }
}
