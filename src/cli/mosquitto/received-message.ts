/**
 * A message as the output knows it: what was received, and when.
 */
import type { PublishProperties, Qos } from '../../protocol/control-packet.ts'

export interface ReceivedMessage {
  readonly topicName: string
  readonly payload: Buffer
  readonly qos: Qos
  readonly retain: boolean
  /** 0 at QoS 0. */
  readonly packetId: number
  readonly properties: PublishProperties
}

/** Milliseconds and nanoseconds of the same moment: `Date` alone is too coarse for `@N`. */
export interface Moment {
  readonly date: Date
  /** Within the second. */
  readonly nanoseconds: number
}

/** The present moment, to the microsecond. */
export function presentMoment(): Moment {
  const nowMs = performance.timeOrigin + performance.now()
  const nanoseconds = Math.floor((nowMs % 1000) * 1_000_000)
  return { date: new Date(nowMs), nanoseconds: Math.min(nanoseconds, 999_999_999) }
}
