/**
 * Makes the state again from what the store holds: first the snapshots, then every record that is left, in order.
 *
 * Replay applies facts and decides nothing: no limit, policy or clock is looked at. Time takes its course in `finish`.
 */
import { beginDrain } from '../held/drain.ts'
import { forgetHeld, restoreHeld } from '../held/hold.ts'
import { settleOwed } from '../owed/settle.ts'
import type {
  CoreRecord,
  MessageRecord,
  Recipient,
  Seq,
  SessionCreatedRecord,
  SessionDisconnectedRecord,
  SessionNumber,
  SubscribedRecord,
} from '../record.ts'
import { parseTopicFilter } from '../routing/topic-filter.ts'
import { Copy } from '../session/copy.ts'
import { goOnAfterRestart } from '../session/lifecycle.ts'
import { neverExpires, Session } from '../session/session.ts'
import { willDueMs } from '../session/will.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import { LiveRecords } from './live-records.ts'
import { RecipientSet } from './recipient-set.ts'
import { RestoreOwed } from './restore-owed.ts'
import type { SessionSnapshot } from './session-snapshot.ts'
import { SharedIdentities } from './shared-identities.ts'
import type { Snapshot } from './snapshot-round.ts'

const unlimited = { topicBytesMax: 65_535, topicLevelsMax: 65_536 }

/** A Session with what is known of its place in the log. */
interface Restored {
  readonly session: Session
  /** Its snapshot says what the records up to here amount to. */
  readonly at: Seq
  /** It waits for no earlier order. */
  readonly from: Seq
  isOnline: boolean
}

export class Restore {
  readonly #core: CoreState
  readonly #sessions = new Map<Seq, Restored>()
  readonly #sets = new Map<Seq, RecipientSet>()
  readonly #retained = new Set<Seq>()
  /** The messages that are in the log. */
  readonly #messages = new LiveRecords()
  #retainedAt = 0
  readonly #held = new Set<Seq>()
  #heldAt = 0
  #covered = 0
  /** Messages in flight whose record has not been seen yet, with the copies that need it. */
  readonly #wanted = new Map<Seq, { restored: Restored; copy: Copy }[]>()
  readonly #owed: RestoreOwed
  readonly #identities = new SharedIdentities()

  constructor(core: CoreState) {
    this.#core = core
    this.#owed = new RestoreOwed(core)
  }

  /** All snapshots come before the first record, those of Sessions before those of recipients. */
  snapshot(snapshot: Snapshot, at: Seq): void {
    this.#core.lastSeq = Math.max(this.#core.lastSeq, at)
    switch (snapshot.type) {
      case 'session':
        if (snapshot.session !== null) this.#restoreSession(snapshot.session, at)
        return
      case 'recipients':
        if (snapshot.members !== null) this.#defineSet(snapshot.id, snapshot.members).isInSnapshot = true
        return
      case 'retained':
        this.#retainedAt = at
        for (const seq of snapshot.seqs) this.#retained.add(seq)
        return
      case 'held':
        this.#heldAt = at
        for (const seq of snapshot.seqs) this.#held.add(seq)
        return
      case 'owed':
        if (snapshot.owed !== null) this.#owed.snapshot(snapshot.owed, at)
        return
      case 'covered':
        this.#covered = snapshot.through
        return
    }
  }

