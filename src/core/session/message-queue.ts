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
  /** Position of what stands at index 0. */
  #base = 0
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

  /** Of the first copy: positions count up for ever, so that a reader's place stays right when what is in front of it leaves. */
  get firstPosition(): number {
    return this.#base + this.#head
  }

  /** Undefined behind the last copy, and for those that have left. */
  at(position: number): Copy | undefined {
    return this.#copies[position - this.#base]
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
    this.#forgetBeginning()
    return copy
  }

  /** Takes the oldest copy out whose message may give way to newer ones; null if there is none. */
  takeFirstToGiveWay(): Copy | null {
    for (let position = this.#head; position < this.#copies.length; position++) {
      const copy = this.#copies[position]
      if (copy?.message?.mayGiveWay !== true) continue
      // Those behind it keep their positions.
      this.#copies.copyWithin(this.#head + 1, this.#head, position)
      this.#copies[this.#head] = undefined
      this.#head += 1
      this.#bytes -= copy.size
      this.#underWay.queued -= 1
      this.#forgetBeginning()
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

  #forgetBeginning(): void {
    if (this.#head === this.#copies.length) {
      this.#base += this.#head
      this.#copies = []
      this.#head = 0
    } else if (this.#head >= 1024 && this.#head * 2 >= this.#copies.length) {
      this.#base += this.#head
      this.#copies = this.#copies.slice(this.#head)
      this.#head = 0
    }
  }
}
