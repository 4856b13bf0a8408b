/**
 * When the core must be called again: a binary heap of due times.
 *
 * A deadline is a reminder, not a command: whoever is reminded looks at the facts again, so nobody has to take one back. One that
 * has become vain would keep what it is about alive until it is due, which may be hours: each addition looks at two others, each end
 * of a connection at three, and drops those that are vain. So about half of what is here is not, and where all leave nothing stays.
 */
import type { BanKind } from './access/ban-list.ts'
import type { Connection } from './connection/connection.ts'
import type { Seq } from './record.ts'
import type { Session } from './session/session.ts'

export type Deadline =
  /** No CONNECT has come in time. */
  | { atMs: number; readonly type: 'connect'; readonly connection: Connection }
  | { atMs: number; readonly type: 'keep-alive'; readonly connection: Connection }
  /** What a client logged in with is over. */
  | { atMs: number; readonly type: 'login'; readonly connection: Connection }
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
  /** A ban may be over. */
  | { atMs: number; readonly type: 'ban'; readonly as: BanKind; readonly who: string }
  /** Settled copies wait to be written. */
  | { atMs: number; readonly type: 'settled' }

export class Deadlines {
  readonly #isVain: (deadline: Deadline) => boolean
  #heap: Deadline[] = []
  /** What is looked at next. */
  #lookAt = 0

  /** `isVain` says that nothing would be done at that time, whatever happens until then. */
  constructor(isVain: (deadline: Deadline) => boolean) {
    this.#isVain = isVain
  }

  /** Milliseconds of the clock; Infinity if nothing is due ever. */
  get nextMs(): number {
    return this.#heap[0]?.atMs ?? Number.POSITIVE_INFINITY
  }

  get size(): number {
    return this.#heap.length
  }

  add(deadline: Deadline): void {
    this.#lookAtNext()
    this.#lookAtNext()
    this.#heap.push(deadline)
    this.#rise(deadline, this.#heap.length - 1)
  }

  /** What some of them are about has ended. */
  lookAtSome(): void {
    for (let count = 0; count < 3; count++) this.#lookAtNext()
  }

  #lookAtNext(): void {
    const heap = this.#heap
    if (this.#lookAt >= heap.length) this.#lookAt = 0
    const deadline = heap[this.#lookAt]
    if (deadline === undefined) return
    if (this.#isVain(deadline)) this.#drop(this.#lookAt)
    else this.#lookAt += 1
  }

  #drop(position: number): void {
    const last = this.#heap.pop()
    if (last === undefined || position === this.#heap.length) return
    this.#sink(last, position)
    // It may be earlier than what was above the one that is gone.
    if (this.#heap[position] === last) this.#rise(last, position)
  }

  #rise(deadline: Deadline, from: number): void {
    const heap = this.#heap
    let position = from
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
    if (last !== undefined && last !== first) this.#sink(last, 0)
    return first
  }

  #sink(deadline: Deadline, from: number): void {
    const heap = this.#heap
    let position = from
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
