/**
 * Puts the core's questions to the host's callbacks and makes answers of what they say. Fails closed.
 */
import type { Verdict } from '../core/access/access-policy.ts'
import type { AccessRules } from '../core/access/access-rules.ts'
import type { AskReceive } from '../core/access/receiving.ts'
import type { Connection } from '../core/connection/connection.ts'
import {
  type Answer,
  type AuthenticationStepQuestion,
  type AuthorizeSubscribeQuestion,
  plainLogin,
  type Question,
} from '../core/question.ts'
import { isForSys } from '../core/routing/own-watchers.ts'
import { asksForEvents } from '../core/routing/subscribing.ts'
import type { Connect } from '../protocol/control-packet.ts'
import { ReasonCode } from '../protocol/reason-code.ts'
import { isEncodable } from '../protocol/utf8.ts'
import type {
  Authenticate,
  AuthenticationRequest,
  AuthenticationVerdict,
  AuthorizationRequest,
  Authorize,
  AuthorizeReceive,
  EnhancedAuthenticationExchange,
  EnhancedAuthenticationMethod,
  EnhancedAuthenticationStep,
  LoginTerms,
  Permissions,
} from './authentication/authentication.ts'
import type { FailedLogins } from './authentication/failed-logins.ts'
import { describeValue } from './config/reading.ts'
import { isPermitted } from './default-permission.ts'
import { Slices } from './requests/slices.ts'

export interface GatekeeperOptions {
  authenticate: Authenticate | undefined
  authorize: Authorize | undefined
  authorizeReceive?: AuthorizeReceive | undefined
  authenticationMethods: readonly EnhancedAuthenticationMethod[]
  /** Who may observe and administrate where `authorize` does not say. */
  permissions: Permissions
  /** The rules in force; null: there are none. What they deny no callback is asked about. */
  access: () => AccessRules | null
  /** Who has failed too often is not asked; null: nobody has. */
  failedLogins?: FailedLogins | null
  /** Hears of a callback that threw: it refused, but somebody should know. */
  reportFault: (error: unknown) => void
}

export class Gatekeeper {
  #options: GatekeeperOptions
  #isAsking = false
  /** For what goes on bit by bit: of all clients together one bit in each turn of the event loop. */
  readonly #slices = new Slices()
  readonly #exchanges = new WeakMap<Connection, EnhancedAuthenticationExchange>()
  /** User Names, for authorisation: also of what was asked before the connection was gone. */
  readonly #userNames = new WeakMap<Connection, string>()

  constructor(options: GatekeeperOptions) {
    this.#options = options
  }

  /** From the next question on. An exchange that has begun goes on with the method it began with. */
  change(options: GatekeeperOptions): void {
    this.#options = options
  }

  /** Answers at once if the callback does. Never throws, never rejects. */
  ask(question: Question): Answer | Promise<Answer> {
    return this.#guard(() => this.#put(question))
  }

  #guard(work: () => Answer | Promise<Answer>): Answer | Promise<Answer> {
    try {
      const answer = work()
      return answer instanceof Promise ? answer.catch((error) => this.#refuseFault(error)) : answer
    } catch (error) {
      return this.#refuseFault(error)
    }
  }

  forget(connection: Connection): void {
    this.#exchanges.delete(connection)
  }

  /** Something that was called on a client's behalf has failed. */
  reportFault(error: unknown): void {
    this.#options.reportFault(error)
  }

