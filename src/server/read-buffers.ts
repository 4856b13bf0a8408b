/**
 * Frees the memory of what was read from sockets by V8's small garbage collection, before the large one would begin for that alone.
 *
 * Each read makes an ArrayBuffer of up to 64 KiB that is soon let go of. The small collection frees it in passing, but it comes when
 * objects have filled the young generation. With messages of some KiB 64 MiB of buffers are there first, at which V8 marks its whole
 * heap: again and again, which took more time than all that the broker did. So the small one is asked for in between
 * (docs/decisions/0033-the-memory-of-what-was-read.md).
 */
import { getHeapStatistics } from 'node:v8'
import { type Collect, findCollector } from './garbage.ts'

/** After so many bytes received it is looked how much memory they take. */
const lookEveryBytes = 4 * 1024 * 1024
/** Well below the 64 MiB; with small messages the young generation fills sooner. */
const growthBytesMax = 24 * 1024 * 1024

let collect: Collect | null = null

/** To be called where the process is the broker's own: others decide themselves when their garbage is collected. */
export function collectReadBuffers(): void {
  collect = findCollector()
}

/** Of one broker. */
export class ReadBuffers {
  readonly #grew: (bytes: number) => void
  #lookAtBytes = lookEveryBytes
  /** The least memory outside V8's heap since the last collection. */
  #leastBytes = 0

  /** `grew` is told of bytes that have been received, some MiB at a time. */
  constructor(grew: (bytes: number) => void) {
    this.#grew = grew
  }

  /** `bytesReceived` in all. Called often, and nearly always does nothing. */
  received(bytesReceived: number): void {
    if (bytesReceived < this.#lookAtBytes) return
    this.#grew(bytesReceived - this.#lookAtBytes + lookEveryBytes)
    this.#lookAtBytes = bytesReceived + lookEveryBytes
    if (collect === null) return
    const bytes = getHeapStatistics().external_memory
    if (bytes < this.#leastBytes) this.#leastBytes = bytes
    if (bytes - this.#leastBytes < growthBytesMax) return
    collect({ type: 'minor' })
    this.#leastBytes = getHeapStatistics().external_memory
  }
}
