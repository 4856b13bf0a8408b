/**
 * First in, first out, with the sum of the sizes kept. @hot
 *
 * An array with a moving head: cheaper than shifting, and it frees what was taken in blocks.
 */
import type { Copy } from './copy.ts'
import type { UnderWay } from './under-way.ts'

export class MessageQueue {
  #copies: (Copy | undefined)[] = []
  #head = 0
  #bytes = 0
  readonly #underWay: UnderWay

  constructor(underWay: UnderWay) {
    this.#underWay = underWay
  }

  get length(): number {
    return this.#copies.length - this.#head
  }

  /** Bytes of Topic Names and payloads. */
  get bytes(): number {
    return this.#bytes
  }

  get first(): Copy | undefined {
    return this.#copies[this.#head]
  }

  push(copy: Copy): void {
    this.#copies.push(copy)
    this.#bytes += copy.size
    this.#underWay.queued += 1
  }

  shift(): Copy | undefined {
    const copy = this.#copies[this.#head]
    if (copy === undefined) return undefined
    this.#copies[this.#head] = undefined
    this.#head += 1
    this.#bytes -= copy.size
    this.#underWay.queued -= 1
    if (this.#head === this.#copies.length) {
      this.#copies = []
      this.#head = 0
    } else if (this.#head >= 1024 && this.#head * 2 >= this.#copies.length) {
      this.#copies = this.#copies.slice(this.#head)
      this.#head = 0
    }
    return copy
  }

  /** Takes the oldest copy out whose message may give way to newer ones; null if there is none. */
  takeFirstToGiveWay(): Copy | null {
    for (let position = this.#head; position < this.#copies.length; position++) {
      const copy = this.#copies[position]
      if (copy?.message?.mayGiveWay !== true) continue
      this.#copies.splice(position, 1)
      this.#bytes -= copy.size
      this.#underWay.queued -= 1
      return copy
    }
    return null
  }

  /** Oldest first. */
  *[Symbol.iterator](): Generator<Copy> {
    for (let position = this.#head; position < this.#copies.length; position++) {
      const copy = this.#copies[position]
      if (copy !== undefined) yield copy
    }
  }
}
