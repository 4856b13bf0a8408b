/**
 * Makes again what is owed for messages: from the messages themselves, their snapshots, and what was noted since.
 *
 * The record of a message stays in the log for as long as something is owed for it. One that is covered and has no snapshot
 * of this kind is there for another reason: what was owed has been given.
 */
import type { Message } from '../message.ts'
import { Obligation } from '../owed/obligation.ts'
import { acknowledgeMsMax } from '../owed/owing.ts'
import type { GivenRecord, NotedRecord, OwedFact, Seq, SessionNumber } from '../record.ts'
import { wantsCounts } from '../session/report-request.ts'
import type { Session } from '../session/session.ts'
import type { CoreState } from '../state.ts'
import type { OwedSnapshot } from './owed-snapshot.ts'

type FindSession = (number: SessionNumber) => Session | undefined

export class RestoreOwed {
  readonly #core: CoreState
  /** Those whose message has not been read yet. */
  readonly #snapshots = new Map<Seq, { owed: OwedSnapshot; at: Seq }>()
  /** The place up to which an obligation is known already. */
  readonly #knownAt = new Map<Seq, Seq>()

  constructor(core: CoreState) {
    this.#core = core
  }

  snapshot(owed: OwedSnapshot, at: Seq): void {
    this.#snapshots.set(owed.message, { owed, at })
  }

  message(message: Message, fact: OwedFact, requester: Session | null, isCovered: boolean): void {
    const { owed, live } = this.#core
    const { seq, publish } = message
    const known = this.#snapshots.get(seq)
    if (known === undefined && isCovered) return
    const obligation = new Obligation(message, fact, requester?.hasEnded === false ? requester : null, true)
    obligation.fate = 'routed'
    obligation.isInSnapshot = known !== undefined
    if (known !== undefined) obligation.restore(known.owed)
    else owed.changed.add(obligation)
    this.#knownAt.set(seq, known?.at ?? seq)
    owed.add(obligation)
    live.add(seq, 1)
    const { packetId, packetWants } = fact
    if (obligation.acknowledgementWritten || requester?.hasEnded !== false || publish.qos === 0) return
    const untilMs = message.receivedMs + acknowledgeMsMax(this.#core, message.topicName)
    const { qos } = publish
    const asked = wantsCounts(publish)
    owed.hold(obligation, requester, {
      qos,
      packetId,
      wants: packetWants,
      untilMs,
      wantsCounts: asked,
      connection: null,
    })
  }

  record(seq: Seq, record: NotedRecord | GivenRecord): void {
    const { owed } = this.#core
    const obligation = owed.get(record.message)
    if (obligation === undefined || seq <= (this.#knownAt.get(record.message) ?? 0)) return
    owed.changed.add(obligation)
    if (record.type === 'noted') {
      obligation.note(record, record.copies)
      return
    }
    if (record.receipt) obligation.owesReceipt = false
    if (record.acknowledgement) {
      obligation.acknowledgementWritten = true
      owed.release(obligation)
    }
    if (!obligation.owesReceipt && obligation.acknowledgementWritten) this.#close(obligation)
  }

  /**
   * After the last record: which copies are still on their way is what is left of the message's live ones. Those of Sessions
   * that ended with the process are lost, and that is noted only now.
   */
  finish(findSession: FindSession): void {
    const { owed, endings, live, retained, held, deadlines } = this.#core
    // How they ended stands in the notes.
    endings.length = 0
    for (const obligation of owed.all()) {
      const { message, topicName, fact, acknowledgement } = obligation
      obligation.isHeld = held.get(message) !== undefined
      obligation.fate = obligation.isHeld ? 'held' : 'routed'
      const others = 1 + (retained.get(topicName)?.seq === message ? 1 : 0) + (obligation.isHeld ? 1 : 0)
      const observers = fact.observers.map(findSession).filter((session) => session !== undefined)
      obligation.ignored = new Set(observers)
      obligation.pending = live.timesNeeded(message) - others
      for (const session of observers) if (hasCopy(session, message)) obligation.pending -= 1
      const { delivered, sent, failed, pending } = obligation
      const known = delivered + sent + failed + pending
      const lost = obligation.matched - known
      // Nobody had matched a message that was held.
      if (!obligation.isHeld && fact.matched === 0) obligation.matched = known
      const copy = { account: '', clientIdentifier: '', fate: 'brokerRestarted', atMs: 0 } as const
      if (lost > 0 && !obligation.isHeld) obligation.note(copy, lost)
      owed.touched.add(obligation)
      if (acknowledgement !== null) deadlines.add({ atMs: acknowledgement.untilMs, type: 'owed', message })
    }
    this.#snapshots.clear()
    this.#knownAt.clear()
  }

  #close(obligation: Obligation): void {
    const { owed } = this.#core
    obligation.isClosed = true
    owed.remove(obligation)
    owed.touched.delete(obligation)
    this.#core.release(obligation.message, obligation.message)
  }
}

/** Whether the copy that a message's own record made waits or is in flight. */
function hasCopy({ outbound }: Session, message: Seq): boolean {
  for (const { order } of outbound.inFlight ?? []) if (order === message) return true
  return outbound.backlog.holds(message)
}