  record(seq: Seq, record: CoreRecord): void {
    const core = this.#core
    core.lastSeq = Math.max(core.lastSeq, seq)
    if (record.type === 'message') this.#message(seq, record)
    else if (record.type === 'copied' || record.type === 'drained') {
      // Without its message the copy was over; only that was not written down yet.
      if (this.#messages.has(record.message)) this.#enqueue(record.recipients, seq, record.message, record.size, null)
      if (record.type === 'drained') this.#unhold(seq, [record.message])
    } else if (record.type === 'unheld') this.#unhold(seq, record.messages)
    else if (record.type === 'noted' || record.type === 'given') this.#owed.record(seq, record)
    else if (seq <= this.#covered) return
    else if (record.type === 'recipients') this.#defineSet(seq, record.members)
    else if (record.type === 'session-created') this.#create(seq, record)
    else {
      const restored = this.#sessions.get(record.session)
      if (restored !== undefined && seq > restored.at) this.#apply(restored, record)
    }
  }

  /**
   * After the last record: what was connected when the process ended no longer is, and time takes its course from
   * `nowMs` on.
   */
  finish(nowMs: number, turn: Turn): void {
    const core = this.#core
    this.forgetAcknowledged()
    this.#owed.finish((number) => this.#sessions.get(number)?.session)
    for (const message of core.retained.all()) {
      if (message.expiresMs !== Number.POSITIVE_INFINITY) {
        core.deadlines.add({ atMs: message.expiresMs, type: 'retained', topicName: message.topicName })
      }
    }
    for (const { session, wasConnected } of this.sessions()) goOnAfterRestart(core, session, wasConnected, nowMs, turn)
    beginDrain(core, '#', nowMs, turn)
    settleOwed(core, nowMs, turn)
  }

  /** After the last record: copies whose message's record is gone were acknowledged; only that was not written down. */
  forgetAcknowledged(): void {
    for (const wanted of this.#wanted.values()) {
      for (const { restored, copy } of wanted) restored.session.outbound.forgetInFlight(copy, this.#core)
    }
    this.#wanted.clear()
  }

  /** Those that have not ended; `wasConnected` by the last record. */
  *sessions(): Generator<{ session: Session; wasConnected: boolean }> {
    for (const { session, isOnline } of this.#sessions.values()) {
      if (!session.hasEnded) yield { session, wasConnected: isOnline }
    }
  }

  #restoreSession(snapshot: SessionSnapshot, at: Seq): void {
    const core = this.#core
    const session = new Session(snapshot.account, snapshot.clientIdentifier, snapshot.createdMs, this.#core.underWay)
    session.number = snapshot.number
    session.isInSnapshot = true
    session.expiryInterval = snapshot.sessionExpiryInterval
    session.will = snapshot.will
    session.groups = snapshot.groups
    const isOnline = snapshot.endsAtMs === 0
    if (!isOnline) session.endsAtMs = snapshot.endsAtMs
    // A Session without end does not say since when its client has been away.
    if (!isOnline && snapshot.endsAtMs !== Number.POSITIVE_INFINITY) {
      session.presenceMs = snapshot.endsAtMs - snapshot.sessionExpiryInterval * 1000
    }
    if (!isOnline && snapshot.will !== null) session.willAtMs = snapshot.willAtMs
    if (snapshot.inboundPacketIds.length > 0) session.inboundPacketIds = new Set(snapshot.inboundPacketIds)
    session.outbound.backlog.restoreTaken(snapshot.taken)
    session.outbound.sentThrough = snapshot.sentThrough
    this.#put(session)
    const restored = { session, at, from: snapshot.from, isOnline }
    this.#sessions.set(session.number, restored)
    for (const { topicFilter, options, subscriptionIdentifier, sinceMs } of snapshot.subscriptions) {
      this.#subscribe(session, { topicFilter, options, subscriptionIdentifier, atMs: sinceMs })
    }
    for (const { order, message, size, packetId, qos, isReceived, retain, ...rest } of snapshot.inFlight) {
      const { subscriptionIdentifiers, sharedFilter } = rest
      const copy = new Copy(null, message, order, size, qos, retain, subscriptionIdentifiers, sharedFilter)
      core.tally.created += 1
      core.live.add(message, 1)
      if (order !== message) core.live.add(order, 1)
      this.#putInFlight(restored, copy, packetId, isReceived)
    }
  }

  /** An earlier Session of the same client may come later: one whose end is still to be read. */
  #put(session: Session): void {
    const { sessions } = this.#core
    const known = sessions.get(session.account, session.clientIdentifier)
    if (known === undefined || known.number < session.number) sessions.put(session)
  }

  #putInFlight(restored: Restored, copy: Copy, packetId: number, isReceived: boolean): void {
    restored.session.outbound.restoreInFlight(copy, packetId, isReceived)
    if (isReceived) return
    const wanted = this.#wanted.get(copy.messageSeq)
    if (wanted === undefined) this.#wanted.set(copy.messageSeq, [{ restored, copy }])
    else wanted.push({ restored, copy })
  }

