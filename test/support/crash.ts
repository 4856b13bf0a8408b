/**
 * A crash in one process: another broker starts on what was durable at this moment.
 */
import type { CoreRecord } from '../../src/core/record.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import type { Store } from '../../src/store/store.ts'

/** What a store holds now, as another store. */
export async function copyStore(store: Store): Promise<MemoryStore> {
  const copy = new MemoryStore(true)
  const records: [seq: number, record: CoreRecord][] = []
  await store.tail(0, (seq, record) => records.push([seq, record]))
  await copy.restore(0, records, await store.head(0))
  await store.snapshots(0, (snapshot, at) => void copy.put(0, at, [snapshot]))
  return copy
}
