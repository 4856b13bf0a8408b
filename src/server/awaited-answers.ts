/**
 * What code in this process, or the HTTP API, waits for after it has published: each under a token that the answer carries.
 *
 * Each promise is resolved once, or rejected when the store has failed.
 */
import type { OutgoingAnswer } from '../core/turn.ts'

export class AwaitedAnswers {
  readonly #waiting = new Map<number, PromiseWithResolvers<OutgoingAnswer>>()
  #lastToken = 0

  expect(): { token: number; answered: Promise<OutgoingAnswer> } {
    this.#lastToken += 1
    const waiting = Promise.withResolvers<OutgoingAnswer>()
    this.#waiting.set(this.#lastToken, waiting)
    return { token: this.#lastToken, answered: waiting.promise }
  }

  answer(outgoing: OutgoingAnswer): void {
    const waiting = this.#waiting.get(outgoing.token)
    this.#waiting.delete(outgoing.token)
    waiting?.resolve(outgoing)
  }

  fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}
