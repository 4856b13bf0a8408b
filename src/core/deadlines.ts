/**
 * When the core must be called again: a binary heap of due times.
 *
 * A deadline is a reminder, not a command: whoever is reminded looks at the facts again, so nothing is ever removed early.
 */
import type { Connection } from './connection/connection.ts'
import type { Seq } from './record.ts'
import type { Session } from './session/session.ts'

export type Deadline =
  /** No CONNECT has come in time. */
  | { atMs: number; readonly type: 'connect'; readonly connection: Connection }
  | { atMs: number; readonly type: 'keep-alive'; readonly connection: Connection }
  /** The Session's Will Delay or Session Expiry Interval may be over. */
  | { atMs: number; readonly type: 'session'; readonly session: Session }
  | { atMs: number; readonly type: 'retained'; readonly topicName: string }
  /** A held message may have been held long enough. */
  | { atMs: number; readonly type: 'held'; readonly seq: Seq }
  /** PUBLISH packets have waited too long for the store. */
  | { atMs: number; readonly type: 'parked'; readonly connection: Connection }
  /** The acknowledgement of a message may have waited long enough for a subscriber. */
  | { atMs: number; readonly type: 'owed'; readonly message: Seq }
  /** A client may be woken again. */
  | { atMs: number; readonly type: 'wake'; readonly session: Session }
  /** Settled copies wait to be written. */
  | { atMs: number; readonly type: 'settled' }

export class Deadlines {
  #heap: Deadline[] = []

  /** Milliseconds of the clock; Infinity if nothing is due ever. */
  get nextMs(): number {
    return this.#heap[0]?.atMs ?? Number.POSITIVE_INFINITY
  }

  get size(): number {
    return this.#heap.length
  }

  add(deadline: Deadline): void {
    const heap = this.#heap
    let position = heap.length
    heap.push(deadline)
    while (position > 0) {
      const parentPosition = (position - 1) >> 1
      const parent = heap[parentPosition]
      if (parent === undefined || parent.atMs <= deadline.atMs) break
      heap[position] = parent
      position = parentPosition
    }
    heap[position] = deadline
  }

  /** Takes the earliest deadline that is due at `nowMs`, or null. */
  takeDue(nowMs: number): Deadline | null {
    const heap = this.#heap
    const first = heap[0]
    if (first === undefined || first.atMs > nowMs) return null
    const last = heap.pop()
    if (last !== undefined && last !== first) this.#sink(last)
    return first
  }

  #sink(deadline: Deadline): void {
    const heap = this.#heap
    let position = 0
    for (;;) {
      const left = 2 * position + 1
      const leftChild = heap[left]
      if (leftChild === undefined) break
      const rightChild = heap[left + 1]
      const rightIsEarlier = rightChild !== undefined && rightChild.atMs < leftChild.atMs
      const child = rightIsEarlier ? rightChild : leftChild
      if (deadline.atMs <= child.atMs) break
      heap[position] = child
      position = rightIsEarlier ? left + 1 : left
    }
    heap[position] = deadline
  }
}
