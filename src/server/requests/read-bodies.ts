/**
 * Messages by the place of their records: from memory, or read from the store.
 */
import type { Message } from '../../core/message.ts'
import type { Seq } from '../../core/record.ts'
import type { CoreState } from '../../core/state.ts'
import { type Store, shard } from '../../store/store.ts'

/** Those that are there: the record of one that nobody needs any more may be gone. */
export async function readBodies(state: CoreState, store: Store, seqs: readonly Seq[]): Promise<Map<Seq, Message>> {
  const bodies = new Map<Seq, Message>()
  const missing: Seq[] = []
  for (const seq of seqs) {
    const body = state.bodies.get(seq)
    if (body === undefined) missing.push(seq)
    else bodies.set(seq, body)
  }
  if (missing.length === 0) return bodies
  for (const { seq, record } of await store.read(shard, missing)) {
    if (record.type === 'message') bodies.set(seq, record.message)
  }
  return bodies
}
