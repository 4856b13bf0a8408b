/**
 * How large the young generation of V8's heap may grow in a broker of its own process.
 *
 * Left to itself it grows to 128 MiB on a large machine as soon as much is in flight once, and stays so: several KiB for each of ten
 * thousand idle connections. V8 takes its bound only on the command line, but asks at each growth by how much: that is set
 * to nothing once it is large enough.
 */
import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** Of both halves together. With less than this, what is in flight is copied more often (docs/decisions/0028-the-young-generation.md). */
const bytesEnough = 16 * 1024 * 1024

export function boundYoungGeneration(): void {
  // It grows only when it is collected.
  const observer = new PerformanceObserver(() => {
    const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')
    if (young === undefined || young.space_size < bytesEnough) return
    setFlagsFromString('--semi-space-growth-factor=1')
    observer.disconnect()
  })
  observer.observe({ entryTypes: ['gc'] })
}
