/**
 * What a broker has for whoever administers it: the way in, and what happens told to those who watch.
 */
import type { BrokerEvent } from '../core/event.ts'
import type { AdminPart, BrokerPhase } from './admin-part.ts'
import { makeAccess, type Watcher } from './broker-access.ts'
import type { LocalSubscriptions } from './local-subscriptions.ts'
import type { BrokerOptions } from './options.ts'
import type { AdminRequestEvent } from './requests/admin-request.ts'
import type { Shell } from './shell.ts'

/** What is needed of the broker. */
export interface AdminSideOwner {
  readonly locals: LocalSubscriptions
  /** As they were given last: a reload may have changed them. */
  optionsInForce(): BrokerOptions
  /** There may be more or fewer who watch. */
  watchersChanged(): void
  reportFault(error: unknown): void
  audit(event: AdminRequestEvent): void
}

export class AdminSide {
  phase: BrokerPhase = 'starting'
  /** How many listeners there are to be. */
  listenersWanted = 0
  readonly #options: BrokerOptions
  readonly #part: AdminPart | null
  readonly #owner: AdminSideOwner
  readonly #watchers = new Set<Watcher>()
  #nowMs: () => number = Date.now

  constructor(options: BrokerOptions, owner: AdminSideOwner) {
    this.#options = options
    this.#part = options.admin ?? null
    this.#owner = owner
  }

  get urls(): readonly string[] {
    return this.#part?.urls ?? []
  }

  get isWatching(): boolean {
    return this.#watchers.size > 0
  }

  async start(shell: Shell, listenersWanted: number, listenUrls: () => readonly string[]): Promise<void> {
    this.#nowMs = () => shell.nowMs()
    this.listenersWanted = listenersWanted
    const side = this
    const host = {
      shell,
      options: this.#options,
      watchers: this.#watchers,
      ...this.#owner,
      get listenersWanted() {
        return side.listenersWanted
      },
      get phase() {
        return side.phase
      },
      get listenUrls() {
        return listenUrls()
      },
    }
    await this.#part?.start(makeAccess(host))
  }

  /** See `AdminPart`. */
  async readCertificates(): Promise<(() => void) | null> {
    return (await this.#part?.readCertificates()) ?? null
  }

  async opened(): Promise<void> {
    await this.#part?.opened()
  }

  async listening(): Promise<void> {
    await this.#part?.listening()
  }

  async stop(): Promise<void> {
    await this.#part?.stop()
  }

  tell(event: BrokerEvent): void {
    if (this.#watchers.size === 0) return
    const atMs = this.#nowMs()
    for (const watcher of this.#watchers) watcher(event, atMs)
  }
}
