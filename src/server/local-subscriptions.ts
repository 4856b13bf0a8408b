/**
 * The Subscriptions of code in this process: each has a Session of its own, which ends with it. All of them end before the broker
 * stops.
 */
import { reasonCodeName } from '../protocol/reason-code.ts'
import { LocalLink, type LocalOrigin, type LocalSubscribeOptions, type MessageListener } from './local-link.ts'
import type { LocalSubscription } from './local-messages.ts'
import type { Shell } from './shell.ts'

/** For whom code subscribes, if that is somebody else. */
export interface Subscribing {
  readonly from?: LocalOrigin
  /** The broker has ended the Session. */
  readonly ended?: () => void
}

/** What it could not subscribe to, and why. */
export class SubscribeFault extends Error {
  readonly reason: string

  constructor(topicFilter: string, reason: string) {
    super(`cannot subscribe to "${topicFilter}": ${reason}`)
    this.name = 'SubscribeFault'
    this.reason = reason
  }
}

export class LocalSubscriptions {
  readonly #shell: Shell
  readonly #reportFault: (error: unknown) => void
  readonly #links = new Set<LocalLink>()

  constructor(shell: Shell, reportFault: (error: unknown) => void) {
    this.#shell = shell
    this.#reportFault = reportFault
  }

  /** @throws SubscribeFault */
  async subscribe(
    topicFilter: string,
    options: LocalSubscribeOptions,
    listener: MessageListener,
    { from, ended }: Subscribing = {},
  ): Promise<LocalSubscription> {
    const link = new LocalLink(this.#shell, listener, this.#reportFault, from)
    this.#links.add(link)
    link.whenEnded = () => {
      if (this.#links.delete(link)) ended?.()
    }
    const unsubscribe = async (): Promise<void> => {
      if (this.#links.delete(link)) await link.close()
    }
    const reasonCode = await link.subscribe(topicFilter, options)
    if (reasonCode >= 0x80) {
      await unsubscribe()
      throw new SubscribeFault(topicFilter, reasonCodeName(reasonCode))
    }
    return { topicFilter, unsubscribe }
  }

  async endAll(): Promise<void> {
    const links = [...this.#links]
    this.#links.clear()
    await Promise.all(links.map((link) => link.close()))
  }
}
