/**
 * Who a client is: what the host's `authenticate` and its authentication methods say, and the name in a certificate, made into the
 * answer to a login. MQTT 5.0 section 4.12.
 *
 * A verdict that is none refuses; who has failed too often is not asked.
 */
import type { Connection } from '../../core/connection/connection.ts'
import {
  type Answer,
  type AuthenticateQuestion,
  type AuthenticationStepQuestion,
  plainLogin,
} from '../../core/question.ts'
import type { Connect } from '../../protocol/control-packet.ts'
import { ReasonCode } from '../../protocol/reason-code.ts'
import { isEncodable } from '../../protocol/utf8.ts'
import { describeValue } from '../config/reading.ts'
import { failClosed, noVerdict, refusal } from '../fail-closed.ts'
import type {
  Authenticate,
  AuthenticationRequest,
  AuthenticationVerdict,
  EnhancedAuthenticationExchange,
  EnhancedAuthenticationMethod,
  EnhancedAuthenticationStep,
  LoginTerms,
} from './authentication.ts'
import type { FailedLogins } from './failed-logins.ts'

export interface LoggingInOptions {
  authenticate: Authenticate | undefined
  authenticationMethods: readonly EnhancedAuthenticationMethod[]
  /** Who has failed too often is not asked; null: nobody has. */
  failedLogins?: FailedLogins | null
  /** Hears of a callback that threw: it refused, but somebody should know. */
  reportFault: (error: unknown) => void
}

export class LoggingIn {
  #options: LoggingInOptions
  readonly #exchanges = new WeakMap<Connection, EnhancedAuthenticationExchange>()

  constructor(options: LoggingInOptions) {
    this.#options = options
  }

  /** From the next question on. An exchange that has begun goes on with the method it began with. */
  change(options: LoggingInOptions): void {
    this.#options = options
  }

  /** Fails closed. */
  ask(question: AuthenticateQuestion | AuthenticationStepQuestion): Answer | Promise<Answer> {
    const { connection } = question
    return this.#counted(connection, () =>
      question.type === 'authenticate' ? this.#authenticate(connection, question.connect) : this.#step(question),
    )
  }

  forget(connection: Connection): void {
    this.#exchanges.delete(connection)
  }

  /** Logins that fail are counted by the address they come from; above a bound nobody there is asked. */
  #counted(connection: Connection, ask: () => Answer | Promise<Answer>): Answer | Promise<Answer> {
    const { failedLogins = null } = this.#options
    if (failedLogins === null) return failClosed(ask, this.#options.reportFault)
    const { remoteAddress } = connection.origin
    const fault = failedLogins.fault(remoteAddress)
    if (fault !== null) return refusal(ReasonCode.ConnectionRateExceeded, fault)
    const count = (answer: Answer): Answer => {
      if (answer.type === 'refused' && !ownFaults.has(answer.reasonCode)) failedLogins.note(remoteAddress)
      return answer
    }
    const answer = failClosed(ask, this.#options.reportFault)
    return answer instanceof Promise ? answer.then(count) : count(answer)
  }

  #authenticate(connection: Connection, connect: Connect): Answer | Promise<Answer> {
    const { authenticate } = this.#options
    const { certificateName = null } = connection.origin
    if (certificateName !== null) {
      if (certificateName !== '' && isEncodable(certificateName)) return plainLogin(certificateName)
      return refusal(ReasonCode.NotAuthorized, 'the certificate of the client has no name that can be an account')
    }
    if (authenticate === undefined) return plainLogin('')
    const verdict = authenticate(requestOf(connection, connect))
    if (verdict instanceof Promise) return verdict.then((late) => answerOf(late, connect))
    return answerOf(verdict, connect)
  }

  #step(question: AuthenticationStepQuestion): Answer | Promise<Answer> {
    const { connection, connect, packet, begins } = question
    if (begins) {
      const name = connect.properties.authenticationMethod
      const method = this.#options.authenticationMethods.find((each) => each.name === name)
      if (method === undefined) return refusal(ReasonCode.BadAuthenticationMethod, null)
      this.#exchanges.set(connection, method.begin(requestOf(connection, connect)))
    }
    const exchange = this.#exchanges.get(connection)
    if (exchange === undefined) return refusal(ReasonCode.NotAuthorized, null)
    const step = exchange.step(packet.properties.authenticationData ?? null)
    return step instanceof Promise ? step.then(answerOfStep) : answerOfStep(step)
  }
}

