/**
 * How late the event loop comes to what is due: whoever looks at it every 250 ms has it note how late that is.
 *
 * Not Node's own monitor: it loses what happens next whenever it is emptied, a long block after a look at it above all, and counts a
 * block once, however much was due meanwhile. Here each moment counts alike, so that quantiles are those of anything that may be due.
 */
import { LatencyHistogram } from './latency-histogram.ts'

/** A longer block counts as one of this length: what it says is clear by then. */
const countedMsMax = 60_000

export class EventLoopDelay {
  readonly histogram = new LatencyHistogram()
  readonly #stepMs: number
  #dueMs = 0

  /** `stepMs`: how often `look` is called, as near as the event loop comes to it. */
  constructor(stepMs: number) {
    this.#stepMs = stepMs
  }

  /** From now on `look` is called. */
  begin(): void {
    this.#dueMs = performance.now() + this.#stepMs
  }

  look(): void {
    const nowMs = performance.now()
    this.note(Math.max(0, nowMs - this.#dueMs), nowMs)
    this.#dueMs = nowMs + this.#stepMs
  }

  /** The loop came so late. What would have been due in between was late as well, by less. */
  note(lateMs: number, nowMs: number): void {
    this.histogram.observe(lateMs / 1000, 1, nowMs)
    for (let restMs = Math.min(lateMs, countedMsMax) - this.#stepMs; restMs > 0; restMs -= this.#stepMs) {
      this.histogram.observe(restMs / 1000, 1, nowMs)
    }
  }
}
