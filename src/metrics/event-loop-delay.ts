/**
 * How late the event loop comes to what is due: measured by Node itself, so that nothing of ours runs for it until somebody asks.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { boundsSeconds, LatencyHistogram } from './latency-histogram.ts'

type Monitor = ReturnType<typeof monitorEventLoopDelay>

/** How often Node looks. What it measures is the whole step, so this is taken off. */
const resolutionMs = 20

export class EventLoopDelay {
  readonly histogram = new LatencyHistogram()
  readonly #monitor: Monitor = monitorEventLoopDelay({ resolution: resolutionMs })
  #maxSeconds = 0

  start(): void {
    this.#monitor.enable()
  }

  stop(): void {
    this.#monitor.disable()
  }

  /** The longest delay that was measured between the last two times somebody asked. */
  get maxSeconds(): number {
    return this.#maxSeconds
  }

  /** Takes over what was measured since the last time. */
  update(nowMs: number): void {
    const monitor = this.#monitor
    const count = monitor.count
    if (count === 0) return
    this.#maxSeconds = delaySeconds(monitor.max)
    let taken = 0
    let lower = 0
    for (const bound of [...boundsSeconds, Number.POSITIVE_INFINITY]) {
      const upTo = bound === Number.POSITIVE_INFINITY ? count : Math.round(count * shareUpTo(monitor, bound))
      const middle = bound === Number.POSITIVE_INFINITY ? this.#maxSeconds : (lower + bound) / 2
      this.histogram.observe(Math.min(middle, Math.max(lower, this.#maxSeconds)), upTo - taken, nowMs)
      taken = Math.max(taken, upTo)
      lower = bound
    }
    monitor.reset()
  }
}

/** Which share took at most so long: found by halving, because Node answers the opposite question only. */
function shareUpTo(monitor: Monitor, seconds: number): number {
  let low = 0
  let high = 100
  if (delaySeconds(monitor.max) <= seconds) return 1
  for (let step = 0; step < 20; step++) {
    const middle = (low + high) / 2
    if (delaySeconds(monitor.percentile(Math.max(middle, 0.0001))) <= seconds) low = middle
    else high = middle
  }
  return low / 100
}

function delaySeconds(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - resolutionMs / 1000)
}
