/**
 * What the store says to its thread, and what the thread answers. Bytes are handed over, not copied.
 */
import type { Seq } from '../../core/record.ts'
import type { PrivateFiles } from './private-files.ts'

export interface Block {
  readonly first: Seq
  readonly last: Seq
  readonly records: number
  readonly bytes: Uint8Array<ArrayBuffer>
}

export interface SnapshotRow {
  readonly key: string
  readonly at: Seq
  /** Null removes it. */
  readonly bytes: Uint8Array<ArrayBuffer> | null
}

export type Request =
  | { readonly type: 'append'; readonly shard: number; readonly first: Seq; readonly blocks: readonly Block[] }
  | { readonly type: 'put'; readonly shard: number; readonly rows: readonly SnapshotRow[] }
  | { readonly type: 'blocks'; readonly shard: number; readonly after: Seq; readonly bytesMax: number }
  | { readonly type: 'snapshots'; readonly shard: number; readonly after: string; readonly countMax: number }
  | { readonly type: 'read'; readonly shard: number; readonly seqs: readonly Seq[] }
  | { readonly type: 'trim'; readonly shard: number; readonly before: Seq; readonly keep: Float64Array }
  | { readonly type: 'head'; readonly shard: number }
  | { readonly type: 'claim'; readonly key: string; readonly value: Uint8Array; readonly ttlMs: number | null }
  | { readonly type: 'claims'; readonly prefix: string }
  | { readonly type: 'backup'; readonly path: string }
  | { readonly type: 'close' }

export interface ErrorReply {
  /** `refused`: nothing was written, try again. `corrupt`: what is stored is not what was written. */
  readonly kind: 'refused' | 'corrupt' | 'failed'
  readonly message: string
}

export type FromThread =
  | { readonly type: 'opened'; readonly files: PrivateFiles }
  | { readonly type: 'not-opened'; readonly error: ErrorReply }
  | { readonly type: 'reply'; readonly id: number; readonly value: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: ErrorReply }
  | { readonly type: 'room'; readonly hasRoom: boolean }

export interface ThreadOptions {
  readonly directory: string
  readonly durability: 'fsync' | 'interval'
  /** Milliseconds between syncs at `interval`. */
  readonly intervalMs: number
  /** Bytes that must stay free on the file system: below, the store has no room for more messages. */
  readonly freeBytesMin: number
  readonly acceptLoss: boolean
}