  #refuseFault(error: unknown): Answer {
    this.reportFault(error)
    return refusal(ReasonCode.NotAuthorized, null)
  }

  #put(question: Question): Answer | Promise<Answer> {
    const { connection } = question
    switch (question.type) {
      case 'authenticate':
        return this.#counted(connection, () => this.#authenticate(connection, question.connect))
      case 'authentication-step':
        return this.#counted(connection, () => this.#step(question))
      case 'authorize-will': {
        const { will } = question.connect
        if (will === null) return { type: 'authorized', allowed: [true] }
        const { topicName, qos, retain } = will
        const { account, groups } = question.login
        const { clientIdentifier } = question.connect
        const userName = connection.origin.certificateName ?? question.connect.userName
        this.#rememberUserName(connection, userName)
        return this.#authorize(connection, [
          { account, clientIdentifier, userName, groups, action: 'publish', topic: topicName, qos, retain },
        ])
      }
      case 'authorize-publish': {
        const { topicName, qos, retain } = question.packet
        return this.#authorize(connection, [
          { ...this.#who(connection), action: 'publish', topic: topicName, qos, retain },
        ])
      }
      case 'authorize-receipt': {
        const who = { ...this.#who(connection), qos: question.receipt.qos, retain: false }
        return this.#authorize(connection, [
          { ...who, action: 'publish', topic: question.receipt.topicName },
          { ...who, action: 'observe', topic: question.packet.topicName },
        ])
      }
      case 'authorize-reply': {
        const { topicName, qos } = question.reply
        return this.#authorize(connection, [
          { ...this.#who(connection), action: 'publish', topic: topicName, qos, retain: false },
        ])
      }
      case 'authorize-subscribe':
        return this.#authorizeSubscribe(question)
      case 'go-on':
        return this.#slices.turn().then(() => ({ type: 'had-their-turn' }))
    }
  }

  /**
   * Whether a client may see, or as an `admin` change, what the broker knows about a Topic Name or Topic Filter. Never
   * throws, never rejects.
   */
  async permits(connection: Connection, action: 'observe' | 'admin', topic: string): Promise<boolean> {
    const request = { ...this.#who(connection), action, topic, qos: 0, retain: false } as const
    const answer = await this.#guard(() => this.#authorize(connection, [request]))
    return answer.type === 'authorized' && answer.allowed[0] === true
  }

  /** What the core asks at once, in the middle of an input. Null: nobody is to be asked. */
  get asksReceive(): AskReceive | null {
    return this.#options.authorizeReceive === undefined ? null : this.#mayReceive
  }

  readonly #mayReceive: AskReceive = ({ account, clientIdentifier, groups = [] }, topic) => {
    this.#isAsking = true
    try {
      const verdict: unknown = this.#options.authorizeReceive?.({ account, clientIdentifier, groups, topic })
      if (typeof verdict === 'boolean') return verdict
      if (verdict instanceof Promise) verdict.catch(() => {})
      throw new TypeError('authorizeReceive must answer true or false at once')
    } catch (error) {
      // Whoever hears of it may use the broker.
      queueMicrotask(() => this.reportFault(error))
      return false
    } finally {
      this.#isAsking = false
    }
  }

  /** @throws an Error while the core asks the host something in the middle of an input: that must not lead to another. */
  mustNotAsk(): void {
    if (this.#isAsking) throw new Error('authorizeReceive must not use the broker; do it later, with setImmediate')
  }

  #authorizeSubscribe({ connection, packet }: AuthorizeSubscribeQuestion): Answer | Promise<Answer> {
    const who = this.#who(connection)
    const requests = packet.subscriptions.map((subscription): AuthorizationRequest => {
      const { topicFilter, qos } = subscription
      const topic = topicFilter.replace(/^\$share\/[^/]*\//, '')
      const action = asksForEvents(subscription) && !isForSys(topic) ? 'observe' : 'subscribe'
      return { ...who, action, topic, qos, retain: false }
    })
    return this.#authorize(connection, requests)
  }

  #rememberUserName(connection: Connection, userName: string | null): void {
    if (userName !== null) this.#userNames.set(connection, userName)
  }

  #who(connection: Connection): Pick<AuthorizationRequest, 'account' | 'clientIdentifier' | 'userName' | 'groups'> {
    const { account = '', groups } = connection.session ?? {}
    const clientIdentifier = connection.clientIdentifier ?? ''
    return { account, clientIdentifier, userName: this.#userNames.get(connection) ?? null, groups: groups ?? [] }
  }

  /** Logins that fail are counted by the address they come from; above a bound nobody there is asked. */
  #counted(connection: Connection, ask: () => Answer | Promise<Answer>): Answer | Promise<Answer> {
    const { failedLogins = null } = this.#options
    if (failedLogins === null) return ask()
    const { remoteAddress } = connection.origin
    const fault = failedLogins.fault(remoteAddress)
    if (fault !== null) return refusal(ReasonCode.ConnectionRateExceeded, fault)
    const count = (answer: Answer): Answer => {
      if (answer.type === 'refused' && !ownFaults.has(answer.reasonCode)) failedLogins.note(remoteAddress)
      return answer
    }
    const answer = this.#guard(ask)
    return answer instanceof Promise ? answer.then(count) : count(answer)
  }

  #authenticate(connection: Connection, connect: Connect): Answer | Promise<Answer> {
    const { authenticate } = this.#options
    const { certificateName = null } = connection.origin
    if (certificateName !== null) {
      // Whatever it says it is called.
      this.#rememberUserName(connection, certificateName)
      if (certificateName !== '' && isEncodable(certificateName)) return plainLogin(certificateName)
      return refusal(ReasonCode.NotAuthorized, 'the certificate of the client has no name that can be an account')
    }
    this.#rememberUserName(connection, connect.userName)
    if (authenticate === undefined) return plainLogin('')
    const verdict = authenticate(requestOf(connection, connect))
    if (verdict instanceof Promise) return verdict.then((late) => answerOf(late, connect))
    return answerOf(verdict, connect)
  }

  #step(question: AuthenticationStepQuestion): Answer | Promise<Answer> {
    const { connection, connect, packet, begins } = question
    this.#rememberUserName(connection, connect.userName)
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

  #authorize(connection: Connection, requests: readonly AuthorizationRequest[]): Answer | Promise<Answer> {
    const verdicts = requests.map((request) => this.#verdict(connection, request))
    if (!verdicts.some((verdict) => verdict instanceof Promise)) return this.#authorized(verdicts)
    return Promise.allSettled(verdicts).then((settled) => {
      return this.#authorized(settled.map((result) => this.#verdictOf(result)))
    })
  }

  #authorized(verdicts: readonly unknown[]): Answer {
    for (const verdict of verdicts) {
      if (typeof verdict !== 'boolean') this.reportFault(noVerdict('authorize', verdict, 'true or false'))
    }
    return { type: 'authorized', allowed: verdicts.map((verdict) => verdict === true) }
  }

  /** Rules deny what none of them allows; to ask the broker itself may be permitted in another way, unless a rule denies it. */
  #verdict(connection: Connection, request: AuthorizationRequest): boolean | Promise<boolean> {
    const { authorize, permissions, authenticate, authenticationMethods } = this.#options
    const { action, topic } = request
    const ruled = this.#ruling(connection, request)
    const asksBroker = action === 'observe' || action === 'admin'
    if (ruled !== null && !ruled.allowed && (!asksBroker || ruled.rule !== null)) return false
    if (authorize !== undefined) return authorize(request)
    // Without rules, who may read `$SYS` is who may observe.
    const asksToObserve = asksBroker || (ruled === null && action === 'subscribe' && isForSys(topic))
    if (!asksToObserve || ruled?.allowed === true) return true
    const clientsLogIn = authenticate !== undefined || authenticationMethods.length > 0
    return isPermitted(connection, action === 'admin' ? action : 'observe', permissions, clientsLogIn)
  }

  #ruling(connection: Connection, request: AuthorizationRequest): Verdict | null {
    const { account, clientIdentifier, groups, action, topic } = request
    const access = this.#options.access()
    if (access === null || connection.isLocal) return null
    return access.decide(connection.session ?? { account, clientIdentifier, groups }, action, topic)
  }

  #verdictOf(result: PromiseSettledResult<unknown>): unknown {
    if (result.status === 'fulfilled') return result.value
    this.reportFault(result.reason)
    return false
  }
}

/** Refusals that say nothing of the client. */
const ownFaults: ReadonlySet<number> = new Set([
  ReasonCode.ServerUnavailable,
  ReasonCode.ServerBusy,
  ReasonCode.UseAnotherServer,
  ReasonCode.ServerMoved,
])

function noVerdict(callback: string, verdict: unknown, expected: string): TypeError {
  return new TypeError(`${callback} answered ${describeValue(verdict)}, which refuses; it must answer ${expected}`)
}

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

function refusal(reasonCode: number, reasonString: string | null): Answer {
  return { type: 'refused', reasonCode, reasonString, serverReference: null }
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
