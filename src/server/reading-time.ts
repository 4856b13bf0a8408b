/**
 * How long one turn of the event loop has been spent on what clients sent. @hot
 *
 * A turn reads every socket on which something has come. Behind the bound the rest waits for the next turn, so that timers, the store and
 * whoever else there is are not kept waiting for it. In the order in which it came, whoever sent it: a client that said DISCONNECT and
 * comes again has said it before.
 */
import { performance } from 'node:perf_hooks'

/** With what else the turn does, and V8's threads on the same core, it is less than 20 ms; at 5 a thousand clients get 0.9x of the messages. */
const msMax = 7
/** So much of what has been read may wait; behind that only what is small does. */
const bytesMax = 16 * 1024 * 1024
const smallBytes = 4096

/** Whose turn it can be. */
export interface Waiting {
  proceed(): void
}

export class ReadingTime {
  readonly #clock: () => number
  #turn = -1
  #endsMs = 0
  #waiting: Waiting[] = []
  /** What each of them has, and all together. */
  #sizes: number[] = []
  #bytes = 0
  #goesOn = false
  #isPutOff = false

  /** `clock` gives milliseconds of any origin. */
  constructor(clock: () => number) {
    this.#clock = clock
  }

  /** Whether what comes now, so many bytes, has to wait: see `waitForTurn`. */
  mustWait(bytes: number, nowMs = this.#clock()): boolean {
    if (this.#bytes > bytesMax && bytes > smallBytes) return false
    return this.#waiting.length > 0 || this.#isLate(nowMs)
  }

  /** Whether whoever is being read has to stop. */
  get isOver(): boolean {
    return this.#bytes <= bytesMax && this.#isLate(this.#clock())
  }

  #isLate(nowMs: number): boolean {
    if (nowMs < this.#endsMs) return false
    const { loopCount } = performance.nodeTiming.uvMetricsInfo
    if (loopCount === this.#turn) return true
    this.#turn = loopCount
    this.#endsMs = nowMs + msMax
    return false
  }

  /** `proceed` is called in its turn, behind all that wait already; `bytes` wait with it. */
  waitForTurn(waiting: Waiting, bytes: number): void {
    this.#bytes += bytes
    this.#sizes.push(bytes)
    this.#waiting.push(waiting)
    if (this.#goesOn) return
    this.#goesOn = true
    setImmediate(this.#goOn)
  }

  /**
   * Those that wait have the time of a turn: nobody waits for ever behind those who have just sent something. A turn that has spent it
   * already lets them wait for the next, once.
   */
  readonly #goOn = (): void => {
    const { loopCount } = performance.nodeTiming.uvMetricsInfo
    this.#isPutOff = !this.#isPutOff && loopCount === this.#turn && this.#clock() >= this.#endsMs
    if (this.#isPutOff) {
      setImmediate(this.#goOn)
      return
    }
    const waiting = this.#waiting
    const sizes = this.#sizes
    this.#waiting = []
    this.#sizes = []
    this.#turn = loopCount
    this.#endsMs = this.#clock() + msMax
    let done = 0
    try {
      while (done < waiting.length && (done === 0 || !this.#isLate(this.#clock()))) {
        this.#bytes -= sizes[done] ?? 0
        waiting[done++]?.proceed()
      }
    } finally {
      // Also if one has failed: the others are not to wait for ever.
      if (done < waiting.length) {
        this.#waiting = waiting.slice(done).concat(this.#waiting)
        this.#sizes = sizes.slice(done).concat(this.#sizes)
      }
      this.#goesOn = this.#waiting.length > 0
      if (this.#goesOn) setImmediate(this.#goOn)
    }
  }
}
