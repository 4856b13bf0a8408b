/**
 * The Subscriptions of code in this process: each has a Session of its own, which ends with it. All of them end before the broker
 * stops.
 */
import { reasonCodeName } from '../protocol/reason-code.ts'
import { LocalLink, type LocalOrigin, type LocalSubscribeOptions, type MessageListener } from './local-link.ts'
import type { LocalSubscription } from './local-messages.ts'
import type { Shell } from './shell.ts'

/** How long those are waited for that still have messages when the broker stops. */
const listenersMsMax = 5000

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

  /** Listeners have a bounded time to be done with what they got. */
  async endAll(): Promise<void> {
    const links = new Set(this.#links)
    this.#links.clear()
    const ended = Promise.all([...links].map((link) => link.close().then(() => links.delete(link))))
    const { promise: isLate, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, listenersMsMax)
    await Promise.race([ended, isLate])
    clearTimeout(timer)
    if (links.size === 0) return
    for (const link of links) link.cut()
    const who = links.size === 1 ? 'a listener' : `${links.size} listeners`
    const text = `${who} given to broker.subscribe had a message and no end of it after ${listenersMsMax / 1000} seconds`
    this.#reportFault(new Error(`${text}: the broker stops without waiting longer`))
  }
}
