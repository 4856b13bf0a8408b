/**
 * Carries out Turns: what may leave at once leaves, the rest waits in order until its records are durable. @hot
 *
 * The one place where the law is kept: nothing that rests on an undurable record leaves the process. Records of all turns
 * that come while a batch is being written form the next batch.
 */
import type { BrokerEvent } from '../core/event.ts'
import type { CoreRecord } from '../core/record.ts'
import type { Outgoing, OutgoingAnswer, Turn } from '../core/turn.ts'
import { type LogPort, StoreRefusedError } from '../store/log-port.ts'
import type { Link } from './link.ts'

interface Batch {
  records: CoreRecord[]
  outgoing: Outgoing[]
}

/** What the runner tells its owner. */
export interface TurnRunnerOwner {
  answer(outgoing: OutgoingAnswer): void
  report(event: BrokerEvent): void
  /** Something was sent from a finished batch: flush soon. */
  released(): void
  /** Whether the store takes more. */
  storeTakes(takesMore: boolean): void
  /** The store has failed: nothing can be promised any more. */
  failed(error: Error): void
}

const shard = 0
const retryMs = 100

export class TurnRunner {
  readonly #store: LogPort
  readonly #owner: TurnRunnerOwner
  #filling: Batch = { records: [], outgoing: [] }
  #isWriting = false
  #hasFailed = false
  #whenIdle: (() => void)[] = []

  constructor(store: LogPort, owner: TurnRunnerOwner) {
    this.#store = store
    this.#owner = owner
  }

  /** Carries out `turn` and empties it for the next. */
  run(turn: Turn): void {
    const { records, now, onceDurable, events } = turn
    for (const outgoing of now) this.#dispatch(outgoing)
    if (now.length > 0) now.length = 0
    const filling = this.#filling
    if (records.length > 0) {
      for (const record of records) filling.records.push(record)
      records.length = 0
    }
    if (onceDurable.length > 0) {
      if (!this.#isWriting && filling.records.length === 0) for (const outgoing of onceDurable) this.#dispatch(outgoing)
      else for (const outgoing of onceDurable) filling.outgoing.push(outgoing)
      onceDurable.length = 0
    }
    if (filling.records.length > 0 && !this.#isWriting) void this.#write()
    if (events.length > 0) {
      const happened = events.splice(0)
      for (const event of happened) this.#owner.report(event)
    }
  }

  /** Resolves when every record handed in so far is durable and what waited for it has been sent. */
  idle(): Promise<void> {
    if (!this.#isWriting || this.#hasFailed) return Promise.resolve()
    return new Promise((resolve) => {
      this.#whenIdle.push(resolve)
    })
  }

  async #write(): Promise<void> {
    this.#isWriting = true
    while (this.#filling.records.length > 0 || this.#filling.outgoing.length > 0) {
      const batch = this.#filling
      this.#filling = { records: [], outgoing: [] }
      try {
        if (batch.records.length > 0) await this.#append(batch.records)
      } catch (error) {
        this.#hasFailed = true
        this.#owner.failed(error instanceof Error ? error : new Error(String(error)))
        for (const resolve of this.#whenIdle.splice(0)) resolve()
        return
      }
      for (const outgoing of batch.outgoing) this.#dispatch(outgoing)
      this.#owner.released()
    }
    this.#isWriting = false
    for (const resolve of this.#whenIdle.splice(0)) resolve()
  }

  /** Tries again for as long as the store refuses; meanwhile nothing new is taken in. */
  async #append(records: readonly CoreRecord[]): Promise<void> {
    for (;;) {
      try {
        const { first } = await this.#store.append(shard, records)
        // In memory nothing is ever replayed: the Sessions themselves are the state.
        await this.#store.trim(shard, first + records.length, [])
        this.#owner.storeTakes(true)
        return
      } catch (error) {
        if (!(error instanceof StoreRefusedError)) throw error
        this.#owner.storeTakes(false)
        await new Promise((resolve) => setTimeout(resolve, retryMs))
      }
    }
  }

  #dispatch(outgoing: Outgoing): void {
    if (outgoing.type === 'answer') this.#owner.answer(outgoing)
    // Every connection of this core was opened by the shell with a Link.
    else (outgoing.connection.link as Link).send(outgoing)
  }
}
