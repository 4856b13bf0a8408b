/**
 * Who is written to, and in which order: each link once at the end of a turn of the event loop, and so much in one go that others get
 * theirs.
 */
import type { Traffic } from '../core/sys/traffic.ts'
import type { Link } from './link.ts'
import { SharedOutput } from './shared-output.ts'

/** What is handed to the operating system in one go, which copies it: then others get their turn. */
const flushBytesMax = 1024 * 1024
/** And how many are written to: a call of the system is some microseconds, whatever is in it. What comes meanwhile is sent together. */
const flushLinksMax = 400

export class Flushing {
  readonly sharedOutput = new SharedOutput()
  readonly #traffic: Traffic
  readonly #flushed: () => void
  #dirty: Link[] = []
  /** Those that are flushed before the others. */
  #dirtyFirst: Link[] = []
  /** Those whose turn did not come the last time: they are flushed before all, so that nobody publishes faster than it is written. */
  #left: Link[] = []
  #isAwaited = false

  /** `flushed` is called after each time that something was written. */
  constructor(traffic: Traffic, flushed: () => void) {
    this.#traffic = traffic
    this.#flushed = flushed
  }

  /**
   * The link is flushed once, at the end of this turn of the event loop. `isFirst`: before others of this turn. A publisher that is told of
   * its messages sends the next ones while the others are written to.
   */
  soon(link: Link, isFirst = false): void {
    const dirty = isFirst ? this.#dirtyFirst : this.#dirty
    dirty.push(link)
    this.goOn()
  }

  /** What waits is written at the end of this turn of the event loop. */
  goOn(): void {
    if (this.#isAwaited || this.#left.length + this.#dirty.length + this.#dirtyFirst.length === 0) return
    this.#isAwaited = true
    setImmediate(this.flush)
  }

  /** Writes now: all, or as much as one turn may. */
  readonly flush = (): void => {
    this.#isAwaited = false
    const links = this.#left.concat(this.#dirtyFirst, this.#dirty)
    this.#dirtyFirst = []
    this.#dirty = []
    const traffic = this.#traffic
    const untilBytes = traffic.bytesSent + flushBytesMax
    const count = Math.min(links.length, flushLinksMax)
    let done = 0
    while (done < count && traffic.bytesSent < untilBytes) links[done++]?.flush()
    this.#left = links.slice(done)
    if (done === links.length) this.sharedOutput.forget()
    else this.goOn()
    this.#flushed()
  }

  /** Writes all that waits now, however long it takes: at the end. */
  flushAll(): void {
    do this.flush()
    while (this.#left.length > 0)
  }
}
