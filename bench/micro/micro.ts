/**
 * What a micro-benchmark is, and how it is timed: rounds until a sample is long enough, some samples, their median and spread.
 *
 * Time is CPU time of the main thread: what else the machine does counts less that way.
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

/** Nanoseconds of CPU an operation. */
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
  const startUs = cpuUs()
  let rounds = 0
  do {
    // A promise costs more than a short round.
    const pending = benchmark.round()
    if (pending !== undefined) await pending
    rounds += 1
  } while (performance.now() - startMs < ms || cpuUs() === startUs)
  return ((cpuUs() - startUs) * 1000) / (rounds * benchmark.operations)
}

function cpuUs(): number {
  const { user, system } = process.threadCpuUsage()
  return user + system
}
