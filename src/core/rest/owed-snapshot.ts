/**
 * What is owed for one message, as it is at one place in the log.
 */
import type { Obligation } from '../owed/obligation.ts'
import type { Seq } from '../record.ts'
import type { CopyFate } from '../routing/fate.ts'

/** How a copy ended, as far as the publisher of its message is concerned. */
export type NotedFate =
  | CopyFate
  /** It was for a Session that did not outlive the process. */
  | 'brokerRestarted'

/** Who a copy was for. Both names are empty where nobody is to be named. */
export interface NamedCopy {
  readonly account: string
  readonly clientIdentifier: string
  readonly fate: NotedFate
  readonly atMs: number
}

export interface OwedSnapshot {
  readonly message: Seq
  /** Listeners it went to. */
  readonly matched: number
  /** When the first copy was acknowledged; 0 while none was. */
  readonly deliveredAtMs: number
  readonly owesReceipt: boolean
  readonly owesAcknowledgement: boolean
  readonly counts: readonly { readonly fate: NotedFate; readonly copies: number }[]
  readonly named: readonly NamedCopy[]
}

export function owedSnapshotOf(obligation: Obligation): OwedSnapshot {
  const { message, matched, deliveredAtMs, owesReceipt, acknowledgement, counts, named } = obligation
  return {
    message,
    matched,
    deliveredAtMs,
    owesReceipt,
    owesAcknowledgement: acknowledgement !== null,
    counts: Array.from(counts, ([fate, copies]) => ({ fate, copies })),
    named: [...named],
  }
}
