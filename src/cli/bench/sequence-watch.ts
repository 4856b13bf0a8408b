/**
 * The messages of one publisher as one subscriber gets them: which are missing, which came twice, which came too late.
 *
 * Numbers count from 0. What is missing is remembered one by one up to a bound; beyond it a message that comes after all counts as one
 * that came twice.
 */
const rememberedMax = 1_000_000

export class SequenceWatch {
  #next: number
  readonly #missing = new Set<number>()
  #forgotten = 0
  distinct = 0
  duplicates = 0
  outOfOrder = 0

  /** `first` is the first number that is expected. */
  constructor(first = 0) {
    this.#next = first
  }

  /** Messages before the last one that have not come. */
  get gaps(): number {
    return this.#missing.size + this.#forgotten
  }

  saw(sequence: number): void {
    if (sequence === this.#next) {
      this.#next += 1
      this.distinct += 1
      return
    }
    if (sequence > this.#next) {
      this.#miss(this.#next, sequence)
      this.#next = sequence + 1
      this.distinct += 1
      return
    }
    if (!this.#missing.delete(sequence)) {
      this.duplicates += 1
      return
    }
    this.outOfOrder += 1
    this.distinct += 1
  }

  #miss(from: number, to: number): void {
    const remembered = Math.min(to - from, Math.max(0, rememberedMax - this.#missing.size))
    for (let sequence = from; sequence < from + remembered; sequence += 1) this.#missing.add(sequence)
    this.#forgotten += to - from - remembered
  }
}
