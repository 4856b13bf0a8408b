/**
 * An operator gives up what waits for a client. What is in flight is not touched: the client may have it.
 */
import type { Seq } from '../record.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import { type Copy, nextCopy } from './copy.ts'
import type { Session } from './session.ts'

/** How far a queue reached when somebody wanted it gone: what has come since stays. */
export interface QueueEnd {
  /** Of the last record. */
  readonly order: Seq
  /** Behind the last copy that is in memory only. */
  readonly position: number
}

export interface Purged {
  messages: number
  bytes: number
}

export function queueEnd(core: CoreState, { outbound: { queue } }: Session): QueueEnd {
  return { order: core.lastSeq, position: queue === null ? 0 : queue.firstPosition + queue.length }
}

/**
 * Gives up no more than `most` of what stands before `end`, oldest first, and adds it to `purged`; false if nothing is left. What
 * is gone is written down at once.
 */
export function purgeQueue(
  core: CoreState,
  session: Session,
  end: QueueEnd,
  most: number,
  purged: Purged,
  turn: Turn,
): boolean {
  const { outbound } = session
  const { backlog } = outbound
  let left = most
  for (let first = backlog.first; first !== null && first.order <= end.order && left > 0; first = backlog.first) {
    const copy = nextCopy(first, core.bodies.get(first.set.entries.messageAt(first.position)) ?? null)
    backlog.shift()
    giveUp(core, session, copy, purged)
    left -= 1
  }
  const { queue } = outbound
  for (; queue !== null && queue.firstPosition < end.position && left > 0; left--) {
    const copy = queue.shift()
    if (copy === undefined) break
    giveUp(core, session, copy, purged)
  }
  core.writeSettledOf(session, turn)
  return left === 0
}

function giveUp(core: CoreState, session: Session, copy: Copy, purged: Purged): void {
  purged.messages += 1
  purged.bytes += copy.size
  core.endCopy('droppedByOperator', session, copy.messageSeq, copy.message)
  if (copy.order > 0) core.settle(session, copy)
}
