/**
 * Where a client is in a long answer: a query that goes on when it shows the cursor it was given.
 *
 * They are kept with the connection, or for the administrator, that asked, so that nobody else's works; few of them, and not for long.
 */
import { randomBytes } from 'node:crypto'
import type { Rows } from './request-handler.ts'

const cursorsUsual = 8
const keptMs = 60_000

/** An answer that is not at its end. */
export interface OpenAnswer {
  readonly requestName: string
  readonly listName: string
  /** What the permission was asked for; it is asked for again with each page. */
  readonly topic: string
  readonly rows: Rows
}

export class Cursors {
  readonly #open = new Map<string, { answer: OpenAnswer; endsAtMs: number }>()
  readonly #max: number

  constructor(max = cursorsUsual) {
    this.#max = max
  }

  /** Keeps an answer and returns the cursor for it. The oldest one makes room. */
  keep(answer: OpenAnswer, nowMs: number): string {
    for (const [cursor, { endsAtMs }] of this.#open) if (endsAtMs <= nowMs) this.#drop(cursor)
    const [oldest] = this.#open.keys()
    if (oldest !== undefined && this.#open.size >= this.#max) this.#drop(oldest)
    const cursor = randomBytes(16).toString('base64url')
    this.#open.set(cursor, { answer, endsAtMs: nowMs + keptMs })
    return cursor
  }

  /** A cursor is good for one page: the answer has the next. */
  take(cursor: string, requestName: string, nowMs: number): OpenAnswer | null {
    const found = this.#open.get(cursor)
    if (found === undefined || found.answer.requestName !== requestName) return null
    this.#open.delete(cursor)
    return found.endsAtMs > nowMs ? found.answer : null
  }

  dropAll(): void {
    for (const cursor of [...this.#open.keys()]) this.#drop(cursor)
  }

  /** What was being asked ends where it stands. */
  #drop(cursor: string): void {
    this.#open.get(cursor)?.answer.rows.return?.()
    this.#open.delete(cursor)
  }
}
