/**
 * How long one turn of the event loop has been spent on what clients sent. @hot
 *
 * A turn reads every socket on which something has come. Behind the bound the rest waits for the next turn, so that timers, the store and
 * whoever else there is are not kept waiting for it. In the order in which it came, whoever sent it: a client that said DISCONNECT and
 * comes again has said it before.
 */

/** With the collections of garbage and the flushes of the same turn still far from the 20 ms that nothing may take. */
const msMax = 5

/** Whose turn it can be. */
export interface Waiting {
  proceed(): void
}

export class ReadingTime {
  readonly #clock: () => number
  #turn = -1
  #endsMs = 0
  #waiting: Waiting[] = []

  /** `clock` gives milliseconds of any origin. */
  constructor(clock: () => number) {
    this.#clock = clock
  }

  /** Whether what comes now has to wait: see `waitForTurn`. */
  get mustWait(): boolean {
    return this.#waiting.length > 0 || this.isOver
  }

  /** Whether whoever is being read has to stop. */
  get isOver(): boolean {
    const nowMs = this.#clock()
    if (nowMs < this.#endsMs) return false
    const { loopCount } = performance.nodeTiming.uvMetricsInfo
    if (loopCount === this.#turn) return true
    this.#turn = loopCount
    this.#endsMs = nowMs + msMax
    return false
  }

  /** `proceed` is called in its turn, behind all that wait already. */
  waitForTurn(waiting: Waiting): void {
    if (this.#waiting.push(waiting) === 1) setImmediate(this.#goOn)
  }

  /** Those that wait have a time of their own in each turn: nobody waits for ever behind those who have just sent something. */
  readonly #goOn = (): void => {
    const waiting = this.#waiting
    this.#waiting = []
    this.#turn = performance.nodeTiming.uvMetricsInfo.loopCount
    this.#endsMs = this.#clock() + msMax
    let done = 0
    while (done < waiting.length && !this.isOver) waiting[done++]?.proceed()
    if (done < waiting.length) this.#waiting = waiting.slice(done).concat(this.#waiting)
    if (this.#waiting.length > 0) setImmediate(this.#goOn)
  }
}
