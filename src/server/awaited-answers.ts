/**
 * What code in this process, or the HTTP API, waits for after it has published: each under a token that the answer carries.
 *
 * Each promise is resolved once, or rejected when the store has failed. A turn of the event loop that has spent its time leaves the rest
 * to the next one: a program that publishes in a loop must not keep the broker from everybody else, be the store ever so quick.
 */
import type { OutgoingAnswer } from '../core/turn.ts'
import type { ReadingTime } from './reading-time.ts'

export class AwaitedAnswers {
  readonly #waiting = new Map<number, PromiseWithResolvers<OutgoingAnswer>>()
  readonly #time: ReadingTime
  #lastToken = 0

  constructor(time: ReadingTime) {
    this.#time = time
  }

  expect(): { token: number; answered: Promise<OutgoingAnswer> } {
    this.#lastToken += 1
    const waiting = Promise.withResolvers<OutgoingAnswer>()
    this.#waiting.set(this.#lastToken, waiting)
    return { token: this.#lastToken, answered: waiting.promise }
  }

  answer(outgoing: OutgoingAnswer): void {
    const waiting = this.#waiting.get(outgoing.token)
    this.#waiting.delete(outgoing.token)
    if (waiting === undefined) return
    const proceed = (): void => waiting.resolve(outgoing)
    if (this.#time.mustWait(0)) this.#time.waitForTurn({ proceed }, 0)
    else proceed()
  }

  fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}
