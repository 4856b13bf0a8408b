/**
 * How fast clients may publish: token buckets of messages and bytes, for each connection and for each account.
 *
 * A bucket holds what may come in a second. Whoever has taken more than there was is not read until it has filled up again, which slows
 * a client down without losing anything; who has to be held back again and again for `overRateSecondsMax` is told so and disconnected.
 * Where no limit is set there is no object of this file.
 */
import type { Limits } from '../core/limits.ts'
import { ReasonCode } from '../protocol/reason-code.ts'

/** What a client that was just read must wait for. */
export interface RateVerdict {
  /** Milliseconds it is not to be read; 0 for none. */
  readonly waitMs: number
  /** The limit that it reached, at the first wait of several and at the end; else null. */
  readonly reached: keyof Limits | null
  /** It has been held back for too long: how to end its connection. */
  readonly end: { readonly reasonCode: number; readonly text: string } | null
}

const goesOn: RateVerdict = Object.freeze({ waitMs: 0, reached: null, end: null })
/** Whoever was not held back for so long is not over the rate any more. */
const calmMs = 1000
const accountsSweptAt = 10_000

interface Rate {
  readonly messages: number
  readonly bytes: number
  readonly messagesLimit: keyof Limits
  readonly bytesLimit: keyof Limits
  readonly reasonCode: number
  readonly who: string
}

export class PublishRates {
  readonly client: Rate
  readonly account: Rate
  readonly overRateMsMax: number
  readonly #accounts = new Map<string, Bucket>()
  #sweepAt = accountsSweptAt

  constructor(limits: Limits) {
    this.client = {
      messages: limits.publishMessagesPerSecondMax,
      bytes: limits.publishBytesPerSecondMax,
      messagesLimit: 'publishMessagesPerSecondMax',
      bytesLimit: 'publishBytesPerSecondMax',
      reasonCode: ReasonCode.MessageRateTooHigh,
      who: 'the client',
    }
    this.account = {
      messages: limits.accountMessagesPerSecondMax,
      bytes: limits.accountBytesPerSecondMax,
      messagesLimit: 'accountMessagesPerSecondMax',
      bytesLimit: 'accountBytesPerSecondMax',
      reasonCode: ReasonCode.QuotaExceeded,
      who: 'the account of the client',
    }
    this.overRateMsMax = limits.overRateSecondsMax * 1000
  }

  /** The one that all connections of an account share. */
  bucketOf(account: string, nowMs: number): Bucket {
    const known = this.#accounts.get(account)
    if (known !== undefined) return known
    if (this.#accounts.size >= this.#sweepAt) this.#sweep(nowMs)
    const bucket = new Bucket(this.account, nowMs)
    this.#accounts.set(account, bucket)
    return bucket
  }

  /** Full ones are like new ones. */
  #sweep(nowMs: number): void {
    for (const [account, bucket] of this.#accounts) if (bucket.isFull(nowMs)) this.#accounts.delete(account)
    this.#sweepAt = Math.max(accountsSweptAt, 2 * this.#accounts.size)
  }
}

/** Null where no rate is limited. */
export function publishRatesOf(limits: Limits): PublishRates | null {
  const { publishMessagesPerSecondMax, publishBytesPerSecondMax } = limits
  const { accountMessagesPerSecondMax, accountBytesPerSecondMax } = limits
  const isLimited =
    publishMessagesPerSecondMax + publishBytesPerSecondMax + accountMessagesPerSecondMax + accountBytesPerSecondMax > 0
  return isLimited ? new PublishRates(limits) : null
}

/** One connection's. */
export class ClientRate {
  readonly of: PublishRates
  readonly #own: Bucket
  readonly #account: Bucket
  /** When it was held back first, of the times that followed each other closely. */
  #overSinceMs = 0
  #waitedUntilMs = Number.NEGATIVE_INFINITY

  constructor(of: PublishRates, account: string, nowMs: number) {
    this.of = of
    this.#own = new Bucket(of.client, nowMs)
    this.#account = of.bucketOf(account, nowMs)
  }

  /** It has published a message in a packet of so many bytes. */
  take(bytes: number, nowMs: number): RateVerdict {
    const own = this.#own.take(bytes, nowMs)
    const shared = this.#account.take(bytes, nowMs)
    const waitMs = Math.max(own, shared)
    if (waitMs === 0) return goesOn
    const bucket = own >= shared ? this.#own : this.#account
    const { overRateMsMax } = this.of
    const isFirst = nowMs - this.#waitedUntilMs > calmMs
    if (isFirst) this.#overSinceMs = nowMs
    if (nowMs - this.#overSinceMs >= overRateMsMax && !isFirst) {
      const seconds = overRateMsMax / 1000
      const text = `${bucket.rate.who} has published more than ${bucket.allowed} for ${seconds} seconds (limits.${bucket.limit})`
      return { waitMs: 0, reached: bucket.limit, end: { reasonCode: bucket.rate.reasonCode, text } }
    }
    // Longer than that nobody need wait to be ended.
    const boundedMs = Math.ceil(Math.min(waitMs, Math.max(1, overRateMsMax)))
    this.#waitedUntilMs = nowMs + boundedMs
    return { waitMs: boundedMs, reached: isFirst ? bucket.limit : null, end: null }
  }
}

class Bucket {
  readonly rate: Rate
  #messagesLeft: number
  #bytesLeft: number
  #atMs: number

  constructor(rate: Rate, nowMs: number) {
    this.rate = rate
    this.#messagesLeft = rate.messages
    this.#bytesLeft = rate.bytes
    this.#atMs = nowMs
  }

  /** The limit that is nearest, or has been passed furthest. */
  get limit(): keyof Limits {
    return this.#messagesWaitMs() >= this.#bytesWaitMs() ? this.rate.messagesLimit : this.rate.bytesLimit
  }

  get allowed(): string {
    const { rate } = this
    return this.limit === rate.messagesLimit ? `${rate.messages} messages a second` : `${rate.bytes} bytes a second`
  }

  isFull(nowMs: number): boolean {
    this.#refill(nowMs)
    return this.#messagesLeft >= this.rate.messages && this.#bytesLeft >= this.rate.bytes
  }

  /** Milliseconds until there is something in it again; 0 if there is. */
  take(bytes: number, nowMs: number): number {
    this.#refill(nowMs)
    this.#messagesLeft -= 1
    this.#bytesLeft -= bytes
    return Math.max(0, this.#messagesWaitMs(), this.#bytesWaitMs())
  }

  #refill(nowMs: number): void {
    const seconds = Math.max(0, nowMs - this.#atMs) / 1000
    this.#atMs = nowMs
    const { messages, bytes } = this.rate
    this.#messagesLeft = Math.min(messages, this.#messagesLeft + seconds * messages)
    this.#bytesLeft = Math.min(bytes, this.#bytesLeft + seconds * bytes)
  }

  #messagesWaitMs(): number {
    return this.rate.messages === 0 ? 0 : (-this.#messagesLeft * 1000) / this.rate.messages
  }

  #bytesWaitMs(): number {
    return this.rate.bytes === 0 ? 0 : (-this.#bytesLeft * 1000) / this.rate.bytes
  }
}
