/**
 * How late the event loop comes to what is due: a timer that is due every 250 ms notes how late it is.
 *
 * Not Node's own monitor: it loses what happens next whenever it is emptied, a long block after a look at it above all, and counts a
 * block once, however much was due meanwhile. Here each moment counts alike, so that quantiles are those of anything that may be due.
 */
import { LatencyHistogram } from './latency-histogram.ts'

/** Each look wakes the process: at 50 a second they were most of what a broker cost that had nothing to do. */
const stepMs = 250
/** A longer block counts as one of this length: what it says is clear by then. */
const countedMsMax = 60_000

export class EventLoopDelay {
  readonly histogram = new LatencyHistogram()
  #timer: NodeJS.Timeout | null = null
  #dueMs = 0

  start(): void {
    this.stop()
    this.#dueMs = performance.now() + stepMs
    this.#timer = setTimeout(this.#look, stepMs).unref()
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  readonly #look = (): void => {
    const nowMs = performance.now()
    this.note(Math.max(0, nowMs - this.#dueMs), nowMs)
    this.#dueMs = nowMs + stepMs
    this.#timer?.refresh()
  }

  /** The loop came so late. What would have been due in between was late as well, by less. */
  note(lateMs: number, nowMs: number): void {
    this.histogram.observe(lateMs / 1000, 1, nowMs)
    for (let restMs = Math.min(lateMs, countedMsMax) - stepMs; restMs > 0; restMs -= stepMs) {
      this.histogram.observe(restMs / 1000, 1, nowMs)
    }
  }
}
