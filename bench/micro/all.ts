/**
 * All micro-benchmarks. Every file of src/ marked `@hot` is covered by one: test/bench-micro.test.ts sees to it.
 */
import { atRestBenchmarks } from './at-rest.ts'
import type { MicroBenchmark } from './micro.ts'
import { protocolBenchmarks } from './protocol.ts'
import { routingBenchmarks } from './routing.ts'
import { sessionBenchmarks } from './session.ts'
import { throughBenchmarks } from './through.ts'

export const microBenchmarks: readonly MicroBenchmark[] = [
  ...protocolBenchmarks,
  ...routingBenchmarks,
  ...sessionBenchmarks,
  ...atRestBenchmarks,
  ...throughBenchmarks,
]
