/**
 * Events of a broker for a loop with `for await`: each waits until it is taken, in order, and their number is bounded.
 *
 * None is left out in silence: a loop that is too slow gets all that waited, and then an error.
 */

/** Events that may wait; a full one is an object of some hundred bytes. */
export const waitingEventsMax = 10_000

type Taker<Event> = PromiseWithResolvers<IteratorResult<Event, undefined>>

export class WaitingEvents<Event> implements AsyncIterableIterator<Event, undefined> {
  readonly #left: () => void
  readonly #events: Event[] = []
  readonly #takers: Taker<Event>[] = []
  #isOver = false
  #fault: { error: unknown } | null = null

  /** `left` is called once, when nothing more is taken in. */
  constructor(left: () => void) {
    this.#left = left
  }

  add(event: Event): void {
    // It may have ended in the middle of the event.
    if (this.#isOver) return
    const taker = this.#takers.shift()
    if (taker !== undefined) taker.resolve({ done: false, value: event })
    else if (this.#events.length < waitingEventsMax) this.#events.push(event)
    else {
      const text = `${waitingEventsMax} events of the broker waited to be taken, and then one more came: take them faster`
      this.fail(new Error(`${text}, or listen with broker.on, which is called at once`))
    }
  }

  /** Nothing more comes: the loop ends when it has taken what waits. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#left()
    for (const taker of this.#takers.splice(0)) void this.next().then(taker.resolve, taker.reject)
  }

  /** The loop gets the error when it has taken what waits. */
  fail(error: unknown): void {
    if (this.#isOver) return
    this.#fault = { error }
    this.end()
  }

  /** The loop gets the error at once. */
  abort(error: unknown): void {
    if (!this.#isOver) this.#events.length = 0
    this.fail(error)
  }

  next(): Promise<IteratorResult<Event, undefined>> {
    const event = this.#events.shift()
    if (event !== undefined) return Promise.resolve({ done: false, value: event })
    const fault = this.#fault
    if (fault !== null) {
      this.#fault = null
      return Promise.reject(fault.error)
    }
    if (this.#isOver) return Promise.resolve({ done: true, value: undefined })
    const taker: Taker<Event> = Promise.withResolvers()
    this.#takers.push(taker)
    return taker.promise
  }

  /** The loop was left. */
  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#events.length = 0
    this.#fault = null
    this.end()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
