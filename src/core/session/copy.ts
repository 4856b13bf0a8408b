/**
 * One Session's copy of a message at QoS 1 or 2, from the moment it is sent, or queued in memory, until its fate.
 *
 * Copies of a durable Session that wait are no objects yet: they are entries of its Backlog.
 */
import type { Qos } from '../../protocol/control-packet.ts'
import type { Message } from '../message.ts'
import type { RetainRule } from '../record.ts'
import type { Member } from '../rest/recipient-set.ts'

export class Copy {
  /** Null until it is read from the store. */
  message: Message | null
  /** Seq of the message's record; 0 if it has none. */
  readonly messageSeq: number
  /** Seq of the record that made the copy, kept for its sake with that of the message; 0 if nothing is kept. */
  readonly order: number
  /** Bytes of Topic Name and payload. */
  readonly size: number
  readonly qos: Qos
  readonly retain: RetainRule
  readonly subscriptionIdentifiers: readonly number[] | null
  /** Topic Filter of the Shared Subscription it came through: if the Session ends, another member may get it. */
  readonly sharedFilter: string | null
  /** 0 while it waits in the queue. */
  packetId = 0
  /** It was sent on this Network Connection and takes one place of the Receive Maximum. */
  isOnWire = false
  /** QoS 2: PUBREC has arrived, PUBREL is or was sent; the message itself is not sent again [MQTT-4.3.3-4]. */
  isReceived = false
  /** Its neighbours in the order of sending; kept by the list it is in. */
  before: Copy | null = null
  after: Copy | null = null

  constructor(
    message: Message | null,
    messageSeq: number,
    order: number,
    size: number,
    qos: Qos,
    retain: RetainRule,
    subscriptionIdentifiers: readonly number[] | null,
    sharedFilter: string | null,
  ) {
    this.message = message
    this.messageSeq = messageSeq
    this.order = order
    this.size = size
    this.qos = qos
    this.retain = retain
    this.subscriptionIdentifiers = subscriptionIdentifiers
    this.sharedFilter = sharedFilter
  }
}

/** A member's copy; without the message its QoS is the granted one, which only those care about who send it. */
export function copyFor(member: Member, message: Message | null, seq: number, order: number, size: number): Copy {
  const { retain, subscriptionIdentifiers, sharedFilter } = member
  const qos = message !== null && message.publish.qos < member.qos ? message.publish.qos : member.qos
  return new Copy(message, seq, order, size, qos, retain, subscriptionIdentifiers, sharedFilter)
}

/** The copy of the oldest entry a member waits for. */
export function nextCopy(member: Member, message: Message | null): Copy {
  const { position } = member
  const { entries } = member.set
  const seq = entries.messageAt(position)
  return copyFor(member, message, seq, entries.orderAt(position), entries.sizeAt(position))
}

/** The copy once its message is there. */
export function withMessage(copy: Copy, message: Message): Copy {
  const { messageSeq, order, size, retain, subscriptionIdentifiers, sharedFilter } = copy
  const qos = message.publish.qos < copy.qos ? message.publish.qos : copy.qos
  return new Copy(message, messageSeq, order, size, qos, retain, subscriptionIdentifiers, sharedFilter)
}
