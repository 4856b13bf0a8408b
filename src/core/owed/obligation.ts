/**
 * What the publisher of one message is still owed: a receipt, its acknowledgement, or both, and what is known so far.
 *
 * Open from the turn in which the message comes until both have been given. Copies of Sessions that only observe are left
 * out: a monitor is nobody to wait for.
 */
import type { Connection } from '../connection/connection.ts'
import type { Message } from '../message.ts'
import type { OwedFact, Seq } from '../record.ts'
import type { NamedCopy, NotedFate, OwedSnapshot } from '../rest/owed-snapshot.ts'
import type { MessageFate } from '../routing/fate.ts'
import type { Session } from '../session/session.ts'

/** A PUBACK or PUBREC that waits until subscribers have acknowledged. */
export interface HeldAcknowledgement {
  readonly qos: 1 | 2
  readonly packetId: number
  readonly wants: 'first' | 'all'
  /** It waits no longer than this. */
  readonly untilMs: number
  /** It goes out with the counts that the publisher has asked for. */
  readonly wantsCounts: boolean
  /** Where the client waits for it; null until it has sent its PUBLISH again on a new Network Connection. */
  connection: Connection | null
}

/** Copies that have ended in this input. */
export interface FreshNote extends NamedCopy {
  copies: number
}

/** Sessions that a receipt names, of those that got the message and of those that did not; of the rest it has the count. */
const namedMax = 100
const nobody: ReadonlySet<Session> = new Set()

export class Obligation {
  /** Seq of the message; 0 if it has no record, and then nothing is owed beyond the turn. */
  readonly message: Seq
  readonly topicName: string
  readonly receivedMs: number
  readonly correlationData: Uint8Array | null
  /** The Session that published it; null if it is no more. */
  readonly requester: Session | null
  readonly fact: OwedFact
  /** Something is written down about it, so its end must be. */
  readonly isRecorded: boolean
  /** Listeners it went to. */
  matched: number
  /** What became of a message nobody listened for. */
  fate: MessageFate | null = null
  /** Nobody has listened yet, and it is kept until somebody does. */
  isHeld = false
  /** Copies that have no fate yet. */
  pending = 0
  /** Sessions whose copies do not count. */
  ignored: ReadonlySet<Session> = nobody
  acknowledgement: HeldAcknowledgement | null = null
  /** It is written down that the acknowledgement is owed no more, or never was. */
  acknowledgementWritten: boolean
  /** The receipt has not been given. */
  owesReceipt: boolean
  readonly counts = new Map<NotedFate, number>()
  readonly named: NamedCopy[] = []
  /** When the first copy was acknowledged; 0 while none was. */
  deliveredAtMs = 0
  /** Not yet written down. */
  fresh: FreshNote[] = []
  isClosed = false
  /** A snapshot of it is in the store. */
  isInSnapshot = false
  #namedDelivered = 0
  #namedFailed = 0

  constructor(message: Message, fact: OwedFact, requester: Session | null, isRecorded: boolean) {
    const { correlationData } = message.publish.properties
    this.message = message.seq
    this.topicName = message.topicName
    this.receivedMs = message.receivedMs
    // Decoded properties point into the socket's chunk.
    this.correlationData = correlationData === undefined ? null : Uint8Array.from(correlationData)
    this.requester = requester
    this.fact = fact
    this.isRecorded = isRecorded
    this.matched = fact.matched
    this.acknowledgementWritten = fact.packetId === 0
    this.owesReceipt = fact.receiptTopicName !== null
  }

  get delivered(): number {
    return this.counts.get('acknowledged') ?? 0
  }

  /** At QoS 0: nobody will ever say that they arrived. */
  get sent(): number {
    return this.counts.get('sentQos0') ?? 0
  }

  get failed(): number {
    let failed = 0
    for (const [fate, count] of this.counts) if (isFailure(fate)) failed += count
    return failed
  }

  /** No copy will be acknowledged any more. */
  get isOver(): boolean {
    return this.pending === 0 && !this.isHeld
  }

  /** A copy is on its way. */
  begin(session: Session): void {
    if (!this.ignored.has(session)) this.pending += 1
  }

  /** A copy has its fate. False if it does not count. */
  end(session: Session, fate: NotedFate, atMs: number): boolean {
    if (this.ignored.has(session)) return false
    this.pending -= 1
    const { account, clientIdentifier } = session
    const isNamed = this.note({ account, clientIdentifier, fate, atMs }, 1)
    const same = isNamed ? undefined : this.fresh.find((note) => note.clientIdentifier === '' && note.fate === fate)
    if (same !== undefined) same.copies += 1
    else if (isNamed) this.fresh.push({ account, clientIdentifier, fate, atMs, copies: 1 })
    else this.fresh.push({ account: '', clientIdentifier: '', fate, atMs, copies: 1 })
    return true
  }

  /** Takes note of copies; true if the receipt will name whose they were. */
  note(copy: NamedCopy, copies: number): boolean {
    const { fate, atMs, clientIdentifier } = copy
    this.counts.set(fate, (this.counts.get(fate) ?? 0) + copies)
    if (fate === 'acknowledged' && this.deliveredAtMs === 0) this.deliveredAtMs = atMs
    if (!this.fact.receiptNames || clientIdentifier === '' || fate === 'sentQos0') return false
    const isFailed = isFailure(fate)
    if ((isFailed ? this.#namedFailed : this.#namedDelivered) >= namedMax) return false
    if (isFailed) this.#namedFailed += 1
    else this.#namedDelivered += 1
    this.named.push(copy)
    return true
  }

  /** After a restart: what its snapshot knew. */
  restore(snapshot: OwedSnapshot): void {
    for (const { fate, copies } of snapshot.counts) this.counts.set(fate, copies)
    for (const copy of snapshot.named) {
      this.named.push(copy)
      if (isFailure(copy.fate)) this.#namedFailed += 1
      else this.#namedDelivered += 1
    }
    this.matched = snapshot.matched
    this.deliveredAtMs = snapshot.deliveredAtMs
    this.owesReceipt = snapshot.owesReceipt
    this.acknowledgementWritten = !snapshot.owesAcknowledgement
  }
}

export function isFailure(fate: NotedFate): boolean {
  return fate !== 'acknowledged' && fate !== 'sentQos0'
}
