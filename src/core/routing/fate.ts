/**
 * How every message and every copy ends: exactly one named fate each.
 *
 * Two equations hold after every Turn:
 * messages `received + made` = the sum of all message fates;
 * copies `created` = the sum of all copy fates + those in flight + those queued.
 */
export type MessageFate = 'routed' | 'retainedOnly' | 'unmatched' | 'refused' | 'expired'

export type CopyFate =
  /** By PUBACK or PUBCOMP, or ended by a PUBACK or PUBREC with an error (MQTT 5.0 section 4.8.2). */
  | 'acknowledged'
  | 'sentQos0'
  | 'expired'
  | 'sessionEnded'
  /** Larger than the client's Maximum Packet Size [MQTT-3.1.2-25]. */
  | 'droppedTooLarge'
  /** QoS 0 for a client that is not connected. */
  | 'droppedOffline'
  /** QoS 0 for a client that does not take what was sent. */
  | 'droppedSlow'
  /** The Session's queue is full, and the message had no publisher that could be refused. */
  | 'droppedQueueFull'
  /** The Session's queue is full, and the message was published as a dead letter. */
  | 'deadLettered'

export class Tally {
  /** PUBLISH packets from clients that were new, not repeated; one whose permission is still asked for is not here yet. */
  received = 0
  /** Messages the broker or code that embeds it made: wills, `publish` calls. */
  made = 0
  readonly messages: Record<MessageFate, number> = { routed: 0, retainedOnly: 0, unmatched: 0, refused: 0, expired: 0 }
  created = 0
  readonly copies: Record<CopyFate, number> = {
    acknowledged: 0,
    sentQos0: 0,
    expired: 0,
    sessionEnded: 0,
    droppedTooLarge: 0,
    droppedOffline: 0,
    droppedSlow: 0,
    droppedQueueFull: 0,
    deadLettered: 0,
  }
}
