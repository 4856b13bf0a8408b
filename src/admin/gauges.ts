/**
 * What is measured beside the counters of the core: latencies, rates, memory, room on the disk.
 */
import { statfs } from 'node:fs/promises'
import { getHeapStatistics } from 'node:v8'
import { EventLoopDelay } from '../metrics/event-loop-delay.ts'
import type { BrokerAccess } from '../server/admin-part.ts'
import { beatMs, beatsPerSecond, onBeat } from '../server/beat.ts'
import { Rates } from './rates.ts'

const freeBytesKeptMs = 5000

export class Gauges {
  readonly eventLoop = new EventLoopDelay(beatMs)
  readonly rates = new Rates()
  #ends: (() => void)[] = []
  #freeBytes: number | null = null
  #lookedAtMs = Number.NEGATIVE_INFINITY

  start({ state: { traffic } }: BrokerAccess): void {
    this.stop()
    const sample = () => this.rates.sample(traffic, performance.now())
    sample()
    this.eventLoop.begin()
    this.#ends = [onBeat(1, () => this.eventLoop.look()), onBeat(beatsPerSecond, sample)]
  }

  stop(): void {
    for (const end of this.#ends.splice(0)) end()
  }

  /** Of the file system with the data, looked at every few seconds; null where nothing is stored, or if it cannot be told. */
  async freeBytes({ store }: BrokerAccess): Promise<number | null> {
    const { directory } = store
    if (directory === null) return null
    const nowMs = performance.now()
    if (nowMs - this.#lookedAtMs < freeBytesKeptMs) return this.#freeBytes
    this.#lookedAtMs = nowMs
    try {
      const { bavail, bsize } = await statfs(directory)
      this.#freeBytes = bavail * bsize
    } catch {
      // Before the first start there is no directory yet; what is wrong with it otherwise the store itself reports.
      this.#freeBytes = null
    }
    return this.#freeBytes
  }

  memory(): { readonly rssBytes: number; readonly heapBytes: number; readonly heapBytesMax: number } {
    const { rss, heapUsed } = process.memoryUsage()
    return { rssBytes: rss, heapBytes: heapUsed, heapBytesMax: getHeapStatistics().heap_size_limit }
  }
}
