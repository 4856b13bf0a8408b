/**
 * How large the young generation of V8's heap may grow in a broker of its own process, and how it is collected.
 *
 * Left to itself it grows to 128 MiB on a large machine as soon as much is in flight once, and stays so: several KiB for each of ten
 * thousand idle connections. V8 takes its bound only on the command line, but asks at each growth by how much: that is set
 * to nothing while it is large enough (docs/decisions/0028-the-young-generation.md).
 */
import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { beatsPerSecond, onBeat } from '../../server/beat.ts'

/** Of both halves together. */
const bytesEnough = 16 * 1024 * 1024
/** The same while messages are in flight by the thousand: each collection copies them, and with more room there are fewer. */
const bytesEnoughInFlight = 32 * 1024 * 1024
const manyInFlight = 4096
/**
 * Up to this, and where little happens, V8's other threads save nothing: to wake them takes as long as to do it alone, and who has one core
 * waits for them.
 */
const bytesForOneThread = 8 * 1024 * 1024
/** How often it is asked for, at most. */
const askEveryMs = 100

/**
 * So much that happens in a second is much. With less nothing lets it grow, and whoever sends a message waits for a question after each
 * collection as long as for the collection.
 */
const muchPerSecond = 10_000
/** After so many seconds with less it is little: what begins right behind a start, or a pause, finds room. */
const secondsOfLittle = 5

export interface WhatHappens {
  /** How many copies of messages wait for their acknowledgement. */
  copiesInFlight(): number
  /** Grows with messages, copies and clients that come. */
  happened(): number
}

/** From now on. */
export function boundYoungGeneration(broker: WhatHappens): void {
  const bound = new GrowthBound(broker)
  // It grows only when it is collected.
  const observer = new PerformanceObserver(() => bound.look())
  let isWatching = false
  let before = broker.happened()
  let littleFor = 0
  const watch = (isMuch: boolean) => {
    if (isMuch === isWatching) return
    isWatching = isMuch
    if (isMuch) observer.observe({ entryTypes: ['gc'] })
    else observer.disconnect()
    bound.look(isMuch)
  }
  watch(true)
  onBeat(beatsPerSecond, () => {
    const now = broker.happened()
    littleFor = now - before > muchPerSecond ? 0 : littleFor + 1
    before = now
    watch(littleFor < secondsOfLittle)
  })
}

class GrowthBound {
  readonly #broker: WhatHappens
  #grows = true
  #bytesMost = bytesEnough
  #askAtMs = 0
  #wasLarge = false
  #isForOneThread = false

  constructor(broker: WhatHappens) {
    this.#broker = broker
  }

  /** `isWatched`: it is looked at after each collection. */
  look(isWatched = true): void {
    const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')
    if (young === undefined) return
    this.#setThreads(!isWatched || young.space_size <= bytesForOneThread)
    this.#setGrowth(isWatched && this.#mayGrow(young.space_size))
  }

  #mayGrow(bytes: number): boolean {
    const nowMs = performance.now()
    if (nowMs >= this.#askAtMs) {
      this.#askAtMs = nowMs + askEveryMs
      this.#bytesMost = this.#broker.copiesInFlight() < manyInFlight ? bytesEnough : bytesEnoughInFlight
    }
    // A large collection may make it smaller and let it grow by two steps at once.
    const isAgain = this.#wasLarge && this.#bytesMost === bytesEnough
    const mayGrow = isAgain ? bytes <= this.#bytesMost / 4 : bytes < this.#bytesMost
    this.#wasLarge ||= !mayGrow
    return mayGrow
  }

  #setGrowth(grows: boolean): void {
    if (grows === this.#grows) return
    this.#grows = grows
    setFlagsFromString(`--semi-space-growth-factor=${grows ? 2 : 1}`)
  }

  #setThreads(isForOneThread: boolean): void {
    if (isForOneThread === this.#isForOneThread) return
    this.#isForOneThread = isForOneThread
    setFlagsFromString(isForOneThread ? '--no-parallel-scavenge' : '--parallel-scavenge')
  }
}
