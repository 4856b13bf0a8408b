/**
 * A broker as an object: listeners, shell and store wired together, and what code that embeds it may do.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { BrokerEvent } from '../core/event.ts'
import { messageEventTypes } from '../core/event-topics.ts'
import { reachLimit } from '../core/limit-reached.ts'
import { type Ledger, wholeLedger } from '../core/query/ledger.ts'
import type { Subscriber } from '../core/query/who-listens.ts'
import type { WhoTotals } from '../core/query/who-totals.ts'
import { askAgain } from '../core/reconfigure.ts'
import type { Tally } from '../core/routing/fate.ts'
import { MemoryStore } from '../store/memory-store.ts'
import type { ListenAddress } from '../transport/listen-url.ts'
import { AdminSide } from './admin-side.ts'
import { FailedLogins } from './authentication/failed-logins.ts'
import type { Bans } from './bans/bans.ts'
import { ClientLinks } from './client-links.ts'
import { permittedAddresses, takesStrangers } from './config/exposure.ts'
import { Gatekeeper } from './gatekeeper.ts'
import { type BrokerEvents, type EventOf, HostEvents } from './host-events.ts'
import { HostUpgrades, type UpgradeOptions } from './host-upgrades.ts'
import { disconnectClientsOf, Listeners } from './listeners.ts'
import type { LocalSubscribeOptions, MessageListener } from './local-link.ts'
import { type LocalPublish, type LocalSubscription, type PublishResult, publishLocally } from './local-messages.ts'
import { LocalSubscriptions } from './local-subscriptions.ts'
import { MemoryWatch } from './memory-watch.ts'
import { checkOptions } from './option-faults.ts'
import type { BrokerOptions } from './options.ts'
import { differences, mayStillObserve, type OptionSet, type ReloadResult } from './reload.ts'
import type { AdminRequestEvent } from './requests/admin-request.ts'
import { Shell } from './shell.ts'
import { type Asks, changeableOptions, fixedOptions, gatekeeperOptions } from './shell-options.ts'
import type { BrokerParts } from './shell-owner.ts'
import { shortOfMemory } from './short-of-memory.ts'
import { thresholdOf } from './threshold.ts'
import { listenersTo, subscribersTo } from './topic-questions.ts'
import { traceIf } from './tracing/open-telemetry.ts'

const stillStarting = 'the broker is still starting: await start() first'

/**
 * Makes a broker; `start` opens its listeners.
 *
 * @throws an Error that names every option that is wrong, what was found, what is expected and what to do.
 */
export function createBroker(options: BrokerOptions = {}, parts: BrokerParts = {}): Broker {
  return new Broker(options, parts)
}

