/**
 * Everything the core knows: Sessions, Subscriptions, Retained Messages, deadlines, counts, limits.
 *
 * Held in one place and handed to the functions that decide; it has no behaviour of its own beyond keeping itself in step.
 */
import type { Connection } from './connection/connection.ts'
import { Deadlines } from './deadlines.ts'
import type { Limits } from './limits.ts'
import { Tally } from './routing/fate.ts'
import { RetainedMessages } from './routing/retained-messages.ts'
import { Subscriptions } from './routing/subscriptions.ts'
import type { Session } from './session/session.ts'
import type { Turn } from './turn.ts'

/** What the host offers to answer; everything else is allowed. */
export interface CoreOptions {
  limits: Limits
  /** CONNECT without an Authentication Method is asked about. */
  asksAuthentication: boolean
  /** Names of the Authentication Methods that can be asked about. */
  authenticationMethods: ReadonlySet<string>
  /** Publishing and subscribing is asked about. */
  asksAuthorization: boolean
  /** Prefix of the Response Information sent to clients that ask for it [MQTT-3.1.2-28]; null for none. */
  responseTopicPrefix: string | null
}

/** Settled copies are written down at latest after this long; a crash repeats at most that much of QoS 1. */
const settledDelayMs = 100

export class CoreState {
  readonly options: CoreOptions
  readonly limits: Limits
  readonly sessions = new Map<string, Session>()
  readonly connections = new Set<Connection>()
  readonly subscriptions = new Subscriptions()
  readonly retained = new RetainedMessages()
  readonly deadlines = new Deadlines()
  readonly tally = new Tally()
  /** Connections with Retained Messages still to be sent. */
  readonly retainedDeliveries = new Set<Connection>()
  /** Make an event for every admitted message. */
  reportsMessages = false
  /** False while the store refuses: then nothing that needs a record is taken in. */
  storeTakesMessages = true
  isStopping = false
  #lastMessageId = 0
  #settled = new Set<Session>()

  constructor(options: CoreOptions) {
    this.options = options
    this.limits = options.limits
  }

  nextMessageId(): number {
    this.#lastMessageId += 1
    return this.#lastMessageId
  }

  /** Whether there is room for a Retained Message of this Topic Name, or one to take the place of. */
  mayRetain(topicName: string): boolean {
    return this.retained.count < this.limits.retainedMessagesMax || this.retained.get(topicName) !== undefined
  }

  /** A copy of a durable Session needs no more work; written down with the next record or soon. */
  settle(session: Session, messageId: number): void {
    session.settledMessageIds.push(messageId)
    this.#settled.add(session)
  }

  /** Whether settled copies wait for `writeSettled`. */
  get hasSettled(): boolean {
    return this.#settled.size > 0
  }

  writeSettled(turn: Turn): void {
    for (const session of this.#settled) {
      if (!session.hasEnded && session.settledMessageIds.length > 0) {
        turn.records.push({ type: 'settled', session: session.key, messageIds: session.settledMessageIds })
      }
      session.settledMessageIds = []
    }
    this.#settled.clear()
  }

  /** When settled copies must be written at the latest. */
  settledDeadlineMs(nowMs: number): number {
    return nowMs + settledDelayMs
  }
}
