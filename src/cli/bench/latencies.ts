/**
 * Times in a histogram of fixed size: 128 steps for each power of two microseconds, so that a percentile is within one percent.
 */
const steps = 128
const powers = 30

export interface LatencySummary {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

export class Latencies {
  readonly #counts = new Float64Array(steps * powers)
  #total = 0
  #maxUs = 0

  get total(): number {
    return this.#total
  }

  add(ms: number): void {
    // Clocks of two machines may disagree: nothing arrives before it was sent.
    const us = Math.min(2 ** 31 - 1, Math.max(0, Math.round(ms * 1000)))
    this.#total += 1
    if (us > this.#maxUs) this.#maxUs = us
    const index = placeOf(us)
    this.#counts[index] = (this.#counts[index] ?? 0) + 1
  }

  /** Milliseconds. `share` of all were at most so long; 0 if there were none. */
  at(share: number): number {
    let left = Math.ceil(this.#total * share)
    if (left === 0) return 0
    for (let index = 0; index < this.#counts.length; index += 1) {
      left -= this.#counts[index] ?? 0
      if (left <= 0) return Math.min(lowestOf(index), this.#maxUs) / 1000
    }
    return this.#maxUs / 1000
  }

  /** Null if there were none. */
  summary(): LatencySummary | null {
    if (this.#total === 0) return null
    const [p50, p90, p99, p999] = [this.at(0.5), this.at(0.9), this.at(0.99), this.at(0.999)]
    return { p50, p90, p99, p999, max: this.#maxUs / 1000 }
  }
}

function placeOf(us: number): number {
  if (us < steps) return us
  const power = 31 - Math.clz32(us) - 7
  return steps * power + (us >> power)
}

function lowestOf(index: number): number {
  if (index < 2 * steps) return index
  const power = Math.floor(index / steps) - 1
  return (index - steps * power) * 2 ** power
}
