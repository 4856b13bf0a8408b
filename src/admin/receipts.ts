/**
 * Receipts of messages that were published over HTTP: they are asked for instead of sent.
 */
import type { Obligation } from '../core/owed/obligation.ts'
import { receiptOf } from '../core/owed/receipt.ts'
import type { CoreState } from '../core/state.ts'
import type { Receipt } from './api-types.ts'

/** So many are remembered, the newest, beside those that are owed after a restart. */
const keptMax = 10_000

/** Private: nobody subscribes there. */
export function receiptTopicName(id: string): string {
  return `$pabal/receipt/${id}/reply`
}

export class HostReceipts {
  readonly #obligations = new Map<string, Obligation>()

  keep(id: string, obligation: Obligation): void {
    const [oldest] = this.#obligations.keys()
    if (oldest !== undefined && this.#obligations.size >= keptMax) this.#obligations.delete(oldest)
    this.#obligations.set(id, obligation)
  }

  /** What is known at this moment; null if there is no such receipt any more. `withNames`: of clients, too. */
  get(state: CoreState, id: string, withNames: boolean, nowMs: number): Receipt | null {
    const obligation = this.#obligations.get(id) ?? owedSinceBefore(state, id)
    if (obligation === null) return null
    const { deliveredTo, failedFor, unnamed, ...counts } = receiptOf(obligation, nowMs)
    const names = withNames ? { deliveredTo, failedFor, unnamed } : {}
    const isPending = !obligation.isOver && counts.delivered === 0
    const receipt = { ...counts, ...names, state: isPending ? ('pending' as const) : counts.state }
    return { receipt_id: id, isFinal: obligation.isOver, receipt }
  }
}

/** After a restart what is still owed is found by where it would be sent. */
function owedSinceBefore({ owed }: CoreState, id: string): Obligation | null {
  const topicName = receiptTopicName(id)
  for (const obligation of owed.all()) if (obligation.fact.receiptTopicName === topicName) return obligation
  return null
}
