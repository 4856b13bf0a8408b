/**
 * A broker's state with very many Subscriptions, and how much it does at once to say who listens.
 */
import { performance } from 'node:perf_hooks'
import type { Row } from '../../src/core/query/row.ts'
import { whoListens } from '../../src/core/query/who-listens.ts'
import { whoTotals } from '../../src/core/query/who-totals.ts'
import { Session } from '../../src/core/session/session.ts'
import type { CoreState } from '../../src/core/state.ts'
import { pullPage } from '../../src/server/requests/pages.ts'
import { Slices } from '../../src/server/requests/slices.ts'
import { DrivenCore } from '../support/driven-core.ts'

/** As many Sessions as Subscriptions: all of them get what is published on `all/news`; every tenth by a wildcard. */
export function manySubscriptions(count: number): CoreState {
  const { state } = new DrivenCore()
  for (let number = 0; number < count; number++) {
    const session = new Session('', `client-${number}`, 1)
    const filter = number % 10 === 0 ? 'all/+' : 'all/news'
    session.subscriptions.set(filter, state.subscriptions.add(session, filter, filter, null, 1))
    state.sessions.put(session)
  }
  return state
}

export interface FirstPage {
  readonly rows: number
  /** Steps of the query it took. */
  readonly steps: number
  readonly milliseconds: number
}

/** From the question to the text of the first page, totals included. */
export async function measureFirstPage(state: CoreState, topicName: string): Promise<FirstPage> {
  const counted = new CountedRows(whoListens(state, topicName))
  const begin = performance.now()
  const totals = whoTotals(state, topicName)
  const { rows } = await pullPage(counted, new Slices(), { rowsMax: 100, bytesMax: 256 * 1024 })
  JSON.stringify(totals)
  return { rows: rows.length, steps: counted.steps, milliseconds: performance.now() - begin }
}

/** Passes rows on and counts the steps, in all and between two turns of the event loop. */
export class CountedRows implements Iterator<Row | null, unknown> {
  readonly #rows: Iterator<Row | null, unknown>
  #inTurn = 0
  steps = 0
  /** Steps in one turn of the event loop, at most. */
  stepsInTurnMax = 0

  constructor(rows: Iterator<Row | null, unknown>) {
    this.#rows = rows
  }

  next(): IteratorResult<Row | null, unknown> {
    if (this.#inTurn === 0) setImmediate(() => this.#turnEnds())
    this.#inTurn += 1
    this.steps += 1
    return this.#rows.next()
  }

  #turnEnds(): void {
    this.stepsInTurnMax = Math.max(this.stepsInTurnMax, this.#inTurn)
    this.#inTurn = 0
  }
}
