/**
 * An Application Message the broker has taken in, shared by all of its copies. MQTT 5.0 section 3.3.
 *
 * Never changed after admission; whoever keeps it beyond the turn calls `own()` first.
 */
import type { Publish } from '../protocol/packets/publish.ts'
import type { Identity } from './access/access-policy.ts'
import type { MessageTrace } from './message-tracer.ts'
import { isAhead } from './session/packet-ids.ts'

export class Message {
  /** Place of its record in the log, 0 while it has none; records refer to it. */
  seq: number
  readonly publish: Publish
  readonly receivedMs: number
  /** When its Message Expiry Interval is over; Infinity without one [MQTT-3.3.2-5]. */
  readonly expiresMs: number
  /** In a full queue its copies are given up for newer messages. */
  mayGiveWay = false
  /** The Packet Identifier its copies prefer: the highest one has had so far. 0 if it goes to one Session alone. */
  sharedPacketId = 0
  /** Who published it, if it is retained and a client did: whether it still may is asked when it is delivered. */
  publisher: Identity | null = null
  /** Of its entry in the log of fates; 0 if it has none. */
  entryId = 0
  /** Whoever follows it on its way; null for nearly all. */
  trace: MessageTrace | null = null

  constructor(seq: number, publish: Publish, nowMs: number) {
    this.seq = seq
    this.publish = publish
    this.receivedMs = nowMs
    const seconds = publish.properties.messageExpiryInterval
    this.expiresMs = seconds === undefined ? Number.POSITIVE_INFINITY : nowMs + seconds * 1000
  }

  get topicName(): string {
    return this.publish.topicName
  }

  /** Bytes this message counts for in a queue: Topic Name and payload. */
  get size(): number {
    return this.publish.topicName.length + this.publish.payloadSize
  }

  /** Frees the socket's chunk the message came in. */
  own(): void {
    this.publish.own()
  }

  /** The same for as long as it is in flight, where many share the cost. */
  ownBriefly(): void {
    this.publish.ownBriefly()
  }

  /** A copy has this Packet Identifier: those that follow prefer it, too, if counting forwards leads to it. */
  wentOutAs(packetId: number): void {
    const shared = this.sharedPacketId
    if (shared !== packetId && shared > 0 && isAhead(packetId, shared)) this.sharedPacketId = packetId
  }

  isExpired(nowMs: number): boolean {
    return this.expiresMs <= nowMs
  }

  /**
   * Whole seconds left to live, rounded up; -1 if it never expires. The received interval minus the time it waited
   * here [MQTT-3.3.2-6].
   */
  secondsLeft(nowMs: number): number {
    if (this.expiresMs === Number.POSITIVE_INFINITY) return -1
    return Math.max(0, Math.ceil((this.expiresMs - nowMs) / 1000))
  }
}
