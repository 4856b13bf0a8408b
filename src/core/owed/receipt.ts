/**
 * A receipt: what has become of one message, as JSON.
 */
import type { NamedCopy } from '../rest/owed-snapshot.ts'
import { isFailure, type Obligation } from './obligation.ts'
import { fateWord, messageFateWord } from './words.ts'

/** What a receipt says. Times are milliseconds since 1970. */
export interface Receipt {
  /** Of the message, for as long as it is in the log; null if it never was. */
  readonly id: number | null
  readonly topicName: string
  /**
   * `delivered`: a subscriber has acknowledged it, others may still. `complete`: there is nobody left who may. `sent`: all copies
   * went out at QoS 0. `nobody`: no subscriber has got it or will.
   */
  readonly state: 'delivered' | 'complete' | 'sent' | 'nobody'
  /** What became of the message: `routed` if somebody listened. */
  readonly fate: string
  /** Listeners it was for; a shared group counts once. */
  readonly matched: number
  /** Those who have acknowledged it. */
  readonly delivered: number
  /** Those it was sent to at QoS 0: they will never acknowledge it. */
  readonly sent: number
  /** Those who may still acknowledge it. */
  readonly pending: number
  /** Those who will not get it. */
  readonly failed: number
  /** How many of those, by reason. */
  readonly reasons: { readonly [reason: string]: number }
  readonly publishedAtMs: number
  /** When the first subscriber acknowledged; null if none did. */
  readonly deliveredAtMs: number | null
  /** When this was true. */
  readonly atMs: number
  /** Only for whoever may observe: the first hundred. */
  readonly deliveredTo?: readonly {
    readonly clientIdentifier: string
    readonly account: string
    readonly atMs: number
  }[]
  readonly failedFor?: readonly {
    readonly clientIdentifier: string
    readonly account: string
    readonly reason: string
    readonly atMs: number
  }[]
  /** Those that have been delivered to or failed without being named here. */
  readonly unnamed?: number
}

export function receiptOf(obligation: Obligation, nowMs: number): Receipt {
  const { message, topicName, fact, matched, fate, delivered, sent, pending, failed, deliveredAtMs } = obligation
  const counts: Receipt = {
    id: message === 0 ? null : message,
    topicName,
    state: stateOf(obligation),
    fate: messageFateWord(fate ?? 'routed'),
    matched,
    delivered,
    sent,
    pending,
    failed,
    reasons: reasonsOf(obligation),
    publishedAtMs: obligation.receivedMs,
    deliveredAtMs: deliveredAtMs === 0 ? null : deliveredAtMs,
    atMs: nowMs,
  }
  if (!fact.receiptNames) return counts
  const { named } = obligation
  const deliveredTo = named
    .filter((copy) => !isFailure(copy.fate))
    .map(({ clientIdentifier, account, atMs }) => ({ clientIdentifier, account, atMs }))
  return { ...counts, deliveredTo, failedFor: failuresOf(named), unnamed: delivered + failed - named.length }
}

export function receiptPayload(obligation: Obligation, nowMs: number): Buffer {
  return Buffer.from(JSON.stringify(receiptOf(obligation, nowMs)))
}

function failuresOf(named: readonly NamedCopy[]): NonNullable<Receipt['failedFor']> {
  return named
    .filter((copy) => isFailure(copy.fate))
    .map(({ clientIdentifier, account, fate, atMs }) => ({ clientIdentifier, account, reason: fateWord(fate), atMs }))
}

function stateOf({ delivered, sent, isOver, fact }: Obligation): Receipt['state'] {
  if (delivered > 0) return isOver && fact.receiptWants === 'all' ? 'complete' : 'delivered'
  return sent > 0 ? 'sent' : 'nobody'
}

function reasonsOf({ counts }: Obligation): Receipt['reasons'] {
  const failures = [...counts].filter(([fate]) => isFailure(fate))
  return Object.fromEntries(failures.map(([fate, copies]) => [fateWord(fate), copies]))
}
