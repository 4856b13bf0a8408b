/**
 * Puts the core's questions to those who know: who a client is (authentication/logging-in.ts), what it may do
 * (access/authorizing.ts), and whose turn it is. Fails closed.
 */
import type { AskReceive } from '../core/access/receiving.ts'
import type { Connection } from '../core/connection/connection.ts'
import type { Answer, Question } from '../core/question.ts'
import { Authorizing, type AuthorizingOptions } from './access/authorizing.ts'
import { LoggingIn, type LoggingInOptions } from './authentication/logging-in.ts'
import { failClosed } from './fail-closed.ts'
import { Slices } from './requests/slices.ts'

export interface GatekeeperOptions extends LoggingInOptions, AuthorizingOptions {}

export class Gatekeeper {
  readonly #loggingIn: LoggingIn
  readonly #authorizing: Authorizing
  /** For what goes on bit by bit: of all clients together one bit in each turn of the event loop. */
  readonly #slices = new Slices()
  #reportFault: GatekeeperOptions['reportFault']

  constructor(options: GatekeeperOptions) {
    this.#loggingIn = new LoggingIn(options)
    this.#authorizing = new Authorizing(options)
    this.#reportFault = options.reportFault
  }

  /** From the next question on. An exchange that has begun goes on with the method it began with. */
  change(options: GatekeeperOptions): void {
    this.#loggingIn.change(options)
    this.#authorizing.change(options)
    this.#reportFault = options.reportFault
  }

  /** Answers at once if the callback does. Never throws, never rejects. */
  ask(question: Question): Answer | Promise<Answer> {
    return failClosed(() => this.#put(question), this.#reportFault)
  }

  forget(connection: Connection): void {
    this.#loggingIn.forget(connection)
  }

  /** Something that was called on a client's behalf has failed. */
  reportFault(error: unknown): void {
    this.#reportFault(error)
  }

  #put(question: Question): Answer | Promise<Answer> {
    const { connection } = question
    switch (question.type) {
      case 'authenticate':
        // Of one with a certificate its name, whatever it says it is called.
        this.#authorizing.remember(connection, connection.origin.certificateName ?? question.connect.userName)
        return this.#loggingIn.ask(question)
      case 'authentication-step':
        this.#authorizing.remember(connection, question.connect.userName)
        return this.#loggingIn.ask(question)
      case 'go-on':
        return this.#slices.turn().then(() => ({ type: 'had-their-turn' }))
      default:
        return this.#authorizing.ask(question)
    }
  }

  /**
   * Whether a client may see, or as an `admin` change, what the broker knows about a Topic Name or Topic Filter. Never
   * throws, never rejects.
   */
  permits(connection: Connection, action: 'observe' | 'admin', topic: string): Promise<boolean> {
    return this.#authorizing.permits(connection, action, topic)
  }

  /** What the core asks at once, in the middle of an input. Null: nobody is to be asked. */
  get asksReceive(): AskReceive | null {
    return this.#authorizing.asksReceive
  }

  /** @throws an Error while the core asks the host something in the middle of an input: that must not lead to another. */
  mustNotAsk(): void {
    this.#authorizing.mustNotAsk()
  }
}
