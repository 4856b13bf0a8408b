/**
 * The Subscriptions of code in this process: each has a Session of its own, which ends with it. All of them end before the broker
 * stops.
 */
import { parseTopicFilter } from '../core/routing/topic-filter.ts'
import type { TopicLimits } from '../core/routing/topic-name.ts'
import { reasonCodeName } from '../protocol/reason-code.ts'
import { describeValue, isMapping } from './config/reading.ts'
import { LocalLink, type LocalOrigin, type LocalSubscribeOptions, type MessageListener } from './local-link.ts'
import { isQos, type LocalSubscription } from './local-messages.ts'
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

  /** What it is given comes from a program whose types may never have been checked. @throws SubscribeFault */
  async subscribe(
    topicFilter: string,
    options: LocalSubscribeOptions,
    listener: MessageListener,
    { from, ended }: Subscribing = {},
  ): Promise<LocalSubscription> {
    const fault = subscribingFault(topicFilter, options, listener, this.#shell.core.state.limits)
    if (fault !== null) throw new SubscribeFault(topicFilter, fault)
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

function subscribingFault(
  topicFilter: unknown,
  options: unknown,
  listener: unknown,
  limits: TopicLimits,
): string | null {
  if (typeof topicFilter !== 'string') return `the Topic Filter is ${describeValue(topicFilter)}; it must be a text`
  const parsed = parseTopicFilter(topicFilter, limits)
  if (parsed.type === 'fault') return parsed.reason
  if (typeof listener !== 'function') {
    return typeof options === 'function'
      ? 'the listener comes third, behind the options: subscribe(topicFilter, {}, listener)'
      : `the listener is ${describeValue(listener)}; it must be a function`
  }
  if (!isMapping(options))
    return `the options are ${describeValue(options)}; they must be an object, for example { qos: 1 }`
  for (const [name, value] of Object.entries(options)) {
    const known = subscribeOptions.get(name)
    if (known === undefined) return `there is no option ${name}, but ${[...subscribeOptions.keys()].join(', ')}`
    const [isRight, expected] = known
    if (value !== undefined && !isRight(value)) return `${name} is ${describeValue(value)}; it must be ${expected}`
  }
  return null
}

const threeNumbers: Known = [isQos, '0, 1 or 2']
const flag: Known = [(value) => typeof value === 'boolean', 'true or false']
type Known = readonly [isRight: (value: unknown) => boolean, expected: string]

const subscribeOptions: ReadonlyMap<string, Known> = new Map(
  Object.entries({
    qos: threeNumbers,
    noLocal: flag,
    retainAsPublished: flag,
    retainHandling: threeNumbers,
  } satisfies Record<keyof LocalSubscribeOptions, Known>),
)
