/**
 * Watches how much memory the process takes, so that messages are refused before there is none left.
 *
 * Garbage is no reason to refuse anybody: near the limit it is collected first, and only what is left counts.
 */
import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import { type Collect, findCollector } from './garbage.ts'

export interface MemoryUse {
  readonly rssBytes: number
  readonly heapTotalBytes: number
  readonly heapUsedBytes: number
  /** Of what was taken, and given up since, how much the system's allocator keeps for whoever asks next. */
  readonly idleBytes: number
}

export interface MemoryBounds {
  /** Of the process. */
  readonly bytesMax: number
  /** V8 ends the process above this. */
  readonly heapBytesMax: number
}

export interface MemoryWatchOwner {
  /** Zero: what `memoryBytesByDefault` says. */
  bytesMax(): number
  /** How many bytes have come from clients and gone to them so far. */
  movedBytes(): number
  /** Whether the process is short of memory has changed. */
  changed(isShort: boolean, use: MemoryUse, bounds: MemoryBounds): void
  /** It has been short for some time. */
  relieve(): void
}

/** Where little moves each look wakes the process for nothing else, and takes some 0.3 ms. What grows meanwhile is told: see `grew`. */
const everyMs = 500
/** The same where no more than `littlePart` of a bound is taken. */
const seldomMs = 2000
const littlePart = 0.5
/** While memory is short, or more than so much moves in a millisecond. */
const oftenMs = 100
const littleBytesMax = 640
/** Of more than this it is told at once: a flood to many clients that do not read takes a gigabyte in a second. */
const grownBytesMax = 8 * 1024 * 1024
const relieveEveryMs = 5000
/** Garbage is collected above this part of a bound. */
const nearPart = 0.85
/** Once short, it stays so until no more than this part of a bound is taken. */
const freePart = 0.9
/**
 * Buffers that were given up stay with the system's allocator, and it may never give them back. Once stuck clients have been ended, being
 * above the limit for that alone is no reason to refuse everybody for ever: up to this part of a bound, and so much more at a time.
 */
const abovePartMax = 1.08
const abovePartStep = 0.02
/** With the heap's own free pages the process may take so much more. */
const withFreePages = 1.05
/** V8 stops everything to collect when little of its heap is left: it must not come to that. */
const heapPart = 0.85
/** Between two collections that are asked for, at least; and at most so much of the time goes into them: near the limit, and above it. */
const collectEveryMs = 1000
const collectPart = 0.05
const collectPartAbove = 0.2

export class MemoryWatch {
  readonly #owner: MemoryWatchOwner
  readonly #heapBytesMax = getHeapStatistics().heap_size_limit * heapPart
  #timer: NodeJS.Timeout | null = null
  #isShort = false
  #grownBytes = 0
  #movedBytes = 0
  #waitMs = everyMs
  #collectAtMs = 0
  #relieveAtMs = 0
  #isRelieved = false
  /** The part at which it was over last, or the least since: only above 1 it says something. */
  #leftAtPart = 0
  /** The least that was ever taken besides the heap and what its objects refer to: programs, threads. */
  #leastOtherBytes = Number.POSITIVE_INFINITY

  constructor(owner: MemoryWatchOwner) {
    this.#owner = owner
  }

