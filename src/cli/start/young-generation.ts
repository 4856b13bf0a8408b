/**
 * How large the young generation of V8's heap may grow in a broker of its own process, and how it is collected.
 *
 * Left to itself it grows to 128 MiB on a large machine as soon as much is in flight once, and stays so: several KiB for each of ten
 * thousand idle connections. V8 takes its bound only on the command line, but asks at each growth by how much: that is set
 * to nothing while it is large enough (docs/decisions/0028-the-young-generation.md).
 */
import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** Of both halves together. */
const bytesEnough = 16 * 1024 * 1024
/** The same while messages are in flight by the thousand: each collection copies them, and with more room there are fewer. */
const bytesEnoughInFlight = 32 * 1024 * 1024
const manyInFlight = 4096
/** Up to this V8's other threads save nothing: to wake them takes as long as to do it alone, and who has one core waits for them. */
const bytesForOneThread = 8 * 1024 * 1024
/** How often it is asked for, at most. */
const askEveryMs = 100

/** From now on. `copiesInFlight`: how many copies of messages wait for their acknowledgement. */
export function boundYoungGeneration(copiesInFlight: () => number): void {
  let grows = true
  let bytesMost = bytesEnough
  let askAtMs = 0
  let wasLarge = false
  let isForOneThread = false
  const look = () => {
    const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')
    if (young === undefined) return
    const isSmall = young.space_size <= bytesForOneThread
    if (isSmall !== isForOneThread) {
      isForOneThread = isSmall
      setFlagsFromString(isSmall ? '--no-parallel-scavenge' : '--parallel-scavenge')
    }
    const nowMs = performance.now()
    if (nowMs >= askAtMs) {
      askAtMs = nowMs + askEveryMs
      bytesMost = copiesInFlight() < manyInFlight ? bytesEnough : bytesEnoughInFlight
    }
    // A large collection may make it smaller and let it grow by two steps at once.
    const isAgain = wasLarge && bytesMost === bytesEnough
    const mayGrow = isAgain ? young.space_size <= bytesMost / 4 : young.space_size < bytesMost
    wasLarge ||= !mayGrow
    if (mayGrow === grows) return
    grows = mayGrow
    setFlagsFromString(`--semi-space-growth-factor=${mayGrow ? 2 : 1}`)
  }
  look()
  // It grows only when it is collected.
  new PerformanceObserver(look).observe({ entryTypes: ['gc'] })
}
