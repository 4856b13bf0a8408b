/**
 * What a micro-benchmark is, and how it is timed: rounds until a sample is long enough, some samples, their median and spread.
 */

export interface MicroBenchmark {
  readonly name: string
  /** The files under src/ it says something about. */
  readonly covers: readonly string[]
  /** Operations in one round. */
  readonly operations: number
  /** Leaves everything as it found it, so that the thousandth costs what the first did. */
  round(): void | Promise<void>
  /** Ends what it has opened. */
  close?(): void
}

export interface Timing {
  readonly nsMedian: number
  readonly nsLowest: number
  readonly nsHighest: number
}

export interface TimingOptions {
  readonly warmUpMs: number
  readonly sampleMs: number
  readonly samples: number
}

/** Nanoseconds an operation. */
export async function time(benchmark: MicroBenchmark, options: TimingOptions): Promise<Timing> {
  await sample(benchmark, options.warmUpMs)
  const found: number[] = []
  for (let i = 0; i < options.samples; i++) found.push(await sample(benchmark, options.sampleMs))
  found.sort((a, b) => a - b)
  return {
    nsMedian: found[Math.floor(found.length / 2)] ?? 0,
    nsLowest: found[0] ?? 0,
    nsHighest: found.at(-1) ?? 0,
  }
}

async function sample(benchmark: MicroBenchmark, ms: number): Promise<number> {
  const startMs = performance.now()
  let rounds = 0
  let passedMs = 0
  do {
    // A promise costs more than a short round.
    const pending = benchmark.round()
    if (pending !== undefined) await pending
    rounds += 1
    passedMs = performance.now() - startMs
  } while (passedMs < ms)
  return (passedMs * 1e6) / (rounds * benchmark.operations)
}
