/**
 * An Application Message the broker has taken in, shared by all of its copies. MQTT 5.0 section 3.3.
 *
 * Never changed after admission; whoever keeps it beyond the turn calls `own()` first.
 */
import type { Publish } from '../protocol/packets/publish.ts'
import type { Session } from './session/session.ts'

export class Message {
  /** Counts up from 1 in one broker's life; records refer to it. */
  readonly id: number
  readonly publish: Publish
  /** The Session that published it; null for the broker itself and for code that embeds it. */
  readonly publisher: Session | null
  readonly receivedMs: number
  /** When its Message Expiry Interval is over; Infinity without one [MQTT-3.3.2-5]. */
  readonly expiresMs: number

  constructor(id: number, publish: Publish, publisher: Session | null, nowMs: number) {
    this.id = id
    this.publish = publish
    this.publisher = publisher
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