  start(): void {
    this.#timer = setTimeout(() => this.#lookAgain(), everyMs).unref()
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  /** So much more may be taken. It is looked at when whoever says so has finished. */
  grew(bytes: number): void {
    if (this.#timer === null) return
    this.#grownBytes += bytes
    if (this.#grownBytes < grownBytesMax) return
    this.#grownBytes = 0
    queueMicrotask(() => this.#look())
  }

  #lookAgain(): void {
    const part = this.#look()
    const movedBytes = this.#owner.movedBytes()
    const isLittle = movedBytes - this.#movedBytes < littleBytesMax * this.#waitMs
    this.#movedBytes = movedBytes
    if (this.#isShort || !isLittle) this.#waitMs = oftenMs
    else this.#waitMs = part > littlePart ? everyMs : seldomMs
    if (this.#timer !== null) this.#timer = setTimeout(() => this.#lookAgain(), this.#waitMs).unref()
  }

  /** Returns what part of a bound is taken. */
  #look(): number {
    const given = this.#owner.bytesMax()
    const bounds = { bytesMax: given === 0 ? memoryBytesByDefault : given, heapBytesMax: this.#heapBytesMax }
    let use = this.#use()
    const nowMs = performance.now()
    if (nowMs >= this.#collectAtMs && partTaken(use, bounds) > nearPart) {
      const isAbove = this.#isShort || (this.#leftAtPart <= 1 && use.rssBytes > bounds.bytesMax)
      collectGarbage(isAbove)
      const tookMs = performance.now() - nowMs
      // Below it there is time: V8 collects by itself.
      const waitMs = isAbove
        ? Math.max(collectEveryMs, tookMs / collectPartAbove)
        : Math.max(5 * collectEveryMs, tookMs / collectPart)
      this.#collectAtMs = nowMs + waitMs
      use = this.#use()
    }
    const isShort = this.#isShort
      ? !isMemoryFree(use, bounds, this.#isRelieved)
      : isMemoryShort(use, bounds, this.#leftAtPart)
    const part = partTaken(use, bounds)
    // Where it has fallen meanwhile it may not rise again.
    if (!isShort) this.#leftAtPart = this.#isShort ? part : Math.min(this.#leftAtPart, part)
    if (isShort !== this.#isShort) {
      this.#isShort = isShort
      this.#isRelieved = false
      this.#relieveAtMs = nowMs + relieveEveryMs
      this.#owner.changed(isShort, use, bounds)
    } else if (isShort && nowMs >= this.#relieveAtMs) {
      this.#relieveAtMs = nowMs + relieveEveryMs
      this.#isRelieved = true
      this.#owner.relieve()
    }
    return part
  }

  #use(): MemoryUse {
    const { rss, heapTotal, heapUsed, external } = process.memoryUsage()
    const otherBytes = rss - heapTotal - external
    this.#leastOtherBytes = Math.min(this.#leastOtherBytes, otherBytes)
    const idleBytes = otherBytes - this.#leastOtherBytes
    return { rssBytes: rss, heapTotalBytes: heapTotal, heapUsedBytes: heapUsed, idleBytes }
  }
}

/** Three quarters of the memory of the machine, or of the group of processes that this one is in. */
export const memoryBytesByDefault = Math.floor(0.75 * Math.min(totalmem(), process.constrainedMemory() || totalmem()))

/** Whether no more may be taken in. `leftAtPart`: where it was last said that there is room again, if that was above the limit. */
export function isMemoryShort(use: MemoryUse, bounds: MemoryBounds, leftAtPart = 0): boolean {
  const mostPart = leftAtPart > 1 ? Math.min(leftAtPart + abovePartStep, abovePartMax) : 1
  return partTaken(use, bounds) > mostPart
}

/**
 * Whether it is over: as soon as so much is free that messages find room without any more being taken. Buffers that were given up stay with the
 * allocator, and the process may never become as small again as it was. `isRelieved`: whoever was stuck has been ended.
 */
export function isMemoryFree(use: MemoryUse, bounds: MemoryBounds, isRelieved: boolean): boolean {
  const part = partTaken(use, bounds)
  return part <= (isRelieved ? abovePartMax : 1) && part - use.idleBytes / bounds.bytesMax <= freePart
}

/** Pages that the heap has and does not use can be filled without taking more; but what it has of them must not be too much, either. */
function partTaken({ rssBytes, heapTotalBytes, heapUsedBytes }: MemoryUse, bounds: MemoryBounds): number {
  const taken = rssBytes - (heapTotalBytes - heapUsedBytes)
  const { bytesMax, heapBytesMax } = bounds
  return Math.max(taken / bytesMax, rssBytes / (bytesMax * withFreePages), heapUsedBytes / heapBytesMax)
}

let collect: Collect | null = null

function collectGarbage(thoroughly: boolean): void {
  collect ??= findCollector()
  collect?.({ type: 'major', flavor: thoroughly ? 'last-resort' : 'regular' })
}
