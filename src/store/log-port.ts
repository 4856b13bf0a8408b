/**
 * The store port: an ordered log of facts for each shard of Sessions. Every adapter passes `log-port-contract.ts`.
 */
import type { CoreRecord } from '../core/record.ts'

/** Place of a record in its shard's log, counting from 1. */
export type Seq = number

export interface StoredRecord {
  readonly seq: Seq
  readonly record: CoreRecord
}

export interface LogPort {
  /**
   * Resolves when the batch is durable, with the place of its first record; all of it is, or none.
   *
   * @throws StoreRefusedError if nothing was written and the same batch may be tried again; any other error means that
   * nothing may be relied on any more.
   */
  append(shard: number, batch: readonly CoreRecord[]): Promise<{ first: Seq }>
  /** All records from `from` on that have not been trimmed, in order. */
  read(shard: number, from: Seq): AsyncIterable<StoredRecord>
  /** The place of the last record, 0 if there never was one. */
  head(shard: number): Promise<Seq>
  /** Forgets what lies before `before`, except the places in `keep`. */
  trim(shard: number, before: Seq, keep: readonly Seq[]): Promise<void>
}

/** The store has no room, or does not take more for now; nothing was written. */
export class StoreRefusedError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'StoreRefusedError'
  }
}
