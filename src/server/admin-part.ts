/**
 * The port for whatever administers a broker from outside, the HTTP API for example: it begins and ends with the broker, looks
 * at everything, and acts only through here.
 */
import type { BrokerCore } from '../core/broker.ts'
import type { BrokerEvent } from '../core/event.ts'
import type { Claim } from '../core/owed/owing.ts'
import type { CoreState } from '../core/state.ts'
import type { Turn } from '../core/turn.ts'
import type { Publish } from '../protocol/packets/publish.ts'
import type { Store } from '../store/store.ts'
import type { Latencies } from './delivery-times.ts'
import type { LocalSubscribeOptions, ReceivedMessage } from './local-link.ts'
import type { LocalSubscription } from './local-messages.ts'
import type { Subscribing } from './local-subscriptions.ts'
import type { AdminRequestEvent } from './requests/admin-request.ts'
import type { Cursors } from './requests/cursors.ts'
import type { PageBounds } from './requests/pages.ts'

/** What `httpAdmin` makes for `createBroker({ admin })`, which begins and ends it with the broker: a host has nothing to call here. */
export interface AdminPart {
  /** Where it can be reached, with the port it really has; empty while it is not started. */
  readonly urls: readonly string[]
  /** Before the store is opened, so that it can say what the broker waits for. @throws an Error that says what to do. */
  start(broker: BrokerAccess): Promise<void>
  /** The store is open, and its directory is there. @throws an Error that says what to do. */
  opened(): Promise<void>
  /** Clients are let in: what they need not wait for can be done now. @throws an Error that says what to do. */
  listening(): Promise<void>
  /**
   * Reads its certificate again; what it returns puts it in place for connections to come. Null: there is none, or it is the same.
   *
   * @throws ListenError that says what is wrong with the files and what to do.
   */
  readCertificates(): Promise<(() => void) | null>
  /** To be shown once to whoever starts the broker; null if there is none to show. */
  readonly firstPassword: string | null
  /** Ends every request and closes its listener. */
  stop(): Promise<void>
}

/** `starting`: the store is being opened and read. `failed`: it can be relied on no more. */
export type BrokerPhase = 'starting' | 'running' | 'stopping' | 'failed'

/** What a request is asked with, and where its answer goes on. */
export interface AdminQuestion {
  /** As in `$pabal/NAME`. */
  readonly name: string
  /** As in the JSON object that is its payload. */
  readonly fields: Readonly<Record<string, unknown>>
  /** The name of whoever asks. */
  readonly askedBy: string
  /** Of whoever asks. */
  readonly cursors: Cursors
  readonly bounds: PageBounds
}

export interface AdminAnswer {
  readonly atMs: number
  /** Empty on further pages. */
  readonly facts: object
  /** JSON of each row; null if the answer has no list. */
  readonly rows: readonly string[] | null
  /** For the next page; null at the end. */
  readonly cursor: string | null
}

export interface AdminPublished {
  readonly reasonCode: number
  readonly matched: number
  /** Copies of it that wait. */
  readonly queued: number
  /** What the publisher is told beyond the Reason Code; null where that says it. */
  readonly fate: string | null
  /** Why it was refused; null if it was not. */
  readonly text: string | null
}

/** The broker as an administrator has it. */
export interface BrokerAccess {
  readonly version: string
  readonly phase: BrokerPhase
  readonly startedAtMs: number
  readonly state: CoreState
  readonly store: Store
  readonly latencies: Latencies
  /** URLs of the open listeners, with the ports they really have. */
  readonly listenUrls: readonly string[]
  /** How many listeners there are to be. */
  readonly listenersWanted: number
  /** What holds beside the limits and rules of `state`, for whoever wants to see it; without secrets. */
  readonly settings: Readonly<Record<string, unknown>>
  nowMs(): number
  /** Hands the core an input and carries out what it decides. */
  act<Result>(give: (core: BrokerCore, nowMs: number, turn: Turn) => Result): Result
  /** Resolves when all that was decided so far is durable: before anybody is told. */
  durable(): Promise<void>
  /** Looks up what `$pabal/NAME` answers, without asking for a permission. @throws RequestFault */
  ask(question: AdminQuestion): Promise<AdminAnswer>
  /** Resolves when the message is durable for everybody who must have it. `claim`: what is to be owed for it; null for nothing. */
  publish(packet: Publish, claim: Claim | null): Promise<AdminPublished>
  /**
   * Takes part like a client, on behalf of whoever asks, with a Session of its own. `listener` must not return a promise: what it
   * cannot take it leaves out, so that nothing piles up here. @throws SubscribeFault
   */
  subscribe(
    topicFilter: string,
    options: LocalSubscribeOptions,
    listener: (message: ReceivedMessage) => void,
    subscribing: Subscribing,
  ): Promise<LocalSubscription>
  /** Every event from now on, those about messages included; returns what ends it. */
  watch(listener: (event: BrokerEvent, atMs: number) => void): () => void
  /** Somebody has changed something, or was refused: before the answer leaves. */
  audit(event: AdminRequestEvent): void
  /** Something that was called on somebody's behalf has failed. */
  reportFault(error: unknown): void
}
