/**
 * What a client may do: the access rules, the host's `authorize` and `authorizeReceive`, and the permissions, asked in this order.
 *
 * A verdict that is none refuses. What the rules deny no callback is asked about.
 */
import type { Verdict } from '../../core/access/access-policy.ts'
import type { AccessRules } from '../../core/access/access-rules.ts'
import type { AskReceive } from '../../core/access/receiving.ts'
import type { Connection } from '../../core/connection/connection.ts'
import type { Answer, AuthorizeSubscribeQuestion, Question } from '../../core/question.ts'
import { isForSys } from '../../core/routing/own-watchers.ts'
import { asksForEvents } from '../../core/routing/subscribing.ts'
import type {
  AuthorizationRequest,
  Authorize,
  AuthorizeReceive,
  Permissions,
} from '../authentication/authentication.ts'
import type { LoggingInOptions } from '../authentication/logging-in.ts'
import { isPermitted } from '../default-permission.ts'
import { failClosed, noVerdict } from '../fail-closed.ts'

/** How clients log in says whether anybody can be told from anybody else. */
export interface AuthorizingOptions
  extends Pick<LoggingInOptions, 'authenticate' | 'authenticationMethods' | 'reportFault'> {
  authorize: Authorize | undefined
  authorizeReceive?: AuthorizeReceive | undefined
  /** Who may observe and administrate where `authorize` does not say. */
  permissions: Permissions
  /** The rules in force; null: there are none. What they deny no callback is asked about. */
  access: () => AccessRules | null
}

export type AuthorizationQuestion = Exclude<Question, { type: 'authenticate' | 'authentication-step' | 'go-on' }>

export class Authorizing {
  #options: AuthorizingOptions
  #isAsking = false
  /** User Names: also of what was asked before the connection was gone. */
  readonly #userNames = new WeakMap<Connection, string>()

  constructor(options: AuthorizingOptions) {
    this.#options = options
  }

  /** From the next question on. */
  change(options: AuthorizingOptions): void {
    this.#options = options
  }

  /** What `authorize` is told that the client is called; null: as before. */
  remember(connection: Connection, userName: string | null): void {
    if (userName !== null) this.#userNames.set(connection, userName)
  }

  /** May throw or reject, if a callback does. */
  ask(question: AuthorizationQuestion): Answer | Promise<Answer> {
    const { connection } = question
    switch (question.type) {
      case 'authorize-will': {
        const { will } = question.connect
        if (will === null) return { type: 'authorized', allowed: [true] }
        const { topicName, qos, retain } = will
        const { account, groups } = question.login
        const { clientIdentifier } = question.connect
        const userName = connection.origin.certificateName ?? question.connect.userName
        this.remember(connection, userName)
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
    }
  }

  /** Whether a client may see, or as an `admin` change, what the broker knows about a Topic Name or Topic Filter. Fails closed. */
  async permits(connection: Connection, action: 'observe' | 'admin', topic: string): Promise<boolean> {
    const request = { ...this.#who(connection), action, topic, qos: 0, retain: false } as const
    const answer = await failClosed(() => this.#authorize(connection, [request]), this.#options.reportFault)
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
      queueMicrotask(() => this.#options.reportFault(error))
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

  #who(connection: Connection): Pick<AuthorizationRequest, 'account' | 'clientIdentifier' | 'userName' | 'groups'> {
    const { account = '', groups } = connection.session ?? {}
    const clientIdentifier = connection.clientIdentifier ?? ''
    return { account, clientIdentifier, userName: this.#userNames.get(connection) ?? null, groups: groups ?? [] }
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
      if (typeof verdict !== 'boolean') this.#options.reportFault(noVerdict('authorize', verdict, 'true or false'))
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
    this.#options.reportFault(result.reason)
    return false
  }
}
