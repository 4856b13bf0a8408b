/**
 * Drives the core without sockets, store or time: carries out Turns as the TurnRunner does, and makes records durable when told to.
 *
 * After every Turn the two equations of fate.ts hold.
 */
import { BrokerCore } from '../../src/core/broker.ts'
import type { Connection } from '../../src/core/connection/connection.ts'
import type { Message } from '../../src/core/message.ts'
import type { Question } from '../../src/core/question.ts'
import type { CoreRecord } from '../../src/core/record.ts'
import type { Restore } from '../../src/core/rest/restore.ts'
import type { CoreOptions } from '../../src/core/state.ts'
import { type Load, newTurn, type Outgoing, type Turn } from '../../src/core/turn.ts'
import { expectCounters, expectLedger } from '../support/ledger.ts'
import { Replayed } from './replayed.ts'
import { SimulatedStore } from './simulated-store.ts'

export interface SimulatedLink {
  receive(outgoing: Exclude<Outgoing, { type: 'answer' }>): void
}

interface Batch {
  readonly records: CoreRecord[]
  readonly outgoing: Outgoing[]
}

export class SimulatedDriver {
  core: BrokerCore
  readonly durable: Replayed
  readonly store = new SimulatedStore()
  readonly questions: Question[] = []
  /** Messages that were read from the store and are not handed over yet. */
  readonly loads: { load: Load; messages: Message[] }[] = []
  readonly answers: number[] = []
  /** What happened, for whoever looks for a fault. */
  readonly steps: string[] = []
  nowMs = 1_000_000
  readonly #options: CoreOptions
  #turn = newTurn()
  /** One for each Turn that waits for its records or for those of an earlier one. */
  #waiting: Batch[] = []
  /** Of the Turn that is being made: what was looked at already. */
  #seenNow = 0
  #seenOnceDurable = 0

  constructor(options: CoreOptions) {
    this.#options = options
    this.core = new BrokerCore(options)
    this.durable = new Replayed(options)
  }

  get waitingTurns(): number {
    return this.#waiting.length
  }

  log(text: string): void {
    this.steps.push(`${this.nowMs} ${text}`)
  }

  /** Hands an input to the core; returns what it decided to send, now or later. */
  input(give: (core: BrokerCore, nowMs: number, turn: Turn) => void): Outgoing[] {
    const turn = this.#turn
    give(this.core, this.nowMs, turn)
    this.questions.push(...turn.questions.splice(0))
    const decided = [...turn.now.slice(this.#seenNow), ...turn.onceDurable.slice(this.#seenOnceDurable)]
    this.#seenNow = turn.now.length
    this.#seenOnceDurable = turn.onceDurable.length
    return decided
  }

  /** Ends the Turn and carries it out. */
  run(): void {
    const { records, now, onceDurable, events, loads } = this.#turn
    for (const load of loads.splice(0)) this.loads.push({ load, messages: this.store.read(load.seqs) })
    expectLedger(this.core.state)
    expectCounters(this.core.state)
    events.length = 0
    this.#seenNow = 0
    this.#seenOnceDurable = 0
    const batch = { records: records.splice(0), outgoing: onceDurable.splice(0) }
    for (const outgoing of now.splice(0)) this.#dispatch(outgoing)
    if (batch.records.length + batch.outgoing.length === 0) return
    if (batch.records.length > 0 || this.#waiting.length > 0) this.#waiting.push(batch)
    else for (const outgoing of batch.outgoing) this.#dispatch(outgoing)
  }

  /** The records of the first `turns` Turns that wait become durable together. */
  makeDurable(turns: number): void {
    const batches = this.#waiting.splice(0, turns)
    if (batches.length > 0) this.log(`${batches.length} Turns become durable`)
    for (const { records } of batches)
      for (const record of records) this.durable.apply(this.store.append(record), record)
    this.core.durable(this.store.head)
    for (const { outgoing } of batches) for (const each of outgoing) this.#dispatch(each)
  }

  /** When everything is durable, a restart would find what the core has. */
  expectAllDurable(): void {
    if (this.store.head === this.core.state.lastSeq) this.durable.expectSame(this.core.state, this.store, this.nowMs)
  }

  /** Goes on with a round of snapshots. What is in the store now would do for a restart. */
  snapshot(): void {
    this.store.snapshot(this.core.state)
    this.durable.expectRestorable(this.core.state, this.store, this.nowMs)
  }

  /** Stops as a broker does that is told to: everything becomes durable. */
  stop(): void {
    this.log('a stop')
    this.input((core, nowMs, turn) => core.stop(nowMs, turn))
    this.run()
    this.makeDurable(this.waitingTurns)
  }

  /** What is durable is all that is left; another core begins with that. The caller calls `finish` when time has passed. */
  crash(): Restore {
    this.durable.expectRestorable(this.core.state, this.store, this.nowMs)
    this.log('a crash')
    this.#turn = newTurn()
    this.#seenNow = 0
    this.#seenOnceDurable = 0
    this.#waiting = []
    this.questions.length = 0
    this.loads.length = 0
    this.store.crash()
    this.durable.restart(this.store)
    this.core = new BrokerCore(this.#options)
    const restore = this.store.restoreInto(this.core.state)
    this.core.durable(this.store.head)
    return restore
  }

  /** Messages that were to be read are here. */
  load(position: number): void {
    const [loaded] = this.loads.splice(position, 1)
    if (loaded === undefined) return
    const { load, messages } = loaded
    this.log(`${load.connection.clientIdentifier} is read messages ${load.seqs}`)
    this.input((core, nowMs, turn) => core.loaded(load, messages, nowMs, turn))
  }

  /** The client has taken everything, or all but `unsentBytes`. */
  flush(connection: Connection, unsentBytes: number): void {
    this.input((core, nowMs, turn) => core.flushed(connection, unsentBytes, nowMs, turn))
  }

  #dispatch(outgoing: Outgoing): void {
    // Every connection was opened with a SimulatedLink.
    if (outgoing.type !== 'answer') (outgoing.connection.link as SimulatedLink).receive(outgoing)
    else this.answers.push(outgoing.token)
  }
}
