/**
 * What became of one message, and the place in the log where that is noted. @hot
 *
 * A place is taken by one message after the other and makes no new objects for it: a thousand messages in a second that stay for ten
 * seconds would be copied twice by V8 and then fill its old generation, which it has to mark for that alone
 * (docs/decisions/0047-the-log-of-fates-makes-no-garbage.md).
 */
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
  readonly copies: readonly CopyEntry[]
  /** Further copies that have ended. */
  readonly furtherCopies: number
  /**
   * Milliseconds from then until its record was durable, or needed no more because everybody had acknowledged the message; null
   * without a record, and until then.
   */
  readonly storedAfterMs: number | null
}

const copiesMax = 20
/** Of the copies beyond those one in so many is measured, and stands for the others. */
const measuredStep = 16
const notYet = -1

export class LoggedMessage {
  id = 0
  /** Place of its record; 0 if it has none. */
  seq: Seq = 0
  /** By the clock of `DeliveryTimes`. */
  notedMs = 0
  #atMs = 0
  #topicName = ''
  #hasPublisher = false
  #account = ''
  #clientIdentifier = ''
  #qos = 0
  #size = 0
  #retain = false
  #fate: MessageFate = 'routed'
  #rule = ''
  #matched = 0
  #reason: string | null = null
  #leftOut = 0
  #storedAfterMs = notYet
  /** Copies that have ended. */
  #ended = 0
  /** The first of them: most messages have no other. */
  #copyAccount = ''
  #copyClientIdentifier = ''
  #copyFate: CopyFate = 'acknowledged'
  #copyAfterMs = 0
  /** Null most of the time. */
  #moreCopies: CopyEntry[] | null = null

  /** The place is this message's from now on. */
  begin(
    id: number,
    fate: MessageFate,
    rule: string,
    noted: NotedMessage,
    atMs: number,
    leftOut: number,
    notedMs: number,
  ): void {
    const { publisher } = noted
    this.id = id
    this.seq = noted.seq
    this.notedMs = notedMs
    this.#atMs = atMs
    this.#topicName = noted.topicName
    this.#hasPublisher = publisher !== null
    this.#account = publisher?.account ?? ''
    this.#clientIdentifier = publisher?.clientIdentifier ?? ''
    this.#qos = noted.qos
    this.#size = noted.size
    this.#retain = noted.retain
    this.#fate = fate
    this.#rule = rule
    this.#matched = noted.matched
    this.#reason = noted.reason
    this.#leftOut = leftOut
    this.#storedAfterMs = notYet
    this.#ended = 0
    this.#moreCopies = null
  }

  /** Its record is durable; `nowMs` as `notedMs`. */
  stored(nowMs: number): void {
    this.#storedAfterMs = Math.round((nowMs - this.notedMs) * 10) / 10
  }

  /** A copy of it has ended. For how many copies it stands if it is measured how long that took; 0: for none. */
  endCopy(fate: CopyFate, to: Publisher, nowMs: number): number {
    this.#ended += 1
    const further = this.#ended - copiesMax
    if (further > 0) return further % measuredStep === 0 ? measuredStep : 0
    const afterMs = Math.max(0, nowMs - this.#atMs)
    if (this.#ended === 1) {
      this.#copyAccount = to.account
      this.#copyClientIdentifier = to.clientIdentifier
      this.#copyFate = fate
      this.#copyAfterMs = afterMs
    } else {
      this.#moreCopies ??= []
      this.#moreCopies.push({ account: to.account, clientIdentifier: to.clientIdentifier, fate, afterMs })
    }
    return 1
  }

  /** What is known of it now. */
  told(): FateEntry {
    return {
      id: this.id,
      atMs: this.#atMs,
      topicName: this.#topicName,
      publisher: this.#hasPublisher ? { account: this.#account, clientIdentifier: this.#clientIdentifier } : null,
      qos: this.#qos,
      size: this.#size,
      retain: this.#retain,
      fate: this.#fate,
      rule: this.#rule,
      matched: this.#matched,
      reason: this.#reason,
      leftOut: this.#leftOut,
      copies: this.#copyEntries(),
      furtherCopies: Math.max(0, this.#ended - copiesMax),
      storedAfterMs: this.#storedAfterMs === notYet ? null : this.#storedAfterMs,
    }
  }

  #copyEntries(): CopyEntry[] {
    if (this.#ended === 0) return []
    const [account, clientIdentifier] = [this.#copyAccount, this.#copyClientIdentifier]
    const first = { account, clientIdentifier, fate: this.#copyFate, afterMs: this.#copyAfterMs }
    return [first, ...(this.#moreCopies ?? [])]
  }
}
