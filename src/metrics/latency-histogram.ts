/**
 * How long something took, counted in buckets: since the start, for `/metrics`, and of the last half minute to minute, for whoever
 * looks now. Counting costs a short search and two additions.
 */

/** Seconds; the last bucket has what took longer. */
const boundsSeconds: readonly number[] = Object.freeze([
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
])
const windowMs = 30_000

export interface Quantiles {
  /** Since the start. */
  readonly count: number
  /** Of the last half minute to minute; null if nothing was counted then. */
  readonly p50Seconds: number | null
  readonly p99Seconds: number | null
}

export class LatencyHistogram {
  readonly #counts = new Float64Array(boundsSeconds.length + 1)
  #count = 0
  #sumSeconds = 0
  /** The window that fills and the one before. */
  #window = new Float64Array(boundsSeconds.length + 1)
  #before = new Float64Array(boundsSeconds.length + 1)
  #windowEndsMs = 0
  /** The longest of each. */
  #windowMaxSeconds = 0
  #beforeMaxSeconds = 0

  get count(): number {
    return this.#count
  }

  get sumSeconds(): number {
    return this.#sumSeconds
  }

  /** `times` of them took so long. `nowMs` is of any clock that only goes forward. */
  observe(seconds: number, times: number, nowMs: number): void {
    if (times <= 0) return
    const bucket = bucketOf(seconds)
    if (nowMs >= this.#windowEndsMs) this.#beginWindow(nowMs)
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + times
    this.#window[bucket] = (this.#window[bucket] ?? 0) + times
    this.#windowMaxSeconds = Math.max(this.#windowMaxSeconds, seconds)
    this.#count += times
    this.#sumSeconds += seconds * times
  }

  /** For each bound how many took at most so long; the last is Infinity. */
  *cumulative(): Generator<readonly [boundSeconds: number, count: number]> {
    let total = 0
    for (const [index, count] of this.#counts.entries()) {
      total += count
      yield [boundsSeconds[index] ?? Number.POSITIVE_INFINITY, total]
    }
  }

  /** The longest of the last half minute to minute; 0 if nothing was counted then. */
  recentMaxSeconds(nowMs: number): number {
    if (nowMs >= this.#windowEndsMs) this.#beginWindow(nowMs)
    return Math.max(this.#windowMaxSeconds, this.#beforeMaxSeconds)
  }

  quantiles(nowMs: number): Quantiles {
    if (nowMs >= this.#windowEndsMs) this.#beginWindow(nowMs)
    return { count: this.#count, p50Seconds: this.#recent(0.5), p99Seconds: this.#recent(0.99) }
  }

  /** Where the share lies within its bucket is taken to be in proportion. */
  #recent(share: number): number | null {
    const recent = this.#window.map((count, index) => count + (this.#before[index] ?? 0))
    const wanted = recent.reduce((sum, count) => sum + count, 0) * share
    if (wanted === 0) return null
    let below = 0
    for (const [index, count] of recent.entries()) {
      if (below + count >= wanted && count > 0) {
        const lower = index === 0 ? 0 : (boundsSeconds[index - 1] ?? 0)
        const upper = boundsSeconds[index] ?? Number.POSITIVE_INFINITY
        const longest = Math.max(this.#windowMaxSeconds, this.#beforeMaxSeconds)
        return Math.min(longest, lower + ((wanted - below) / count) * (upper - lower))
      }
      below += count
    }
    return null
  }

  #beginWindow(nowMs: number): void {
    const isNext = nowMs < this.#windowEndsMs + windowMs
    const former = this.#before
    this.#before = isNext ? this.#window : new Float64Array(former.length)
    this.#beforeMaxSeconds = isNext ? this.#windowMaxSeconds : 0
    this.#windowMaxSeconds = 0
    this.#window = new Float64Array(former.length)
    this.#windowEndsMs = nowMs + windowMs
  }
}

function bucketOf(seconds: number): number {
  let bucket = 0
  while (bucket < boundsSeconds.length && seconds > (boundsSeconds[bucket] ?? 0)) bucket += 1
  return bucket
}

export { boundsSeconds }
