/**
 * How much there was of something in a minute, averaged over the last 1, 5 and 15 minutes, as mosquitto does it: what is longer
 * ago counts exponentially less.
 */
const spansMs = [60_000, 300_000, 900_000]

export class LoadAverage {
  #total = 0
  readonly #perMinute = [0, 0, 0]

  /** The counter stands at `total` now, `passedMs` after the last time. */
  update(total: number, passedMs: number): void {
    if (passedMs <= 0) return
    const perMinute = ((total - this.#total) * 60_000) / passedMs
    this.#total = total
    this.#fade(perMinute, passedMs)
  }

  /** Nothing was counted for so long. */
  rest(passedMs: number): void {
    if (passedMs > 0) this.#fade(0, passedMs)
  }

  /** For 1, 5 and 15 minutes, as they are published. */
  get texts(): readonly string[] {
    return this.#perMinute.map((value) => value.toFixed(2))
  }

  #fade(perMinute: number, passedMs: number): void {
    for (const [index, spanMs] of spansMs.entries()) {
      const before = this.#perMinute[index] ?? 0
      this.#perMinute[index] = perMinute + Math.exp(-passedMs / spanMs) * (before - perMinute)
    }
  }
}
