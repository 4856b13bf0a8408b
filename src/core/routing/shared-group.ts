/**
 * The members of one Shared Subscription, and whose turn it is. MQTT 5.0 section 4.8.2.
 *
 * Smooth weighted round robin: a member's weight is what its Receive Maximum leaves free, so that a slow member gets less.
 */
import type { Session } from '../session/session.ts'
import { addTo, placeOf, removeFrom, type Subscription } from './subscription.ts'

export class SharedGroup {
  readonly shareName: string
  members: Subscription[] = []
  /** Members that do not only observe. */
  listeners = 0

  constructor(shareName: string) {
    this.shareName = shareName
  }

  add(member: Subscription): void {
    this.members = addTo(this.members, member)
    if (!member.isObserver) this.listeners += 1
  }

  remove(member: Subscription): void {
    removeFrom(this.members, member)
    if (!member.isObserver) this.listeners -= 1
  }

  /** The same group as it is for a message that only these of its members may have. Members keep their credit. */
  only(members: readonly Subscription[]): SharedGroup {
    const group = new SharedGroup(this.shareName)
    group.members.push(...members)
    for (const { isObserver } of members) if (!isObserver) group.listeners += 1
    return group
  }

  /**
   * The member that gets the next message, or null if there is none. Connected members with a free window come first, then
   * connected ones with the shortest queue, then the one away with the shortest queue.
   */
  choose(): Subscription | null {
    let chosen: Subscription | null = null
    let highest = Number.NEGATIVE_INFINITY
    let total = 0
    for (const member of this.members) {
      const weight = member.session.outbound.freeWindow
      if (weight === 0) continue
      total += weight
      const place = placeOf(member)
      place.credit += weight
      if (place.credit <= highest) continue
      highest = place.credit
      chosen = member
    }
    if (chosen === null) return this.#shortestQueue()
    placeOf(chosen).credit -= total
    return chosen
  }

  #shortestQueue(): Subscription | null {
    let chosen: Subscription | null = null
    for (const member of this.members) {
      if (chosen === null || comesBefore(member.session, chosen.session)) chosen = member
    }
    return chosen
  }
}

function comesBefore(candidate: Session, chosen: Session): boolean {
  if (candidate.isOnline !== chosen.isOnline) return candidate.isOnline
  return candidate.outbound.queuedMessages < chosen.outbound.queuedMessages
}
