/**
 * The recipient sets there are: one for each list of members, however many Topic Names lead to it.
 */
import type { Recipient, RetainRule } from '../record.ts'
import type { Receiver, Subscription } from '../routing/subscription.ts'
import type { Session } from '../session/session.ts'
import { RecipientSet } from './recipient-set.ts'

/** A durable copy of every message that comes this way. */
export interface Receipt extends Omit<Recipient, 'session'> {
  readonly session: Session
}

const keptMin = 1024

export class RecipientSets {
  #byKey = new Map<string, RecipientSet>()
  /** Those a record defines, where a restart will read it. */
  readonly recorded = new Set<RecipientSet>()
  #purgeAt = keptMin

  /** The set of exactly these, in this order. */
  of(receipts: readonly Receipt[]): RecipientSet {
    const key = receipts.map(keyOf).join('\n')
    const known = this.#byKey.get(key)
    if (known !== undefined) return known
    if (this.#byKey.size >= this.#purgeAt) this.#purge()
    const set = new RecipientSet()
    for (const receipt of receipts) set.addMember(receipt.session, receipt)
    this.#byKey.set(key, set)
    return set
  }

  /** Whoever still uses a set that is dropped here goes on doing so; another of the same members may then be made. */
  #purge(): void {
    for (const [key, set] of this.#byKey) if (set.waiting === 0) this.#byKey.delete(key)
    this.#purgeAt = Math.max(keptMin, this.#byKey.size * 2)
  }
}

/** Quoted, so that no Topic Filter can pass for something else. */
function keyOf({ session, qos, retain, subscriptionIdentifiers, sharedFilter }: Receipt): string {
  return `${session.number} ${qos} ${retain} ${subscriptionIdentifiers?.join() ?? ''} ${JSON.stringify(sharedFilter)}`
}

/** What a Subscription, or several of one Session merged, gets of a message published from now on. */
export function receiptOf(receiver: Receiver): Receipt {
  const { session, qos, subscriptionIdentifiers } = receiver
  return { session, qos, retain: retainRuleOf(receiver), subscriptionIdentifiers, sharedFilter: null }
}

export function retainRuleOf(receiver: Receiver): RetainRule {
  return receiver.retainAsPublished ? 'as-published' : 'cleared'
}

/** The same for the chosen member of a Shared Subscription. */
export function sharedReceiptOf(member: Subscription): Receipt {
  return { ...receiptOf(member), sharedFilter: member.topicFilter }
}
