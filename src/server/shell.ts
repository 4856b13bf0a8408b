/**
 * The shell around the core: drives it with packets and time, and carries out what it decides. All I/O is here or below.
 */
import { randomUUID } from 'node:crypto'
import { BrokerCore } from '../core/broker.ts'
import type { BrokerEvent } from '../core/event.ts'
import type { Question } from '../core/question.ts'
import type { CoreOptions } from '../core/state.ts'
import { newTurn, type OutgoingAnswer, type Turn } from '../core/turn.ts'
import type { DecoderOptions } from '../protocol/packet-decoder.ts'
import type { LogPort } from '../store/log-port.ts'
import { ClientLink } from './client-link.ts'
import type { Gatekeeper } from './gatekeeper.ts'
import type { Link } from './link.ts'
import { TurnRunner } from './turn-runner.ts'

/** What the shell tells its owner. */
export interface ShellOwner {
  report(event: BrokerEvent): void
  failed(error: Error): void
}

/** What setTimeout can take. */
const timeoutMsMax = 0x7fff_ffff

export class Shell {
  readonly core: BrokerCore
  /** The decisions not yet carried out: filled by the core, emptied by `run`. */
  readonly turn: Turn = newTurn()
  readonly decoderOptions: DecoderOptions
  readonly #gatekeeper: Gatekeeper
  readonly #owner: ShellOwner
  readonly #runner: TurnRunner
  readonly #clock: () => number
  readonly #dirty: Link[] = []
  readonly #answers = new Map<number, (outgoing: OutgoingAnswer) => void>()
  #lastToken = 0
  #isFlushing = false
  #timer: NodeJS.Timeout | null = null
  #timerAtMs = Number.POSITIVE_INFINITY
  #isStopped = false

  constructor(options: CoreOptions, gatekeeper: Gatekeeper, store: LogPort, owner: ShellOwner, clock: () => number) {
    const { connectBytesMax, packetBytesMax, propertiesMax } = options.limits
    this.core = new BrokerCore(options)
    this.decoderOptions = { role: 'server', connectBytesMax, packetBytesMax, propertiesMax }
    this.#gatekeeper = gatekeeper
    this.#owner = owner
    this.#clock = clock
    this.#runner = new TurnRunner(store, {
      answer: (outgoing) => this.#answer(outgoing),
      report: (event) => owner.report(event),
      released: () => this.#flushAllSoon(),
      storeTakes: (takesMore) => {
        this.core.state.storeTakesMessages = takesMore
      },
      failed: (error) => this.#failed(error),
    })
  }

  /** Milliseconds since 1970. */
  nowMs(): number {
    return this.#clock()
  }

  /** Cannot be guessed, so that nobody else takes the Session over. */
  newClientIdentifier(): string {
    return `pabal-${randomUUID()}`
  }

  /** Carries out what the core has decided so far. */
  run(): void {
    this.#runner.run(this.turn)
    this.#arm()
  }

  closed(link: ClientLink, text: string): void {
    this.core.closed(link.connection, text, this.nowMs(), this.turn)
    this.#gatekeeper.forget(link.connection)
    this.run()
  }

  /** Puts the open questions to the host. What is answered at once is decided at once. */
  ask(): void {
    const questions = this.turn.questions.splice(0)
    for (const question of questions) {
      const answer = this.#gatekeeper.ask(question)
      if (answer instanceof Promise) void this.#answerLater(question, answer)
      else this.core.answered(question, answer, this.nowMs(), this.turn)
    }
    if (this.turn.questions.length > 0) this.ask()
  }

  async #answerLater(question: Question, promise: ReturnType<Gatekeeper['ask']>): Promise<void> {
    const answer = await promise
    if (this.#isStopped) return
    this.core.answered(question, answer, this.nowMs(), this.turn)
    if (this.turn.questions.length > 0) this.ask()
    this.run()
    const { link } = question.connection
    if (link instanceof ClientLink) link.proceed()
  }

  /** The link is flushed once, at the end of this turn of the event loop. */
  flushSoon(link: Link): void {
    this.#dirty.push(link)
    this.#flushAllSoon()
  }

  #flushAllSoon(): void {
    if (this.#isFlushing || this.#dirty.length === 0) return
    this.#isFlushing = true
    setImmediate(this.#flushAll)
  }

  readonly #flushAll = (): void => {
    this.#isFlushing = false
    const links = this.#dirty.splice(0)
    for (const link of links) link.flush()
    this.run()
  }

  /** A token under which the answer to a local publish is awaited. */
  expectAnswer(resolve: (outgoing: OutgoingAnswer) => void): number {
    this.#lastToken += 1
    this.#answers.set(this.#lastToken, resolve)
    return this.#lastToken
  }

  #answer(outgoing: OutgoingAnswer): void {
    const resolve = this.#answers.get(outgoing.token)
    this.#answers.delete(outgoing.token)
    resolve?.(outgoing)
  }

  #arm(): void {
    if (this.#isStopped) return
    const nowMs = this.nowMs()
    const atMs = this.core.nextDeadlineMs(nowMs)
    if (atMs >= this.#timerAtMs) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timerAtMs = atMs
    this.#timer = setTimeout(this.#advance, Math.min(Math.max(0, atMs - nowMs), timeoutMsMax))
    this.#timer.unref()
  }

  readonly #advance = (): void => {
    this.#timer = null
    this.#timerAtMs = Number.POSITIVE_INFINITY
    this.advance()
  }

  /** Does what has become due; also for tests that move the clock. */
  advance(): void {
    this.core.advance(this.nowMs(), this.turn)
    this.run()
  }

  /** Says goodbye to every client and resolves when all of it is durable and handed to the operating system. */
  async stop(): Promise<void> {
    this.core.stop(this.nowMs(), this.turn)
    this.run()
    await this.#runner.idle()
    this.#flushAll()
    this.#isStopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  #failed(error: Error): void {
    this.#isStopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    for (const connection of this.core.state.connections) {
      const { link } = connection
      if (link instanceof ClientLink) link.destroy()
    }
    this.#owner.failed(error)
  }
}
