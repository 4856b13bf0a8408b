/**
 * The store port: an ordered log of facts for each shard of Sessions, and snapshots of what they amount to. Every adapter
 * passes `store-contract.ts`.
 */
import type { CoreRecord, Seq } from '../core/record.ts'
import type { Snapshot } from '../core/rest/snapshot-round.ts'

/** A machine of its own has one. */
export const shard = 0

export interface LogPort {
  /**
   * Appends records; the first gets the seq `first`, which must be behind the last record of the shard, and so on. Where
   * there is null, and between batches, a place stays empty. Resolves when the batch is durable; all of it is, or none.
   * `bytes` is what it takes in the store.
   *
   * @throws StoreRefusedError if nothing was written and the same batch may be tried again; any other error means that
   * nothing may be relied on any more.
   */
  append(shard: number, first: Seq, batch: readonly (CoreRecord | null)[]): Promise<{ bytes: number }>
  /** Hands over every record that has not been trimmed, in order. */
  tail(shard: number, onRecord: (seq: Seq, record: CoreRecord) => void): Promise<void>
  /** The records with these seqs, in no particular order. @throws an Error if one of them is not there. */
  read(shard: number, seqs: readonly Seq[]): Promise<{ seq: Seq; record: CoreRecord }[]>
  /** The place of the last record, 0 if there never was one. */
  head(shard: number): Promise<Seq>
  /** Forgets what lies before `before`, except what is in `keep`: first and last seq of each run in turn, ascending. */
  trim(shard: number, before: Seq, keep: readonly Seq[]): Promise<void>
}

export interface SnapshotPort {
  /** Replaces snapshots with newer ones, all or none; those of what is no more are removed. Resolves when durable. */
  put(shard: number, at: Seq, snapshots: readonly Snapshot[]): Promise<void>
  /** Hands over all snapshots: those of Sessions before those of recipients. */
  snapshots(shard: number, onSnapshot: (snapshot: Snapshot, at: Seq) => void): Promise<void>
}

export interface ClaimPort {
  /** True if nobody had made the claim, which is durable then. A claim with `ttlMs` may be made again after that. */
  claim(key: string, value: Uint8Array, ttlMs: number | null): Promise<boolean>
  /** Claims in force whose key begins with `prefix`, by key. */
  claims(prefix: string): Promise<[key: string, value: Uint8Array][]>
}

/** Where a broker keeps what must survive; `sqlite` and `memory` make one. Nothing of it is for a host to call. */
export interface Store extends LogPort, SnapshotPort, ClaimPort {
  /** What is written survives the process, and what was appended can be read. */
  readonly isDurable: boolean
  /** Where it keeps it; null if it is in no directory. */
  readonly directory: string | null
  /** Before anything else. @throws an Error that says what is wrong and what to do. */
  open(): Promise<void>
  /** Called when the store, having refused, may take more again, or is about to be full. */
  onRoom: ((hasRoom: boolean) => void) | null
  /** Called when the store has failed without being asked for anything: nothing may be relied on any more. */
  onFailure: ((error: Error) => void) | null
  /** Resolves when everything is written and the store may be opened by somebody else. */
  close(): Promise<void>
  /**
   * After a failure: nothing more is carried out, not even what has been asked for. Resolves when the store may be opened by somebody
   * else.
   */
  abandon(): Promise<void>
}

/** The store has no room, or does not take more for now; nothing was written. */
export class StoreRefusedError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'StoreRefusedError'
  }
}
