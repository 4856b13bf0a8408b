/**
 * What a store would hold: durable records, snapshots as bytes, and of the records what trimming has left.
 *
 * Does what the Snapshotting does, one step at a time, so that anything can happen in between.
 */
import assert from 'node:assert/strict'
import type { Message } from '../../src/core/message.ts'
import type { CoreRecord, Seq } from '../../src/core/record.ts'
import { Restore } from '../../src/core/rest/restore.ts'
import { type RoundEnd, type Snapshot, SnapshotRound } from '../../src/core/rest/snapshot-round.ts'
import type { CoreState } from '../../src/core/state.ts'
import { decodeSnapshot, encodeSnapshot, snapshotKey } from '../../src/store/snapshot-codec.ts'

const sliceSize = 2

function endOf(round: SnapshotRound): RoundEnd {
  const steps = round.endInSteps()
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

export class SimulatedStore {
  readonly records = new Map<Seq, CoreRecord>()
  readonly #snapshots = new Map<string, { bytes: Buffer; at: Seq }>()
  #head = 0
  #round: SnapshotRound | null = null
  #slice: { at: Seq; snapshots: Snapshot[] } | null = null
  #end: RoundEnd | null = null
  /** What must be durable before the next step. */
  #waitsFor = 0

  /** Place of the last record. */
  get head(): Seq {
    return this.#head
  }

  append(record: CoreRecord): Seq {
    if (record.type === 'copied' || record.type === 'drained') {
      assert.ok(
        this.records.has(record.message),
        `nobody has kept message ${record.message}, of which a copy is recorded`,
      )
    }
    this.#head += 1
    this.records.set(this.#head, record)
    return this.#head
  }

  read(seqs: readonly Seq[]): Message[] {
    return seqs.map((seq) => {
      const record = this.records.get(seq)
      assert.ok(record?.type === 'message', `message ${seq} is to be read, and nobody has kept it`)
      return record.message
    })
  }

  /** Begins a round of snapshots, or goes on with it as soon as the records it waits for are durable. */
  snapshot(core: CoreState): void {
    if (this.#round === null) {
      this.#round = new SnapshotRound(core)
      this.#nextSlice(core, this.#round)
      return
    }
    if (this.#head < this.#waitsFor) return
    if (this.#slice !== null) {
      this.#put(this.#slice.at, this.#slice.snapshots)
      this.#nextSlice(core, this.#round)
      return
    }
    const { at } = this.#round
    this.#round = null
    if (this.#end === null) return
    this.#put(at, [this.#end.covered])
    this.#trim(at, this.#end.keep)
  }

  #nextSlice(core: CoreState, round: SnapshotRound): void {
    this.#slice = round.next(sliceSize)
    this.#end = this.#slice === null ? endOf(round) : null
    this.#waitsFor = core.lastSeq
  }

  #put(at: Seq, snapshots: readonly Snapshot[]): void {
    for (const snapshot of snapshots) {
      const { key, isGone } = snapshotKey(snapshot)
      if (isGone) this.#snapshots.delete(key)
      else this.#snapshots.set(key, { bytes: Buffer.from(encodeSnapshot(snapshot)), at })
    }
  }

  #trim(through: Seq, keep: readonly Seq[]): void {
    const isKept = (seq: Seq): boolean => {
      for (let run = 0; run < keep.length; run += 2) {
        if (seq >= (keep[run] ?? 0) && seq <= (keep[run + 1] ?? 0)) return true
      }
      return false
    }
    for (const seq of this.records.keys()) if (seq <= through && !isKept(seq)) this.records.delete(seq)
  }

  /** The process is gone, and a round with it. */
  crash(): void {
    this.#round = null
    this.#slice = null
  }

  /** What a restart reads, `finish` not called. */
  restoreInto(state: CoreState): Restore {
    const restore = new Restore(state)
    for (const key of [...this.#snapshots.keys()].sort()) {
      const stored = this.#snapshots.get(key)
      if (stored !== undefined) restore.snapshot(decodeSnapshot(key, stored.bytes), stored.at)
    }
    for (const [seq, record] of this.records) restore.record(seq, record)
    state.lastSeq = Math.max(state.lastSeq, this.#head)
    return restore
  }
}