  #defineSet(id: Seq, members: readonly Recipient[]): RecipientSet {
    const set = new RecipientSet()
    set.id = id
    const { recorded } = this.#core.recipientSets
    const known = this.#sets.get(id)
    if (known !== undefined) {
      // From a snapshot of a round that was not finished: Sessions that had none yet are known only now.
      recorded.delete(known)
      set.isInSnapshot = true
    }
    for (const recipient of members) {
      const restored = this.#sessions.get(recipient.session)
      if (restored !== undefined && !restored.session.hasEnded) set.addMember(restored.session, recipient)
    }
    this.#sets.set(id, set)
    recorded.add(set)
    return set
  }

  #create(seq: Seq, record: SessionCreatedRecord): void {
    if (this.#sessions.has(seq)) return
    const session = new Session(record.account, record.clientIdentifier, record.atMs, this.#core.underWay)
    session.number = seq
    session.expiryInterval = record.sessionExpiryInterval
    session.will = record.will
    this.#put(session)
    this.#core.changed.add(session)
    this.#sessions.set(seq, { session, at: seq, from: seq, isOnline: true })
  }

  #message(seq: Seq, record: MessageRecord): void {
    const { message, recipients, retained, inbound, willOf } = record
    this.#wanted.delete(seq)
    this.#messages.add(seq, 1)
    this.#core.messageTimes.note(seq, message.receivedMs)
    for (const id of recipients) this.#enqueue(id, seq, seq, message.size, message.topicName)
    this.#retain(seq, record)
    this.#hold(seq, record)
    if (record.owed !== null) {
      const requester = this.#sessions.get(record.owed.session)?.session ?? null
      this.#owed.message(message, record.owed, requester, seq <= this.#covered)
    }
    if (seq <= this.#covered) return
    const publisher = inbound === null ? undefined : this.#sessions.get(inbound.session)
    if (publisher !== undefined && inbound !== null && seq > publisher.at) {
      publisher.session.inboundPacketIds ??= new Set()
      publisher.session.inboundPacketIds.add(inbound.packetId)
      this.#core.changed.add(publisher.session)
    }
    const dead = willOf === null ? undefined : this.#sessions.get(willOf)
    if (dead !== undefined && seq > dead.at) {
      dead.session.will = null
      dead.session.willAtMs = Number.POSITIVE_INFINITY
      this.#core.changed.add(dead.session)
    }
    if (retained !== 'unchanged' && seq > this.#retainedAt) this.#core.retained.isChanged = true
  }

  #retain(seq: Seq, { message, retained }: MessageRecord): void {
    const isRetained = seq <= this.#retainedAt ? this.#retained.has(seq) : retained === 'set'
    if (isRetained) {
      this.#core.live.add(seq, 1)
      message.publisher = this.#identities.shared(message.publisher)
      this.#core.retained.set(message)
    } else if (retained === 'deleted' && seq > this.#retainedAt) this.#core.retained.delete(message.topicName)
  }

  #hold(seq: Seq, { message, held, replaces }: MessageRecord): void {
    const isHeld = seq <= this.#heldAt ? this.#held.has(seq) : held !== null
    if (isHeld && held !== null) restoreHeld(this.#core, message, held)
    if (replaces !== 0) this.#unhold(seq, [replaces])
  }

  /** What the snapshot knows already is not applied again. */
  #unhold(at: Seq, seqs: readonly Seq[]): void {
    if (at <= this.#heldAt) return
    for (const seq of seqs) {
      const message = this.#core.held.get(seq)
      if (message !== undefined) forgetHeld(this.#core, message)
    }
  }

  /** Adds a message to the backlogs of those members of a set who wait for it. */
  #enqueue(id: Seq, order: Seq, message: Seq, size: number, topicName: string | null): void {
    const set = this.#sets.get(id)
    if (set === undefined) return
    const core = this.#core
    let position = -1
    for (const member of set.members) {
      const { session } = member
      const restored = this.#sessions.get(session.number)
      if (session.hasEnded || restored === undefined || order < restored.from) continue
      if (position < 0) position = set.entries.push(order, message, size, this.#mayGiveWay(topicName))
      const { backlog } = session.outbound
      if (backlog.isTaken(order)) continue
      backlog.add(member, position, size)
      core.tally.created += 1
      core.live.add(message, 1)
      if (order !== message) core.live.add(order, 1)
    }
    if (set.waiting === 0) set.entries.forgetBefore(set.entries.end)
  }

  /** A rule of today, for a message of yesterday whose Topic Name is known. */
  #mayGiveWay(topicName: string | null): boolean {
    const { rules, options } = this.#core
    const { whenQueueFull } = topicName === null ? options : rules.ruleFor(topicName).options
    return whenQueueFull === 'drop-oldest'
  }

  #apply(restored: Restored, record: Extract<CoreRecord, { session: SessionNumber }>): void {
    const { session } = restored
    const core = this.#core
    core.changed.add(session)
    switch (record.type) {
      case 'session-resumed':
        session.expiryInterval = record.sessionExpiryInterval
        session.will = record.will
        session.willAtMs = Number.POSITIVE_INFINITY
        session.endsAtMs = Number.POSITIVE_INFINITY
        restored.isOnline = true
        return
      case 'session-disconnected':
        this.#disconnect(restored, record)
        return
      case 'session-ended':
        this.#end(session)
        return
      case 'session-groups':
        session.groups = record.groups
        return
      case 'subscribed':
        this.#subscribe(session, record)
        return
      case 'unsubscribed': {
        const subscription = session.subscriptions.get(record.topicFilter)
        if (subscription !== undefined) core.subscriptions.remove(subscription)
        session.subscriptions.delete(record.topicFilter)
        return
      }
      case 'released':
        session.inboundPacketIds?.delete(record.packetId)
        core.owed.releaseIdentifier(session, record.packetId)
        return
      case 'assigned':
        this.#takeInFlight(restored, record.order, record.packetId, 2)
        return
      case 'received':
        session.outbound.restoreReceived(record.packetId)
        return
      case 'settled':
        for (const order of record.orders) session.outbound.restoreSettled(order, core)
        return
    }
  }

  #disconnect(restored: Restored, record: SessionDisconnectedRecord): void {
    const { session } = restored
    const { sessionExpiryInterval: seconds, willPending, atMs, sent } = record
    restored.isOnline = false
    session.presenceMs = atMs
    session.expiryInterval = seconds
    session.endsAtMs = seconds === neverExpires ? Number.POSITIVE_INFINITY : atMs + seconds * 1000
    if (!willPending) session.will = null
    session.outbound.sentThrough = record.sentThrough
    session.willAtMs = session.will === null ? Number.POSITIVE_INFINITY : willDueMs(session, session.will, atMs)
    for (let index = 0; index < sent.length; index += 2) {
      this.#takeInFlight(restored, sent[index] ?? 0, sent[index + 1] ?? 0, 1)
    }
  }

