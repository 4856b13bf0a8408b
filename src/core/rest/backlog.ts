/**
 * What one durable Session still waits for, oldest first: its places in recipient sets, merged by order. @hot
 *
 * A binary heap of the sets in which something waits; a new entry always belongs at its end, because it is the youngest.
 */

import { type Copy, copyFor } from '../session/copy.ts'
import type { UnderWay } from '../session/under-way.ts'
import type { MessageBodies } from './message-bodies.ts'
import type { Member } from './recipient-set.ts'

export class Backlog {
  #heap: Member[] = []
  /** Orders of entries that were taken before their turn, after a restart. */
  #taken: Set<number> | null = null
  #messages = 0
  #bytes = 0
  readonly #underWay: UnderWay

  constructor(underWay: UnderWay) {
    this.#underWay = underWay
  }

  /** Entries that wait. */
  get length(): number {
    return this.#messages
  }

  /** Bytes of Topic Names and payloads. */
  get bytes(): number {
    return this.#bytes
  }

  /** The member of the oldest entry, which is at its `position`; null if nothing waits. */
  get first(): Member | null {
    // Reading behind the end of an array costs the code that V8 has made of whoever asks.
    return this.#heap.length === 0 ? null : (this.#heap[0] ?? null)
  }

  /** The sets in which something waits, in no order; to look at only. */
  get members(): readonly Member[] {
    return this.#heap
  }

  /** Everything before this order has left the backlog; Infinity if nothing waits. */
  get firstOrder(): number {
    return this.#heap[0]?.order ?? Number.POSITIVE_INFINITY
  }

  /** Orders behind `firstOrder` that have left it, too. */
  get taken(): number[] {
    const { firstOrder } = this
    return [...(this.#taken ?? [])].filter((order) => order > firstOrder)
  }

  /** An entry, the last of its set, is for this member. */
  add(member: Member, position: number, size: number): void {
    this.#messages += 1
    this.#underWay.queued += 1
    this.#bytes += size
    if (member.position >= 0) return
    member.position = position
    member.set.waiting += 1
    this.#heap.push(member)
  }

  /** The oldest entry is done with. */
  shift(): void {
    const first = this.#heap[0]
    if (first === undefined) return
    this.#messages -= 1
    this.#underWay.queued -= 1
    this.#bytes -= first.set.entries.sizeAt(first.position)
    this.#advance(first)
    this.#skipTaken()
  }

  /** Takes the entry with this order out, wherever it is; its message's seq and its member, or null if there is none. */
  take(order: number): { member: Member; message: number; size: number } | null {
    for (const member of this.#heap) {
      const { entries } = member.set
      const position = entries.find(order)
      if (position < member.position || this.#taken?.has(order)) continue
      const message = entries.messageAt(position)
      const size = entries.sizeAt(position)
      if (member === this.#heap[0] && position === member.position) this.shift()
      else {
        this.#taken ??= new Set()
        this.#taken.add(order)
        this.#messages -= 1
        this.#underWay.queued -= 1
        this.#bytes -= size
      }
      return { member, message, size }
    }
    return null
  }

  /** Takes the oldest entry out that may give way to newer ones; null if there is none. */
  takeFirstToGiveWay(bodies: MessageBodies): Copy | null {
    let firstOrder = Number.POSITIVE_INFINITY
    for (const member of this.#heap) {
      const { entries } = member.set
      for (let at = member.position; at < entries.end && entries.orderAt(at) < firstOrder; at++) {
        if (!entries.mayGiveWayAt(at) || this.#taken?.has(entries.orderAt(at)) === true) continue
        firstOrder = entries.orderAt(at)
      }
    }
    const taken = this.take(firstOrder)
    if (taken === null) return null
    return copyFor(taken.member, bodies.get(taken.message) ?? null, taken.message, firstOrder, taken.size)
  }

  /** Whether the entry with this order waits. */
  holds(order: number): boolean {
    if (this.#taken?.has(order) === true) return false
    return this.#heap.some((member) => member.set.entries.find(order) >= member.position)
  }

  /** Orders that a snapshot says were taken; before any entry is added. */
  restoreTaken(orders: readonly number[]): void {
    this.#taken = orders.length === 0 ? null : new Set(orders)
  }

  isTaken(order: number): boolean {
    return this.#taken?.has(order) === true
  }

  /** What waits, oldest first; nothing is taken. */
  waiting(): { member: Member; order: number; message: number; size: number }[] {
    const found: { member: Member; order: number; message: number; size: number }[] = []
    for (const member of this.#heap) {
      const { entries } = member.set
      for (let at = member.position; at < entries.end; at++) {
        const order = entries.orderAt(at)
        if (this.#taken?.has(order) === true) continue
        found.push({ member, order, message: entries.messageAt(at), size: entries.sizeAt(at) })
      }
    }
    return found.sort((one, other) => one.order - other.order)
  }

  /** Empties itself, oldest first. */
  *drain(): Generator<{ member: Member; order: number; message: number; size: number }> {
    for (let member = this.first; member !== null; member = this.first) {
      const { order, position } = member
      const { entries } = member.set
      const message = entries.messageAt(position)
      const size = entries.sizeAt(position)
      this.shift()
      yield { member, order, message, size }
    }
  }

  /**
   * Seqs of the messages next in turn that are not in `bodies`, within the bounds but at least one: those of the oldest
   * entry's set first. What was taken is none of them, because its record may be gone; nor what is not durable yet.
   */
  peek(count: number, bytesMax: number, bodies: MessageBodies): number[] {
    const found: number[] = []
    let bytes = 0
    const members = this.#heap.length > 1 ? [...this.#heap].sort((one, other) => one.order - other.order) : this.#heap
    for (const { set, position } of members) {
      for (let at = position; at < set.entries.end; at++) {
        if (this.#taken?.has(set.entries.orderAt(at)) === true) continue
        bytes += set.entries.sizeAt(at)
        if (found.length > 0 && (found.length >= count || bytes > bytesMax)) return found
        const seq = set.entries.messageAt(at)
        if (bodies.get(seq) === undefined) found.push(seq)
      }
    }
    return found
  }

  #skipTaken(): void {
    const taken = this.#taken
    if (taken === null) return
    for (let first = this.#heap[0]; first !== undefined && taken.delete(first.order); first = this.#heap[0]) {
      this.#advance(first)
    }
    if (taken.size === 0) this.#taken = null
  }

  #advance(first: Member): void {
    if (!first.advance()) {
      const last = this.#heap.pop()
      if (last === undefined || last === first) return
      this.#heap[0] = last
    }
    this.#sink()
  }

  /** Moves the first member down to where its order belongs. */
  #sink(): void {
    const heap = this.#heap
    const member = heap[0]
    if (member === undefined || heap.length === 1) return
    const { order } = member
    let position = 0
    for (;;) {
      const left = 2 * position + 1
      const leftMember = heap[left]
      if (leftMember === undefined) break
      const rightMember = heap[left + 1]
      const child = rightMember !== undefined && rightMember.order < leftMember.order ? rightMember : leftMember
      if (order <= child.order) break
      heap[position] = child
      position = child === leftMember ? left : left + 1
    }
    heap[position] = member
  }
}
