/**
 * Shares out the time for long answers: one slice of bounded work in each turn of the event loop, whoever asked.
 */

/** Steps of a query in one slice. */
export const stepsPerSlice = 1000

export class Slices {
  readonly #waiting: (() => void)[] = []
  #isArmed = false

  /** Resolves when it is the caller's turn to do one slice of work. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#arm()
    })
  }

  #arm(): void {
    if (this.#isArmed || this.#waiting.length === 0) return
    this.#isArmed = true
    setImmediate(() => {
      this.#isArmed = false
      this.#waiting.shift()?.()
      this.#arm()
    })
  }
}
