/**
 * How long it takes from a message that comes in until a subscriber has acknowledged its copy: what the core's log of fates samples,
 * by the clock of this process.
 */
import { performance } from 'node:perf_hooks'
import type { DeliveryTimes } from '../core/routing/fate-log.ts'
import type { LatencyHistogram } from '../metrics/latency-histogram.ts'
import type { StoreLatencies } from './turn-runner.ts'

/** How long it takes: what the store does, and all of it for a subscriber. */
export interface Latencies extends StoreLatencies {
  /** From a message that comes in until a subscriber has acknowledged its copy; sampled. */
  readonly delivery: LatencyHistogram
}

export function deliveryTimesInto(histogram: LatencyHistogram): DeliveryTimes {
  return {
    readMs: () => performance.now(),
    acknowledged: (tookMs, copies, nowMs) => histogram.observe(tookMs / 1000, copies, nowMs),
  }
}