/** Refusals that say nothing of the client. */
const ownFaults: ReadonlySet<number> = new Set([
  ReasonCode.ServerUnavailable,
  ReasonCode.ServerBusy,
  ReasonCode.UseAnotherServer,
  ReasonCode.ServerMoved,
])

function requestOf(connection: Connection, connect: Connect): AuthenticationRequest {
  return {
    clientIdentifier: connect.clientIdentifier,
    userName: connect.userName,
    password: connect.password,
    protocolVersion: connection.protocolVersion,
    remoteAddress: connection.origin.remoteAddress,
    listener: connection.origin.listener,
    userProperties: connect.properties.userProperties ?? [],
  }
}

/** U+0000 separates account and Client Identifier in a Session's key. */
function accepted(account: unknown, data: Uint8Array | null, terms: LoginTerms = {}): Answer {
  if (typeof account !== 'string')
    throw new TypeError(`the account of a client must be a text, found ${describeValue(account)}`)
  if (account.includes('\u0000')) return refusal(ReasonCode.NotAuthorized, null)
  const { groups = [], expiresAtMs = Number.POSITIVE_INFINITY } = terms
  if (!Array.isArray(groups) || !groups.every(isGroup)) throw new TypeError(groupsFault)
  if (typeof expiresAtMs !== 'number' || Number.isNaN(expiresAtMs)) throw new TypeError(expiryFault)
  // In one order, so that it can be seen whether they are the same as before.
  return { ...plainLogin(account, data), groups: [...new Set(groups)].sort(), endsAtMs: expiresAtMs }
}

const verdictShapes = "true, false, { type: 'accepted', ... } or { type: 'refused', ... }"
const groupsFault = 'the groups of a client must be an array of names: texts that are not empty'
const expiryFault = 'expiresAtMs must be milliseconds since 1970'

function isGroup(name: unknown): name is string {
  return typeof name === 'string' && name !== '' && !name.includes('\u0000')
}

function answerOf(verdict: AuthenticationVerdict | boolean, connect: Connect): Answer {
  const userName = connect.userName ?? ''
  if (verdict === true) return accepted(userName, null)
  if (verdict === false) return refusal(ReasonCode.BadUserNameOrPassword, null)
  const type: unknown = typeof verdict === 'object' && verdict !== null ? verdict.type : null
  if (type !== 'accepted' && type !== 'refused') throw noVerdict('authenticate', verdict, verdictShapes)
  if (verdict.type === 'accepted') return accepted(verdict.account ?? userName, null, verdict)
  const { reasonCode, reasonString, serverReference } = verdict
  return {
    type: 'refused',
    reasonCode: errorCode(reasonCode, ReasonCode.BadUserNameOrPassword),
    reasonString: textOf(reasonString),
    serverReference: textOf(serverReference),
  }
}

function answerOfStep(step: EnhancedAuthenticationStep): Answer {
  if ('data' in step && !isAuthenticationData(step.data)) throw new TypeError(dataFault)
  if (step.type === 'continue') return { type: 'continue', data: step.data }
  if (step.type === 'accepted') return accepted(step.account, step.data ?? null, step)
  return refusal(errorCode(step.reasonCode, ReasonCode.NotAuthorized), textOf(step.reasonString))
}

const dataFault = 'the data of a step must be a Uint8Array of at most 65,535 bytes'

function isAuthenticationData(data: unknown): boolean {
  return data === undefined || (data instanceof Uint8Array && data.length <= 65_535)
}

/** What no packet can carry is left out. */
function textOf(given: unknown): string | null {
  return typeof given === 'string' && isEncodable(given) ? given : null
}

function errorCode(given: number | undefined, otherwise: number): number {
  return given !== undefined && given >= 0x80 && given <= 0xff ? given : otherwise
}
