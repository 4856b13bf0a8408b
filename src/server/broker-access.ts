/**
 * Makes what an administrator of a broker works with.
 */
import type { BrokerEvent } from '../core/event.ts'
import type { BrokerAccess, BrokerPhase } from './admin-part.ts'
import type { LocalSubscriptions } from './local-subscriptions.ts'
import type { BrokerOptions } from './options.ts'
import { snapshotEveryBytesDefault } from './options.ts'
import type { AdminRequestEvent } from './requests/admin-request.ts'
import type { Shell } from './shell.ts'
import { version } from './version.ts'

export type Watcher = (event: BrokerEvent, atMs: number) => void

/** What is needed of the broker. */
export interface AccessHost {
  readonly shell: Shell
  /** As the broker was made. */
  readonly options: BrokerOptions
  optionsInForce(): BrokerOptions
  readonly watchers: Set<Watcher>
  readonly listenersWanted: number
  readonly phase: BrokerPhase
  readonly listenUrls: readonly string[]
  readonly locals: LocalSubscriptions
  watchersChanged(): void
  reportFault(error: unknown): void
  audit(event: AdminRequestEvent): void
}

export function makeAccess(host: AccessHost): BrokerAccess {
  const { shell } = host
  const startedAtMs = shell.nowMs()
  return {
    version,
    startedAtMs,
    state: shell.core.state,
    store: shell.store,
    latencies: shell.latencies,
    get settings() {
      return settingsOf(host.options, host.optionsInForce())
    },
    get phase() {
      return host.phase
    },
    get listenersWanted() {
      return host.listenersWanted
    },
    get listenUrls() {
      return host.listenUrls
    },
    nowMs: () => shell.nowMs(),
    act: (give) => shell.act(give),
    durable: () => shell.durable(),
    ask: (question) => shell.requests.ask(question),
    publish: async (packet, claim) => {
      const { token, answered } = shell.answers.expect()
      shell.core.publishLocally(packet, token, shell.inputMs(), shell.turn, claim)
      shell.run()
      return answered
    },
    subscribe: (topicFilter, options, listener, subscribing) =>
      host.locals.subscribe(topicFilter, options, listener, subscribing),
    watch: (listener) => {
      // The same function may be handed in twice.
      const watcher: Watcher = (event, atMs) => listener(event, atMs)
      host.watchers.add(watcher)
      host.watchersChanged()
      return () => {
        host.watchers.delete(watcher)
        host.watchersChanged()
      }
    },
    reportFault: (error) => host.reportFault(error),
    audit: (event) => host.audit(event),
  }
}

/** Functions, passwords and keys are not among them. */
function settingsOf(made: BrokerOptions, options: BrokerOptions): BrokerAccess['settings'] {
  const { allowAnonymous, permissions, responseTopicPrefix } = options
  // These change at the next start only.
  const { snapshotEveryBytes, acceptLoss, tracing } = made
  return {
    allowAnonymous: allowAnonymous ?? false,
    authenticates: options.authenticate !== undefined,
    authorizes: options.authorize !== undefined,
    authenticationMethods: (options.authenticationMethods ?? []).map(({ name }) => name),
    'permissions.observe': permissions?.observe ?? [],
    'permissions.admin': permissions?.admin ?? [],
    responseTopicPrefix: responseTopicPrefix ?? null,
    snapshotEveryBytes: snapshotEveryBytes ?? snapshotEveryBytesDefault,
    acceptLoss: acceptLoss ?? false,
    tracing: tracing ?? false,
  }
}
