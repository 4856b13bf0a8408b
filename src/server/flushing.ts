/**
 * Who is written to, when, and in which order.
 *
 * While little is to be written, at once behind what was read; else each link once at the end of a turn of the event loop, and so much in
 * one go that others get theirs.
 */
import type { Traffic } from '../core/sys/traffic.ts'
import type { Link } from './link.ts'
import { SharedOutput } from './shared-output.ts'

/** What is handed to the operating system in one go, which copies it: then others get their turn. */
const flushBytesMax = 1024 * 1024
/** And how many are written to: a call of the system is some microseconds, whatever is in it. What comes meanwhile is sent together. */
const flushLinksMax = 400
/** So many links in so many milliseconds are few: to write to them together would save next to nothing, and cost a turn each. */
const fewLinks = 32
const fewMs = 8

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
  /** A chunk is being read. */
  #isReading = false
  /** Links written to in these milliseconds. */
  #written = 0
  #countEndsMs = 0

  /** `flushed` is called after each time that something was written. */
  constructor(traffic: Traffic, flushed: () => void) {
    this.#traffic = traffic
    this.#flushed = flushed
  }

  /** Nothing is written until `chunkEnds`. */
  chunkBegins(): void {
    this.#isReading = true
  }

  /**
   * What the chunk has led to is written at once, if that is little, or at the end of this turn of the event loop. False if there is nothing to
   * write: `flushed` is not called then.
   */
  chunkEnds(nowMs: number): boolean {
    this.#isReading = false
    if (this.#isAwaited || this.#left.length > 0 || !this.#isLittle(nowMs)) {
      this.goOn()
      return this.#isAwaited
    }
    if (this.#dirty.length + this.#dirtyFirst.length === 0) return false
    this.flush()
    return true
  }

  #isLittle(nowMs: number): boolean {
    if (nowMs >= this.#countEndsMs) {
      this.#countEndsMs = nowMs + fewMs
      this.#written = 0
    }
    return this.#written < fewLinks
  }

  /**
   * The link is flushed once: see `chunkEnds`. `isFirst`: before others. A publisher that is told of its messages sends the next ones while
   * the others are written to.
   */
  soon(link: Link, isFirst = false): void {
    const dirty = isFirst ? this.#dirtyFirst : this.#dirty
    dirty[dirty.length] = link
    if (!this.#isReading) this.goOn()
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
    const only = this.#takeOnly()
    if (only === null) this.#flushMany()
    else {
      only.flush()
      this.#written += 1
      this.sharedOutput.forget()
    }
    this.#flushed()
  }

  #flushMany(): void {
    const links = this.#take()
    const traffic = this.#traffic
    const untilBytes = traffic.bytesSent + flushBytesMax
    const count = Math.min(links.length, flushLinksMax)
    let done = 0
    while (done < count && traffic.bytesSent < untilBytes) links[done++]?.flush()
    this.#written += done
    if (done === links.length) this.sharedOutput.forget()
    else {
      this.#left = links.slice(done)
      this.goOn()
    }
  }

  /** While little is written there is one nearly always: the list stays where it is. */
  #takeOnly(): Link | null {
    if (this.#left.length > 0 || this.#dirty.length + this.#dirtyFirst.length !== 1) return null
    return this.#dirty.pop() ?? this.#dirtyFirst.pop() ?? null
  }

  /** In their order. Nearly always there is one kind of them. */
  #take(): Link[] {
    const [left, first, dirty] = [this.#left, this.#dirtyFirst, this.#dirty]
    if (left.length > 0) this.#left = []
    if (first.length > 0) this.#dirtyFirst = []
    if (dirty.length > 0) this.#dirty = []
    if (left.length + first.length === 0) return dirty
    return left.length + dirty.length === 0 ? first : left.concat(first, dirty)
  }

  /** Writes all that waits now, however long it takes: at the end. */
  flushAll(): void {
    do this.flush()
    while (this.#left.length > 0)
  }
}
