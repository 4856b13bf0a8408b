/**
 * A metric whose values are read when it is asked for: nothing is counted twice, and nothing is counted for nobody.
 */
import type { Metric, Registry } from 'prom-client'
import type { LatencyHistogram } from './latency-histogram.ts'

export type Labels = Readonly<Record<string, string>>

export interface Sample {
  readonly value: number
  readonly labels: Labels
  /** Where it differs from the metric's: the parts of a histogram. */
  readonly metricName?: string
}

export interface MetricDefinition {
  /** With the unit last, and `_total` behind it for a counter. */
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** Called for each answer. */
  readonly collect: () => readonly Sample[]
}

/** Makes a metric known to prom-client, which asks for its values and writes them down. */
export function register(registry: Registry, { name, help, type, collect }: MetricDefinition): void {
  const metric = { name, help, type, aggregator: 'sum', get: async () => ({ name, help, type, values: collect() }) }
  // A registry calls nothing but `get`; the classes of prom-client would keep values of their own beside the broker's.
  registry.registerMetric(metric as unknown as Metric)
}

export function one(value: number): readonly Sample[] {
  return [{ value, labels: {} }]
}

/** One sample for each entry, its name as the label `label`. */
export function each(label: string, values: Readonly<Record<string, number>>): readonly Sample[] {
  return Object.entries(values).map(([name, value]) => ({ value, labels: { [label]: snakeCase(name) } }))
}

export function histogramSamples(name: string, histogram: LatencyHistogram): readonly Sample[] {
  const samples: Sample[] = []
  for (const [bound, count] of histogram.cumulative()) {
    const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound)
    samples.push({ metricName: `${name}_bucket`, value: count, labels: { le } })
  }
  samples.push({ metricName: `${name}_sum`, value: histogram.sumSeconds, labels: {} })
  samples.push({ metricName: `${name}_count`, value: histogram.count, labels: {} })
  return samples
}

/** `droppedQueueFull` as `dropped_queue_full`, and `queue full` as `queue_full`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replace(/[- ]/g, '_')
}
