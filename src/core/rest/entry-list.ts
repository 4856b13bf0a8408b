/**
 * The messages of one recipient set that somebody still waits for, oldest first, in columns. @hot
 *
 * A Session away for a month may have a million of them: an entry is twenty bytes and no object. Positions count up for
 * ever, so that a reader's place stays right when entries in front of it are forgotten.
 */
const smallest = 8
const givesWay = 2 ** 31

export class EntryList {
  #orders = new Float64Array(smallest)
  #messages = new Float64Array(smallest)
  /** The highest bit says that the message may give way to newer ones. */
  #sizes = new Uint32Array(smallest)
  /** Position of the entry at index 0. */
  #base = 0
  #count = 0

  /** The position behind the last entry. */
  get end(): number {
    return this.#base + this.#count
  }

  get count(): number {
    return this.#count
  }

  /**
   * Adds an entry and returns its position. `order` is the seq of the record that made it and higher than every order
   * before; `message` the seq of its message; `size` in bytes, below 2^31.
   */
  push(order: number, message: number, size: number, mayGiveWay: boolean): number {
    if (this.#count === this.#orders.length) this.#resize(this.#count * 2)
    const index = this.#count
    this.#orders[index] = order
    this.#messages[index] = message
    this.#sizes[index] = mayGiveWay ? size + givesWay : size
    this.#count += 1
    return this.#base + index
  }

  /** Infinity behind the last entry. */
  orderAt(position: number): number {
    const index = position - this.#base
    return index < this.#count ? (this.#orders[index] ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY
  }

  messageAt(position: number): number {
    return this.#messages[position - this.#base] ?? 0
  }

  sizeAt(position: number): number {
    return (this.#sizes[position - this.#base] ?? 0) & ~givesWay
  }

  mayGiveWayAt(position: number): boolean {
    return (this.#sizes[position - this.#base] ?? 0) >= givesWay
  }

  /** The position of the entry with this order, or -1. */
  find(order: number): number {
    let low = 0
    let high = this.#count - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      const found = this.#orders[middle] ?? 0
      if (found === order) return this.#base + middle
      if (found < order) low = middle + 1
      else high = middle - 1
    }
    return -1
  }

  /** Forgets what lies before `position`; frees memory when that is more than half. */
  forgetBefore(position: number): void {
    const gone = position - this.#base
    if (gone * 2 < this.#count || gone <= 0) return
    const left = this.#count - gone
    this.#orders.copyWithin(0, gone, this.#count)
    this.#messages.copyWithin(0, gone, this.#count)
    this.#sizes.copyWithin(0, gone, this.#count)
    this.#base = position
    this.#count = left
    if (this.#orders.length > smallest && left * 4 < this.#orders.length) this.#resize(Math.max(smallest, left * 2))
  }

  #resize(length: number): void {
    const orders = new Float64Array(length)
    orders.set(this.#orders.subarray(0, this.#count))
    this.#orders = orders
    const messages = new Float64Array(length)
    messages.set(this.#messages.subarray(0, this.#count))
    this.#messages = messages
    const sizes = new Uint32Array(length)
    sizes.set(this.#sizes.subarray(0, this.#count))
    this.#sizes = sizes
  }
}
