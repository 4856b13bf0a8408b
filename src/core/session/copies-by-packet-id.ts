/**
 * Copies by their Packet Identifier, in the order they were put in. @hot
 *
 * Not a Map: one that loses as many entries as it gets makes a new table all the time, and each old table leads to the next. Once
 * one of them is in the old generation of the garbage collector, all that follow are kept with every message they held: twice the
 * time for each message (docs/decisions/0023-no-map-in-flight.md). Here a slot is used again, and a copy that has left leads nowhere.
 */
import type { Copy } from './copy.ts'

const smallest = 16
const largest = 65_536

export class CopiesByPacketId {
  /** A Packet Identifier stands at its remainder by the length, which is a power of two; at most half of them are taken. */
  #slots: (Copy | null)[] = emptySlots(smallest)
  #size = 0
  #first: Copy | null = null
  #last: Copy | null = null

  get size(): number {
    return this.#size
  }

  get(packetId: number): Copy | undefined {
    const copy = this.#slots[packetId & (this.#slots.length - 1)]
    return copy === null || copy === undefined || copy.packetId !== packetId ? undefined : copy
  }

  /** Whether something stands where this one would: it itself, or one that can wait until a better one is found. */
  isTaken(packetId: number): boolean {
    return this.#slots[packetId & (this.#slots.length - 1)] !== null
  }

  /** Puts a copy behind all others, under its Packet Identifier, which no other one here has. */
  add(copy: Copy): void {
    while (this.isTaken(copy.packetId) || this.#size * 2 >= this.#slots.length) {
      if (this.#slots.length === largest) break
      this.#grow()
    }
    this.#slots[copy.packetId & (this.#slots.length - 1)] = copy
    this.#size += 1
    copy.before = this.#last
    if (this.#last === null) this.#first = copy
    else this.#last.after = copy
    this.#last = copy
  }

  /** True if it was there. */
  delete(copy: Copy): boolean {
    if (this.get(copy.packetId) !== copy) return false
    this.#slots[copy.packetId & (this.#slots.length - 1)] = null
    this.#size -= 1
    const { before, after } = copy
    if (before === null) this.#first = after
    else before.after = after
    if (after === null) this.#last = before
    else after.before = before
    copy.before = null
    copy.after = null
    return true
  }

  /** Oldest first. The one that was yielded last may be deleted meanwhile. */
  *[Symbol.iterator](): Generator<Copy> {
    for (let copy = this.#first; copy !== null; ) {
      const next: Copy | null = copy.after
      yield copy
      copy = next
    }
  }

  /** Different remainders stay different when the length doubles. */
  #grow(): void {
    const slots = emptySlots(this.#slots.length * 2)
    for (const copy of this) slots[copy.packetId & (slots.length - 1)] = copy
    this.#slots = slots
  }
}

function emptySlots(length: number): (Copy | null)[] {
  return new Array<Copy | null>(length).fill(null)
}