  /** A copy that waited was sent under a Packet Identifier. */
  #takeInFlight(restored: Restored, order: Seq, packetId: number, qos: 1 | 2): void {
    const taken = restored.session.outbound.backlog.take(order)
    if (taken === null) return
    const { member, message, size } = taken
    const { retain, subscriptionIdentifiers, sharedFilter } = member
    const copy = new Copy(null, message, order, size, qos, retain, subscriptionIdentifiers, sharedFilter)
    // Its message's record was read already: that is how it came to wait.
    restored.session.outbound.restoreInFlight(copy, packetId, false)
  }

  #end(session: Session): void {
    const core = this.#core
    session.hasEnded = true
    core.owed.releaseAll(session)
    core.sessions.remove(session)
    for (const subscription of session.subscriptions.values()) core.subscriptions.remove(subscription)
    session.subscriptions.clear()
    for (const { copy } of session.outbound.takeAll(core)) {
      core.endCopy('sessionEnded', session, copy.messageSeq, copy.message)
      core.release(copy.order, copy.messageSeq)
    }
  }

  #subscribe(session: Session, fact: Omit<SubscribedRecord, 'type' | 'session'>): void {
    const { topicFilter, options, subscriptionIdentifier, atMs } = fact
    const parsed = parseTopicFilter(topicFilter, unlimited)
    if (parsed.type === 'fault') throw new Error(`the log holds the Topic Filter ${topicFilter}: ${parsed.reason}`)
    const { subscriptions } = this.#core
    const existing = session.subscriptions.get(topicFilter)
    const subscription = existing ?? subscriptions.add(session, topicFilter, parsed.filter, parsed.shareName, atMs)
    subscription.setOptions(options, subscriptionIdentifier)
    session.subscriptions.set(topicFilter, subscription)
    subscriptions.changed()
  }
}
