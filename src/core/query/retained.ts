/**
 * Retained Messages, in slices.
 */
import type { Qos } from '../../protocol/control-packet.ts'
import type { RetainedMessage } from '../routing/retained-message.ts'
import type { CoreState } from '../state.ts'
import { known, type Query } from './row.ts'

/** Without what it says. Times are milliseconds since 1970. */
export interface RetainedRow {
  readonly topic: string
  readonly qos: Qos
  /** Topic Name and payload. */
  readonly bytes: number
  readonly receivedAtMs: number
  /** Null: never. */
  readonly expiresAtMs: number | null
}

const sliceSize = 256

/** Those that a Topic Filter matches; as for subscribers, a wildcard at the beginning matches no Topic Name that begins with `$`. */
export function* retainedMessages({ retained }: CoreState, filter: string, nowMs: number): Query<RetainedRow> {
  const matcher = retained.matcher(filter)
  for (let hasMore = true; hasMore; ) {
    const found: RetainedMessage[] = []
    hasMore = matcher.next(sliceSize, found)
    for (const message of found) yield message.isExpired(nowMs) ? null : retainedRow(message)
    yield null
  }
}

export function retainedRow({ topicName, qos, size, receivedMs, expiresMs }: RetainedMessage): RetainedRow {
  return { topic: topicName, qos, bytes: size, receivedAtMs: receivedMs, expiresAtMs: known(expiresMs) }
}
