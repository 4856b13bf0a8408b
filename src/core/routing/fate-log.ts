/**
 * What became of the last messages, for whoever asks afterwards: the newest so many, in a ring, with the fates of their
 * copies. @hot
 *
 * It is bounded in every direction: entries, entries in a second, copies told of one entry. What is left out is counted in the
 * entry behind the gap. Above the rate messages are taken at regular steps, and those that reached a listener do not crowd out
 * the others. Nothing in the broker depends on it.
 */
import type { Message } from '../message.ts'
import type { Seq } from '../record.ts'
import type { CopyFate, MessageFate, NotedMessage, Publisher } from './fate.ts'
import { type FateEntry, LoggedMessage } from './fate-entry.ts'

/**
 * How long it takes until copies are acknowledged, by a clock of the host's. Only messages that are noted are measured: for whoever
 * looks at it, never for a decision.
 */
export interface DeliveryTimes {
  /** Milliseconds of any clock that only goes forward. */
  readMs(): number
  /** So many copies were acknowledged so long after their message was noted; it is `nowMs` by that clock. */
  acknowledged(tookMs: number, copies: number, nowMs: number): void
}

const notMeasured: DeliveryTimes = Object.freeze({ readMs: () => 0, acknowledged: () => {} })

const windowMs = 1000

export class FateLog {
  readonly #times: DeliveryTimes
  readonly #entriesMax: number
  readonly #ring: LoggedMessage[] = []
  /** Entries whose message has a record, by its place. */
  readonly #bySeq = new Map<Seq, LoggedMessage>()
  readonly #routed: Sampler
  readonly #others: Sampler
  /** Entries whose record is not durable yet, in the order of their records. */
  #notStored: { readonly id: number; readonly seq: Seq }[] = []
  #storedSeq = 0
  #lastId = 0
  /** Of `leftOut`, what the entries tell of. */
  #leftOutTold = 0

  constructor(entriesMax: number, perSecondMax: number, times = notMeasured) {
    this.#times = times
    this.#entriesMax = entriesMax
    this.#routed = new Sampler(entriesMax === 0 ? 0 : perSecondMax)
    this.#others = new Sampler(entriesMax === 0 ? 0 : perSecondMax)
  }

  /** From the next message on. */
  set perSecondMax(perSecondMax: number) {
    this.#routed.perSecondMax = this.#entriesMax === 0 ? 0 : perSecondMax
    this.#others.perSecondMax = this.#routed.perSecondMax
  }

  /** Id of the newest entry; 0 if there is none. */
  get lastId(): number {
    return this.#lastId
  }

  /** Id of the oldest entry that is still there; one more than the last if there is none. */
  get firstId(): number {
    return this.#lastId - this.#ring.length + 1
  }

  /** Messages that are not in the log because there were too many in a second, since the broker was made. */
  get leftOut(): number {
    return this.#routed.leftOut + this.#others.leftOut
  }

  /** Whether the next message with this fate is to be noted; if not, it is counted here. To be asked once for each. */
  takes(fate: MessageFate, nowMs: number): boolean {
    return fate === 'routed' ? this.#routed.takes(nowMs) : this.#others.takes(nowMs)
  }

