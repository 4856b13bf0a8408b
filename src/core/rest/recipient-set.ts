/**
 * Durable Sessions that get a copy of the same messages, and the messages they still wait for.
 *
 * A message that goes to a thousand of them is one entry here, not a thousand: each member has a place in the list.
 */
import type { Qos } from '../../protocol/control-packet.ts'
import type { Recipient, RetainRule } from '../record.ts'
import type { Session } from '../session/session.ts'
import { EntryList } from './entry-list.ts'

/** Behind so many entries a member looks whether the list can forget its beginning. */
const forgetEvery = 1024

export class Member {
  readonly set: RecipientSet
  readonly session: Session
  /** The granted QoS. */
  readonly qos: Qos
  readonly retain: RetainRule
  readonly subscriptionIdentifiers: readonly number[] | null
  readonly sharedFilter: string | null
  /** Of the first entry it waits for; -1 if it waits for none. */
  position = -1

  constructor(set: RecipientSet, session: Session, recipient: Omit<Recipient, 'session'>) {
    this.set = set
    this.session = session
    this.qos = recipient.qos
    this.retain = recipient.retain
    this.subscriptionIdentifiers = recipient.subscriptionIdentifiers
    this.sharedFilter = recipient.sharedFilter
  }

  /** Order of the first entry it waits for. */
  get order(): number {
    return this.set.entries.orderAt(this.position)
  }

  /** The first entry is done with; false if it waits for no other. */
  advance(): boolean {
    const { entries } = this.set
    this.position += 1
    if (this.position === entries.end) {
      this.leave()
      return false
    }
    if (this.position % forgetEvery === 0) this.set.forgetBeginning()
    return true
  }

  /** It waits for nothing here any more. */
  leave(): void {
    this.position = -1
    this.set.waiting -= 1
    if (this.set.waiting === 0) this.set.entries.forgetBefore(this.set.entries.end)
  }

  get recipient(): Recipient {
    const { qos, retain, subscriptionIdentifiers, sharedFilter } = this
    return { session: this.session.number, qos, retain, subscriptionIdentifiers, sharedFilter }
  }
}

export class RecipientSet {
  /** Seq of the record that defines it; 0 while there is none, or none that is kept. */
  id = 0
  readonly members: Member[] = []
  readonly entries = new EntryList()
  /** Members that wait for an entry. */
  waiting = 0
  /** A snapshot holds its definition. */
  isInSnapshot = false

  addMember(session: Session, recipient: Omit<Recipient, 'session'>): Member {
    const member = new Member(this, session, recipient)
    this.members.push(member)
    return member
  }

  has(session: Session): boolean {
    return this.members.some((member) => member.session === session)
  }

  forgetBeginning(): void {
    let first = this.entries.end
    for (const { position } of this.members) if (position >= 0 && position < first) first = position
    this.entries.forgetBefore(first)
  }
}
