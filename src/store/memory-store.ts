/**
 * The store in this process's memory.
 *
 * One that keeps nothing is what `durability: memory` means: it counts, and the Sessions themselves are the state. One that
 * keeps is a durable store for as long as the object lives: for tests that restart a broker.
 */
import type { CoreRecord, Seq } from '../core/record.ts'
import type { Snapshot } from '../core/rest/snapshot-round.ts'
import { snapshotKey } from './snapshot-codec.ts'
import type { Store } from './store.ts'

interface ShardLog {
  records: Map<Seq, CoreRecord>
  snapshots: Map<string, { snapshot: Snapshot; at: Seq }>
  head: Seq
}

interface Claim {
  readonly value: Uint8Array
  readonly endsAtMs: number
}

export class MemoryStore implements Store {
  readonly isDurable: boolean
  readonly directory = null
  onRoom: ((hasRoom: boolean) => void) | null = null
  onFailure: ((error: Error) => void) | null = null
  readonly #shards = new Map<number, ShardLog>()
  readonly #claims = new Map<string, Claim>()
  readonly #nowMs: () => number

  constructor(keeps: boolean, nowMs: () => number = Date.now) {
    this.isDurable = keeps
    this.#nowMs = nowMs
  }

  async open(): Promise<void> {}

  append(shard: number, first: Seq, batch: readonly (CoreRecord | null)[]): Promise<{ bytes: number }> {
    const log = this.#shard(shard)
    if (first <= log.head) {
      return Promise.reject(new Error(`record ${first} was appended behind record ${log.head}`))
    }
    for (const [index, record] of batch.entries()) {
      if (record === null) continue
      log.head = first + index
      if (this.isDurable) log.records.set(log.head, record)
    }
    return Promise.resolve({ bytes: 0 })
  }

  /** Takes over what another store held. */
  async restore(shard: number, records: Iterable<[seq: Seq, record: CoreRecord]>, head: Seq): Promise<void> {
    const log = this.#shard(shard)
    for (const [seq, record] of records) log.records.set(seq, record)
    log.head = head
  }

  async tail(shard: number, onRecord: (seq: Seq, record: CoreRecord) => void): Promise<void> {
    for (const [seq, record] of this.#shard(shard).records) onRecord(seq, record)
  }

  async read(shard: number, seqs: readonly Seq[]): Promise<{ seq: Seq; record: CoreRecord }[]> {
    const { records } = this.#shard(shard)
    return seqs.map((seq) => {
      const record = records.get(seq)
      if (record === undefined) throw new Error(`there is no record ${seq}`)
      return { seq, record }
    })
  }

  head(shard: number): Promise<Seq> {
    return Promise.resolve(this.#shard(shard).head)
  }

  async trim(shard: number, before: Seq, keep: readonly Seq[]): Promise<void> {
    const { records } = this.#shard(shard)
    let run = 0
    for (const seq of records.keys()) {
      if (seq >= before) return
      while ((keep[run + 1] ?? Number.POSITIVE_INFINITY) < seq) run += 2
      if (seq < (keep[run] ?? Number.POSITIVE_INFINITY)) records.delete(seq)
    }
  }

  async put(shard: number, at: Seq, snapshots: readonly Snapshot[]): Promise<void> {
    if (!this.isDurable) return
    const stored = this.#shard(shard).snapshots
    for (const snapshot of snapshots) {
      const { key, isGone } = snapshotKey(snapshot)
      if (isGone) stored.delete(key)
      else stored.set(key, { snapshot, at })
    }
  }

  async snapshots(shard: number, onSnapshot: (snapshot: Snapshot, at: Seq) => void): Promise<void> {
    const stored = [...this.#shard(shard).snapshots.values()]
    for (const { snapshot, at } of stored) if (snapshot.type === 'session') onSnapshot(snapshot, at)
    for (const { snapshot, at } of stored) if (snapshot.type !== 'session') onSnapshot(snapshot, at)
  }

  async claim(key: string, value: Uint8Array, ttlMs: number | null): Promise<boolean> {
    const nowMs = this.#nowMs()
    const before = this.#claims.get(key)
    if (before !== undefined && before.endsAtMs > nowMs) return false
    this.#claims.set(key, { value, endsAtMs: ttlMs === null ? Number.POSITIVE_INFINITY : nowMs + ttlMs })
    return true
  }

  async claims(prefix: string): Promise<[string, Uint8Array][]> {
    const nowMs = this.#nowMs()
    return [...this.#claims]
      .filter(([key, { endsAtMs }]) => key.startsWith(prefix) && endsAtMs > nowMs)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, { value }]) => [key, value])
  }

  async close(): Promise<void> {}

  async abandon(): Promise<void> {}

  #shard(shard: number): ShardLog {
    let log = this.#shards.get(shard)
    if (log === undefined) {
      log = { records: new Map(), snapshots: new Map(), head: 0 }
      this.#shards.set(shard, log)
    }
    return log
  }
}
