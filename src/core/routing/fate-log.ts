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

/** The fate of one copy of a logged message. */
export interface CopyEntry {
  readonly account: string
  readonly clientIdentifier: string
  readonly fate: CopyFate
  /** Milliseconds from the fate of the message to the fate of the copy. */
  readonly afterMs: number
}

export interface FateEntry {
  /** Runs from 1 without a gap, since the broker was made. */
  readonly id: number
  readonly atMs: number
  readonly topicName: string
  /** Null if code in this process or the broker itself made the message. */
  readonly publisher: Publisher | null
  readonly qos: number
  /** Bytes of Topic Name and payload. */
  readonly size: number
  readonly retain: boolean
  readonly fate: MessageFate
  /** Topic Filter of the rule it fell under. */
  readonly rule: string
  /** Listeners it went to. */
  readonly matched: number
  /** Why, in words; null where the fate says it. */
  readonly reason: string | null
  /** Messages since the entry before that are not in the log, because there were too many in a second. */
  readonly leftOut: number
  /** The first copies that have ended, in that order. */
  copies: CopyEntry[]
  /** Further copies that have ended. */
  furtherCopies: number
  /**
   * Milliseconds from then until its record was durable, or needed no more because everybody had acknowledged the message; null
   * without a record, and until then.
   */
  storedAfterMs: number | null
  /** When it was noted, by the clock of `DeliveryTimes`. */
  readonly notedMs: number
}

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

const copiesMax = 20
/** Of the copies beyond those one in so many is measured, and stands for the others. */
const measuredStep = 16
const windowMs = 1000

export class FateLog {
  readonly #times: DeliveryTimes
  readonly #entriesMax: number
  readonly #ring: FateEntry[] = []
  /** Entries whose message has a record, by its place. */
  readonly #bySeq = new Map<Seq, FateEntry>()
  /** Places of the records of the entries in the ring, 0 for none. */
  readonly #seqs: Seq[] = []
  readonly #routed: Sampler
  readonly #others: Sampler
  /** Entries whose record is not durable yet, in the order of their records. */
  #notStored: { readonly entry: FateEntry; readonly seq: Seq }[] = []
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
    const { topicName, qos, retain, size, seq, message, publisher, matched, reason } = noted
    this.#lastId += 1
    const { leftOut } = this
    const entry: FateEntry = {
      id: this.#lastId,
      atMs,
      topicName,
      publisher:
        publisher === null ? null : { account: publisher.account, clientIdentifier: publisher.clientIdentifier },
      qos,
      size,
      retain,
      fate,
      rule,
      matched,
      reason,
      leftOut: leftOut - this.#leftOutTold,
      copies: [],
      furtherCopies: 0,
      storedAfterMs: null,
      notedMs: this.#times.readMs(),
    }
    this.#leftOutTold = leftOut
    this.#put(entry, seq)
    if (message !== null) message.entry = entry
    return entry.id
  }

  #put(entry: FateEntry, seq: Seq): void {
    const place = (entry.id - 1) % this.#entriesMax
    const before = this.#seqs[place] ?? 0
    // A message may have several entries, the last of which is found by its record.
    if (before > 0 && this.#bySeq.get(before) === this.#ring[place]) this.#bySeq.delete(before)
    this.#ring[place] = entry
    this.#seqs[place] = seq
    if (seq === 0) return
    this.#bySeq.set(seq, entry)
    if (seq > this.#storedSeq) this.#notStored.push({ entry, seq })
  }

  /** Every record up to `seq` is durable, or needed no more. */
  stored(seq: Seq): void {
    this.#storedSeq = seq
    if (this.#notStored.length === 0) return
    const nowMs = this.#times.readMs()
    const firstLater = this.#notStored.findIndex((waiting) => waiting.seq > seq)
    const done = this.#notStored.splice(0, firstLater < 0 ? this.#notStored.length : firstLater)
    for (const { entry } of done) entry.storedAfterMs = Math.round((nowMs - entry.notedMs) * 10) / 10
  }

  /** A copy of a logged message has ended. `message` is null if it is not in memory. */
  endCopy(fate: CopyFate, to: Publisher, seq: Seq, message: Message | null, nowMs: number): void {
    const entry = message?.entry ?? this.#bySeq.get(seq)
    if (entry === undefined) return
    if (entry.copies.length >= copiesMax) {
      entry.furtherCopies += 1
      if (fate === 'acknowledged' && entry.furtherCopies % measuredStep === 0) this.#measure(entry, measuredStep)
      return
    }
    if (fate === 'acknowledged') this.#measure(entry, 1)
    const { account, clientIdentifier } = to
    const copy = { account, clientIdentifier, fate, afterMs: Math.max(0, nowMs - entry.atMs) }
    // Most messages have one; an empty array grows to seventeen places.
    if (entry.copies.length === 0) entry.copies = [copy]
    else entry.copies.push(copy)
  }

  #measure({ notedMs }: FateEntry, copies: number): void {
    const nowMs = this.#times.readMs()
    this.#times.acknowledged(nowMs - notedMs, copies, nowMs)
  }

  /** A message has been made again, from the store or from what is retained: its copies are told of as before. */
  recognise(message: Message): void {
    message.entry ??= this.#bySeq.get(message.seq) ?? null
  }

  /** The entry with this id, if it is still there. */
  get(id: number): FateEntry | undefined {
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
