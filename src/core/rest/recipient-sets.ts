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

/** So many are kept, used or not, for as long as they have no more members than that together. */
const keptSetsMin = 1024
const keptMembersMin = 65_536

export class RecipientSets {
  #byKey = new Map<string, RecipientSet>()
  /** Those a record defines, where a restart will read it. */
  readonly recorded = new Set<RecipientSet>()
  #members = 0
  #purgeAtSets = keptSetsMin
  #purgeAtMembers = keptMembersMin

  /** Members of all that are kept: what they cost. */
  get members(): number {
    return this.#members
  }

  /** The set of exactly these, in this order. */
  of(receipts: readonly Receipt[]): RecipientSet {
    const key = receipts.map(keyOf).join('\n')
    const known = this.#byKey.get(key)
    if (known !== undefined) return known
    if (this.#byKey.size >= this.#purgeAtSets || this.#members >= this.#purgeAtMembers) this.#purge()
    const set = new RecipientSet()
    for (const receipt of receipts) set.addMember(receipt.session, receipt)
    this.#byKey.set(key, set)
    this.#members += receipts.length
    return set
  }

  /**
   * Whoever still uses a set that is dropped here goes on doing so; another of the same members may then be made. The record that defines
   * it is forgotten, and written anew when it is used again: nothing that somebody waits for rests on it.
   */
  #purge(): void {
    for (const [key, set] of this.#byKey) {
      if (set.waiting > 0) continue
      this.#byKey.delete(key)
      this.#members -= set.members.length
      // A snapshot that holds it has to say that it is gone: the next one does.
      if (set.isInSnapshot) continue
      set.id = 0
      this.recorded.delete(set)
    }
    this.#purgeAtSets = Math.max(keptSetsMin, this.#byKey.size * 2)
    this.#purgeAtMembers = Math.max(keptMembersMin, this.#members * 2)
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
