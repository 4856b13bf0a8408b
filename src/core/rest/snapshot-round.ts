/**
 * Renews the snapshots of everything that has changed since the last round, a slice at a time.
 *
 * When all of it is stored, no record up to the place where the round began is needed, except those that `LiveRecords`
 * names. A slice may be stored only when every record written down before it was taken is durable.
 */
import type { Obligation } from '../owed/obligation.ts'
import type { Recipient, Seq } from '../record.ts'
import type { Session } from '../session/session.ts'
import type { CoreState } from '../state.ts'
import { type OwedSnapshot, owedSnapshotOf } from './owed-snapshot.ts'
import { type SessionSnapshot, snapshotOf } from './session-snapshot.ts'

export type Snapshot =
  | { readonly type: 'session'; readonly number: Seq; readonly session: SessionSnapshot | null }
  | { readonly type: 'recipients'; readonly id: Seq; readonly members: readonly Recipient[] | null }
  /** Seqs of the Retained Messages, ascending. */
  | { readonly type: 'retained'; readonly seqs: Iterable<Seq> & { readonly length: number } }
  /** Seqs of the held messages, in no particular order. */
  | { readonly type: 'held'; readonly seqs: readonly Seq[] }
  | { readonly type: 'owed'; readonly message: Seq; readonly owed: OwedSnapshot | null }
  /** No record up to here is needed but live ones. */
  | { readonly type: 'covered'; readonly through: Seq }

export interface RoundEnd {
  readonly covered: Snapshot
  readonly keep: Seq[]
}

export class SnapshotRound {
  readonly #core: CoreState
  /** Where the round began. */
  readonly at: Seq
  readonly #changed: Iterator<Session, undefined>
  readonly #changedOwed: Iterator<Obligation, undefined>
  #first: Snapshot[] = []
  /** Definitions nobody needs once the Sessions are stored that have sent what they had of them. */
  #last: Snapshot[] = []

  constructor(core: CoreState) {
    this.#core = core
    this.at = core.lastSeq
    const changed = [...core.changed]
    core.changed.clear()
    this.#changed = changed.values()
    const changedOwed = [...core.owed.changed]
    core.owed.changed.clear()
    this.#changedOwed = changedOwed.values()
    this.#renewSets()
    if (core.retained.isChanged) {
      core.retained.isChanged = false
      this.#first.push({ type: 'retained', seqs: core.retained.freezeSeqs() })
    }
    if (core.held.isChanged) {
      core.held.isChanged = false
      this.#first.push({ type: 'held', seqs: Array.from(core.held.all(), (message) => message.seq) })
    }
  }

  /** The next slice of about `count`, with the place it describes; null when there is no more. */
  next(count: number): { at: Seq; snapshots: Snapshot[] } | null {
    const at = this.#core.lastSeq
    const snapshots = this.#first
    this.#first = []
    while (snapshots.length < count) {
      const { value: session } = this.#changed.next()
      if (session === undefined) break
      if (!session.hasEnded) {
        const asked = this.#core.asksForGroups
        snapshots.push({ type: 'session', number: session.number, session: snapshotOf(session, at, asked) })
      } else if (session.isInSnapshot) snapshots.push({ type: 'session', number: session.number, session: null })
      session.isInSnapshot = !session.hasEnded
    }
    while (snapshots.length < count) {
      const { value: obligation } = this.#changedOwed.next()
      if (obligation === undefined) break
      const { message, isClosed, isInSnapshot } = obligation
      if (!isClosed) snapshots.push({ type: 'owed', message, owed: owedSnapshotOf(obligation) })
      else if (isInSnapshot) snapshots.push({ type: 'owed', message, owed: null })
      obligation.isInSnapshot = !isClosed
    }
    if (snapshots.length < count) snapshots.push(...this.#last.splice(0))
    return snapshots.length === 0 ? null : { at, snapshots }
  }

  /**
   * When there is no slice more: what is covered, and which records before it are needed all the same, as first and last of
   * each run. Like a slice it holds only when every record written down until its last step is durable: what a later one makes
   * needless would be missed if that one were lost.
   */
  *endInSteps(): Generator<undefined, RoundEnd> {
    const keep = yield* this.#core.live.runsInSteps(this.at + 1)
    return { covered: { type: 'covered', through: this.at }, keep }
  }

  /** Definitions of sets that somebody waits in are kept; the others are written anew when they are used again. */
  #renewSets(): void {
    const { recorded } = this.#core.recipientSets
    for (const set of recorded) {
      if (set.waiting > 0) {
        if (set.isInSnapshot) continue
        set.isInSnapshot = true
        this.#first.push({ type: 'recipients', id: set.id, members: set.members.map((member) => member.recipient) })
        continue
      }
      if (set.isInSnapshot) this.#last.push({ type: 'recipients', id: set.id, members: null })
      set.isInSnapshot = false
      set.id = 0
      recorded.delete(set)
    }
  }
}
