/**
 * The search by coverage: what makes code run that had not run is kept, and varied again. What is fuzzed is a subject's matter.
 *
 * Without a coverage to ask it varies the first inputs only: so a test can say what the coverage is good for.
 */
import { performance } from 'node:perf_hooks'
import { type Chance, pick } from '../support/chance.ts'
import type { Coverage } from './coverage.ts'

/** Asking V8 takes as long as many inputs. */
const inputsPerQuestion = 20
/** What one input may take of the processor. */
export const slowestMs = 50

export interface Subject<Input> {
  /** Another input from one that was kept. */
  vary(input: Input, other: Input, chance: Chance): Input
  /** Whatever it throws is a fault. */
  run(input: Input): void | Promise<void>
  /** What it was that this input, or what went before it, has brought about. */
  failed(what: string, input: Input): void
}

export interface SearchOptions {
  readonly inputs: number
  /** False to stop early. */
  readonly goesOn?: () => boolean
}

export class Search<Input> {
  readonly #subject: Subject<Input>
  readonly #chance: Chance
  readonly #coverage: Coverage | null
  readonly #slowestMs: number
  readonly kept: Input[] = []
  inputs = 0

  /** `coverage` has started; null to keep nothing but the first inputs. */
  constructor(subject: Subject<Input>, chance: Chance, coverage: Coverage | null, slowest = slowestMs) {
    this.#subject = subject
    this.#chance = chance
    this.#coverage = coverage
    this.#slowestMs = slowest
  }

  /** Runs inputs to begin with, and keeps them all. */
  async begin(inputs: readonly Input[]): Promise<void> {
    for (const input of inputs) await this.#runOne(input)
    if (this.#coverage !== null) this.#coverage.add(await this.#coverage.take())
    this.kept.push(...inputs)
  }

  /** Runs as many varied ones, those of `begin` counted. */
  async goOn({ inputs, goesOn = () => true }: SearchOptions): Promise<void> {
    const one = (): Input => this.#subject.vary(this.#pick(), this.#pick(), this.#chance)
    while (this.inputs < inputs && goesOn()) await this.#runSome(Array.from({ length: inputsPerQuestion }, one))
  }

  /** What was kept last is where something new is to be found. */
  #pick(): Input {
    const recent = this.#chance(2) === 0 ? this.kept.slice(-16) : this.kept
    return pick(this.#chance, recent)
  }

  /** Runs inputs; if there was something new, once more one by one, and keeps those that make it run. */
  async #runSome(inputs: readonly Input[]): Promise<void> {
    for (const input of inputs) await this.#runOne(input)
    if (this.#coverage === null) return
    const together = await this.#coverage.take()
    if (this.#coverage.countNew(together) === 0) return
    for (const input of inputs) {
      await this.#runOne(input)
      if (this.#coverage.add(await this.#coverage.take()) > 0) this.kept.push(input)
    }
    // What came of the state the subject was in does not come again.
    this.#coverage.add(together)
  }

  async #runOne(input: Input): Promise<void> {
    this.inputs += 1
    const beganMs = performance.now()
    const { user: before } = process.threadCpuUsage()
    try {
      const running = this.#subject.run(input)
      // Most of them are done: a promise would cost more than they do.
      if (running !== undefined) await running
    } catch (error) {
      this.#subject.failed(error instanceof Error ? (error.stack ?? error.message) : String(error), input)
      return
    }
    const spentMs = Math.min(performance.now() - beganMs, (process.threadCpuUsage().user - before) / 1000)
    if (spentMs > this.#slowestMs) this.#subject.failed(`it took ${spentMs.toFixed(0)} ms`, input)
  }
}