  /** Notes a message that `takes` has let through; returns the id of its entry. */
  note(fate: MessageFate, rule: string, noted: NotedMessage, atMs: number): number {
    const { leftOut } = this
    const id = this.#lastId + 1
    const logged = this.#nextPlace()
    logged.begin(id, fate, rule, noted, atMs, leftOut - this.#leftOutTold, this.#times.readMs())
    this.#lastId = id
    this.#leftOutTold = leftOut
    const { seq, message } = noted
    if (seq > 0) {
      this.#bySeq.set(seq, logged)
      if (seq > this.#storedSeq) this.#notStored.push({ id, seq })
    }
    if (message !== null) message.entryId = id
    return id
  }

  /** The oldest entry's, once there are as many as there may be. */
  #nextPlace(): LoggedMessage {
    const oldest = this.#ring[this.#lastId % this.#entriesMax]
    if (oldest === undefined) {
      const logged = new LoggedMessage()
      this.#ring.push(logged)
      return logged
    }
    // A message may have several entries, the last of which is found by its record.
    if (oldest.seq > 0 && this.#bySeq.get(oldest.seq) === oldest) this.#bySeq.delete(oldest.seq)
    return oldest
  }

  /** Every record up to `seq` is durable, or needed no more. */
  stored(seq: Seq): void {
    this.#storedSeq = seq
    if (this.#notStored.length === 0) return
    const nowMs = this.#times.readMs()
    const firstLater = this.#notStored.findIndex((waiting) => waiting.seq > seq)
    const done = this.#notStored.splice(0, firstLater < 0 ? this.#notStored.length : firstLater)
    for (const { id } of done) this.#find(id)?.stored(nowMs)
  }

  /** A copy of a logged message has ended. `message` is null if it is not in memory. */
  endCopy(fate: CopyFate, to: Publisher, seq: Seq, message: Message | null, nowMs: number): void {
    const isKnown = message !== null && message.entryId > 0
    const logged = isKnown ? this.#find(message.entryId) : this.#bySeq.get(seq)
    if (logged === undefined) {
      // Others have its place by now. How long it took is worth to be known all the more.
      if (isKnown && fate === 'acknowledged') {
        this.#times.acknowledged(nowMs - message.receivedMs, 1, this.#times.readMs())
      }
      return
    }
    const stands = logged.endCopy(fate, to, nowMs)
    if (fate !== 'acknowledged' || stands === 0) return
    const readMs = this.#times.readMs()
    this.#times.acknowledged(readMs - logged.notedMs, stands, readMs)
  }

  /** A message has been made again, from the store or from what is retained: its copies are told of as before. */
  recognise(message: Message): void {
    if (message.entryId === 0) message.entryId = this.#bySeq.get(message.seq)?.id ?? 0
  }

  /** The entry with this id, if it is still there. */
  get(id: number): FateEntry | undefined {
    return this.#find(id)?.told()
  }

  #find(id: number): LoggedMessage | undefined {
    return id < this.firstId || id > this.#lastId ? undefined : this.#ring[(id - 1) % this.#entriesMax]
  }
}

/**
 * Lets so many in a second through: all while there are fewer, at regular steps if the second before had more. Most messages
 * cost it one step of a count and a look at the clock.
 */
class Sampler {
  perSecondMax: number
  #windowEndsMs = 0
  #seen = 0
  #taken = 0
  #step = 1
  /** Messages from one look to the next, and how many of them are still to come. */
  #stride = 1
  #untilLook = 1
  #leftOut = 0

  constructor(perSecondMax: number) {
    this.perSecondMax = perSecondMax
  }

  /** Messages that were not let through. */
  get leftOut(): number {
    return this.#leftOut + this.#stride - this.#untilLook
  }

  takes(nowMs: number): boolean {
    this.#untilLook -= 1
    if (this.#untilLook > 0 && nowMs < this.#windowEndsMs) return false
    return this.#look(nowMs)
  }

  #look(nowMs: number): boolean {
    const passed = this.#stride - this.#untilLook
    const wasDue = this.#untilLook === 0
    if (nowMs >= this.#windowEndsMs) this.#beginWindow(nowMs, passed - 1)
    else this.#seen += passed
    const takes = (wasDue || this.#step <= passed) && this.#taken < this.perSecondMax
    if (takes) this.#taken += 1
    this.#leftOut += takes ? passed - 1 : passed
    this.#stride = takes ? this.#step : Math.max(1, this.#step - (wasDue ? 0 : passed))
    this.#untilLook = this.#stride
    return takes
  }

  /** `passed` messages of the second before have not been counted yet. */
  #beginWindow(nowMs: number, passed: number): void {
    const isNext = nowMs < this.#windowEndsMs + windowMs
    const seen = this.#seen + passed
    this.#step = isNext && this.perSecondMax > 0 ? Math.max(1, Math.ceil(seen / this.perSecondMax)) : 1
    this.#windowEndsMs = nowMs + windowMs
    this.#seen = 1
    this.#taken = 0
  }
}
