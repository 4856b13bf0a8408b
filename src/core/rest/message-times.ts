/**
 * When the message of a record came in, to about a second, for messages that are in the store only.
 *
 * Records are numbered in the order of time, so a few marks do: one for each second with messages. With many of them every
 * other one is given up, and the rest stand for more time.
 */
const marksMax = 16_384

export class MessageTimes {
  #seqs: number[] = []
  #times: number[] = []
  #stepMs = 1000
  #nextMs = Number.NEGATIVE_INFINITY

  /** The message with this seq, higher than every one before, came in then. */
  note(seq: number, receivedMs: number): void {
    if (receivedMs < this.#nextMs) return
    this.#nextMs = receivedMs + this.#stepMs
    this.#seqs.push(seq)
    this.#times.push(receivedMs)
    if (this.#seqs.length > marksMax) this.#thin()
  }

  /** Not later than it came in; 0 if that is not known. */
  timeOf(seq: number): number {
    let low = 0
    let high = this.#seqs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#seqs[middle] ?? 0) <= seq) low = middle + 1
      else high = middle
    }
    return low === 0 ? 0 : (this.#times[low - 1] ?? 0)
  }

  #thin(): void {
    this.#seqs = this.#seqs.filter((_, index) => index % 2 === 0)
    this.#times = this.#times.filter((_, index) => index % 2 === 0)
    this.#stepMs *= 2
  }
}