/** A broker in this process, made by `createBroker`. What its methods throw is an Error that says what was found and what to do. */
export class Broker {
  /** As it was made. */
  readonly #options: BrokerOptions
  #inForce: OptionSet
  readonly #gatekeeper: Gatekeeper
  readonly #asks: Asks
  readonly #failedLogins: FailedLogins
  #reloading: Promise<unknown> = Promise.resolve()
  readonly #events = new HostEvents(() => this.#noteListeners())
  readonly #shell: Shell
  readonly #listeners = new Listeners({
    accept: (channel, facts) => this.#links.accept(channel, facts, this.#shell),
    takesStrangers: () => takesStrangers(this.#inForce.given),
    ...thresholdOf(() => this.#shell),
  })
  readonly #links = new ClientLinks((remoteAddress) => this.#failedLogins.note(remoteAddress))
  readonly #upgrades = new HostUpgrades({
    closedBecause: () => this.#closedBecause(),
    options: () => this.#inForce.given,
    packetBytesMax: () => this.#shell.core.state.limits.packetBytesMax,
    accept: (channel, facts) => this.#links.accept(channel, facts, this.#shell),
  })
  readonly #memory = new MemoryWatch(shortOfMemory(() => this.#shell, this.#links, this.#events))
  readonly #locals: LocalSubscriptions
  readonly #admin: AdminSide
  #state: 'made' | 'started' | 'stopped' = 'made'
  /** Ends when a start has, whatever came of it. */
  #starting: Promise<void> | null = null
  #stopping: Promise<void> | null = null

  constructor(options: BrokerOptions, parts: BrokerParts) {
    this.#options = options
    this.#inForce = { given: options, checked: checkOptions(options) }
    const clock = parts.clock ?? Date.now
    const state = () => this.#shell.core.state
    this.#failedLogins = new FailedLogins(
      () => state().limits.failedLoginsPerSecondMax,
      clock,
      () => reachLimit(state(), 'failedLoginsPerSecondMax', ''),
    )
    this.#asks = {
      access: () => state().access,
      failedLogins: this.#failedLogins,
      reportFault: (error: unknown) => this.#events.fault(error),
    }
    this.#gatekeeper = new Gatekeeper(gatekeeperOptions(options, this.#asks))
    const store = options.store ?? new MemoryStore(false)
    const { asksReceive } = this.#gatekeeper
    const shellOptions = { ...changeableOptions(this.#inForce), ...fixedOptions(options, store), asksReceive }
    const owner = {
      report: (event: BrokerEvent) => this.#report(event),
      audit: (event: AdminRequestEvent) => this.#events.emit('adminRequest', event),
      storeTakes: (takes: boolean) => this.#events.emit('storeTakesMessages', takes),
      failed: (error: Error) => this.#failed(error),
      grew: (bytes: number) => this.#memory.grew(bytes),
      ...(parts.afterTurn === undefined ? {} : { afterTurn: parts.afterTurn }),
    }
    this.#shell = new Shell(shellOptions, this.#gatekeeper, store, owner, clock)
    this.#locals = new LocalSubscriptions(this.#shell, (error) => this.#events.fault(error))
    this.#admin = new AdminSide(options, {
      locals: this.#locals,
      optionsInForce: () => this.#inForce.given,
      watchersChanged: () => this.#noteListeners(),
      reportFault: (error) => this.#events.fault(error),
      audit: owner.audit,
    })
  }

  /** Where the HTTP API can be reached; empty without one. */
  get adminUrls(): readonly string[] {
    return this.#admin.urls
  }

  /** URLs of the open listeners, with the ports they really have. */
  get urls(): readonly string[] {
    return this.#listeners.urls
  }

  /** Counts of messages and copies by their fate, since the broker was made. */
  get tally(): Readonly<Tally> {
    return this.#shell.core.state.tally
  }

  /** What became of every message and copy since the broker was made, in all and under each rule, and whether it adds up. */
  ledger(): Ledger {
    return wholeLedger(this.#shell.core.state)
  }

  /** Who may not connect. */
  get bans(): Bans {
    return this.#shell.bans
  }

  /** Network Connections at this moment. */
  get connections(): number {
    return this.#links.size
  }

  /**
   * Opens the store, then every listener, or none. What failed can be tried again; `stop` gives back what was opened by then. A broker
   * that was stopped is not started again: another one with the same options is, in the same process, too.
   *
   * @throws an Error that says which listener, why, and what to do; or that the broker was stopped meanwhile.
   */
  async start(): Promise<void> {
    if (this.#state !== 'made')
      throw new Error(`this broker was ${this.#state} already; make another with createBroker`)
    const addresses = permittedAddresses(this.#options)
    this.#state = 'started'
    const starting = this.#start(addresses)
    // Whoever stops it meanwhile waits for this; what comes of it, the caller is told.
    this.#starting = starting.catch(() => {})
    await starting
  }

  async #start(addresses: readonly ListenAddress[]): Promise<void> {
    this.#admin.phase = 'starting'
    const steps = [
      () => traceIf(this.#options.tracing, this.#shell.core.state, (error) => this.#events.fault(error)),
      () => this.#admin.start(this.#shell, addresses.length, () => this.urls),
      () => this.#shell.open(),
      () => this.#admin.opened(),
      () => this.#listeners.open(addresses),
      () => {
        this.#admin.phase = 'running'
        this.#memory.start()
        return this.#admin.listening()
      },
    ]
    try {
      for (const step of steps) {
        await step()
        if (this.#state === 'stopped') throw new Error('the broker was stopped while it was starting')
      }
    } catch (error) {
      if (this.#state === 'started') this.#state = 'made'
      this.#memory.stop()
      const opened = new Set(this.urls)
      await Promise.all([this.#listeners.close(), this.#admin.stop()])
      disconnectClientsOf(opened, this.#links, this.#shell)
      throw error
    }
  }

  /**
   * Gives the running broker other options: all of them, as `createBroker` takes them. Either all that can change takes effect,
   * together, or nothing does. Certificates are read again, also if the options are the same.
   *
   * Who is connected stays, except by a listener that is not among them any more (5.0: DISCONNECT 0x98) and, if `mayStay` is given,
   * those of the accounts it says no of (0x87) and those who are just logging in.
   *
   * @throws an Error that says what is wrong; nothing has changed then.
   */
  async reload(options: BrokerOptions, mayStay: ((account: string) => boolean) | null = null): Promise<ReloadResult> {
    const reloaded = this.#reloading.then(() => this.#reload(options, mayStay))
    // One after the other, whatever came of the one before: its caller has been told.
    this.#reloading = reloaded.catch(() => null)
    return reloaded
  }

  async #reload(options: BrokerOptions, mayStay: ((account: string) => boolean) | null): Promise<ReloadResult> {
    this.#mustHaveStarted()
    if (this.#admin.phase !== 'running') throw new Error(stillStarting)
    const next: OptionSet = { given: options, checked: checkOptions(options) }
    const addresses = permittedAddresses(options)
    const renewAdmin = await this.#admin.readCertificates()
    const change = await this.#listeners.prepare(addresses)
    if (this.#state === 'stopped') await change.undo()
    this.#mustHaveStarted()
    const { applied, needsRestart } = differences(this.#inForce, this.#options, next)
    this.#gatekeeper.change(gatekeeperOptions(options, this.#asks))
    const accessChanged = applied.includes('access') || applied.includes('authorizeReceive')
    const watchersMayHaveChanged = applied.some((name) => /^(?:permissions|auth|access)/.test(name))
    this.#shell.reconfigure({
      ...changeableOptions(next),
      asksReceive: this.#gatekeeper.asksReceive,
      observersChanged: applied.includes('observers'),
      accessChanged,
      mayObserve: watchersMayHaveChanged ? mayStillObserve(options) : null,
      mayStay,
    })
    disconnectClientsOf(change.apply(), this.#links, this.#shell)
    this.#admin.listenersWanted = addresses.length
    renewAdmin?.()
    const limits = { ...this.#shell.core.state.limits }
    this.#inForce = { given: options, checked: { ...next.checked, limits } }
    const renewed = [...change.renewed, ...(renewAdmin === null ? [] : this.adminUrls)]
    return { applied: [...applied, ...renewed.map((url) => `certificates of ${url}`)], needsRestart }
  }

  /**
   * Takes a client that asks for a WebSocket at an HTTP server of the host's, with the arguments of that server's event `upgrade`:
   * MQTT 5.0 section 6, RFC 6455. At which path is for the host to say; what is no MQTT client gets an answer and is closed.
   *
   *     server.on('upgrade', (request, socket, head) => {
   *       if (request.url === '/mqtt') broker.handleUpgrade(request, socket, head)
   *       else socket.destroy()
   *     })
   *
   * The server stays the host's: `stop` ends these clients like all others and leaves it open. Where clients do not log in, only
   * those of this machine are let in, unless `allowAnonymous` says that anybody may. Callbacks see `upgrade` as their listener.
   *
   * @throws a TypeError if the socket is none.
   */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, options: UpgradeOptions = {}): void {
    this.#upgrades.handle(request, socket, head, options)
  }

  /** What `authorize` and `authorizeReceive` have answered may not be so any more: from now on they are asked again. */
  askAgain(): void {
    this.#mustHaveStarted()
    this.#shell.act(({ state }, nowMs, turn) => askAgain(state, nowMs, turn))
  }

  /**
   * Tells every client (5.0: DISCONNECT 0x8B), closes everything, and resolves when that is done. Clients have a second to close, and
   * listeners of `subscribe` 5 seconds to be done with what they got. Again: waits for the same.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    this.#state = 'stopped'
    this.#admin.phase = 'stopping'
    await this.#starting
    this.#memory.stop()
    const closing = Promise.all([this.#listeners.close(), this.#admin.stop()])
    await this.#locals.endAll()
    await this.#shell.stop()
    await this.#links.gone()
    await closing
    this.#events.end()
  }

  /**
   * Publishes for this process; resolves when the message is durable for everybody who must have it.
   *
   * @throws an Error if the Topic Name or a property is not one, if the message is refused (a full queue, a full store), or
   * if the store fails before the message is durable.
   */
  async publish(message: LocalPublish): Promise<PublishResult> {
    this.#mustHaveStarted()
    return publishLocally(this.#shell, message)
  }

  /** Subscribes code in this process. @throws an Error if the Topic Filter is not one. */
  async subscribe(
    topicFilter: string,
    options: LocalSubscribeOptions,
    listener: MessageListener,
  ): Promise<LocalSubscription> {
    this.#mustHaveStarted()
    return this.#locals.subscribe(topicFilter, options, listener)
  }

  /**
   * Who listens to a Topic Name at this moment: every Subscription that matches it, with how its client is doing. Found in
   * slices, so that traffic goes on meanwhile.
   *
   * @throws an Error if the Topic Name is not one.
   */
  async subscribers(topicName: string): Promise<Subscriber[]> {
    this.#mustHaveStarted()
    return subscribersTo(topicName, this.#shell)
  }

  /** How many listen to a Topic Name at this moment. @throws an Error if the Topic Name is not one. */
  listeners(topicName: string): WhoTotals {
    this.#mustHaveStarted()
    return listenersTo(topicName, this.#shell)
  }

  /** A listener that throws is a `fault`; what it returns is of no interest. */
  on<Name extends keyof BrokerEvents>(name: Name, listener: (...values: BrokerEvents[Name]) => void): this {
    this.#events.on(name, listener)
    return this
  }

  /** As `on`, for the next time only. */
  once<Name extends keyof BrokerEvents>(name: Name, listener: (...values: BrokerEvents[Name]) => void): this {
    this.#events.once(name, listener)
    return this
  }

  /** Ends what `on` or `once` began. */
  off<Name extends keyof BrokerEvents>(name: Name, listener: (...values: BrokerEvents[Name]) => void): this {
    this.#events.off(name, listener)
    return this
  }

  /**
   * Events from now on, for `for await (const event of broker.events('connected'))`; it ends when the broker has stopped or failed. Up
   * to 10,000 wait for a loop that is slower than they come; one more, and it rejects behind those, as it does at once with the reason of
   * a `signal` that is aborted.
   *
   * @throws an Error if there are no events of such a type.
   */
  events<Type extends BrokerEvent['type']>(
    types: Type | readonly Type[],
    options: { readonly signal?: AbortSignal } = {},
  ): AsyncIterableIterator<EventOf<Type>, undefined> {
    return this.#events.iterate(typeof types === 'string' ? [types] : types, options.signal ?? null)
  }

  /** Events about messages are only made while somebody listens for them. */
  #noteListeners(): void {
    const { state } = this.#shell.core
    const { names } = this.#events
    state.reportsMessages = names.includes('published')
    state.messageEvents.hostTypes = this.#admin.isWatching
      ? messageEventTypes
      : new Set(names.filter((name) => messageEventTypes.has(name)))
  }

  #mustHaveStarted(): void {
    const reason = this.#closedBecause()
    if (reason !== null) throw new Error(reason)
  }

  #closedBecause(): string | null {
    if (this.#state === 'made') return 'the broker has not been started: await start() first'
    if (this.#state === 'stopped') return 'the broker was stopped'
    return this.#shell.isOpen ? null : stillStarting
  }

  /** Does what has become due; only needed with a clock of one's own. */
  advance(): void {
    this.#shell.advance()
  }

  #report(event: BrokerEvent): void {
    this.#admin.tell(event)
    // Each event is emitted under its own type.
    this.#events.emit(event.type, event as never)
  }

  #failed(error: Error): void {
    this.#state = 'stopped'
    this.#memory.stop()
    this.#admin.phase = 'failed'
    this.#stopping ??= Promise.all([this.#listeners.close(), this.#admin.stop(), this.#shell.stop()]).then(() => {})
    this.#events.failed(error)
    this.#events.end()
  }
}
