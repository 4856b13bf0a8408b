/**
 * The stores that brokers of this process use: each by one of them, because a store keeps what one broker has decided.
 */
import type { Store } from '../store/store.ts'

const open = new WeakSet<Store>()

/** `hears` from then on what happens to it. @throws an Error if another broker uses it, or if it cannot be opened. */
export async function openStore(store: Store, hears: Pick<Store, 'onRoom' | 'onFailure'>): Promise<void> {
  if (open.has(store)) {
    throw new Error('another broker of this process uses this store: give each of them one of its own')
  }
  open.add(store)
  Object.assign(store, hears)
  try {
    await store.open()
  } catch (error) {
    open.delete(store)
    throw error
  }
}

export async function closeStore(store: Store): Promise<void> {
  await store.close()
  open.delete(store)
}

/** It has failed: when this resolves it can be opened anew. */
export async function abandonStore(store: Store): Promise<void> {
  await store.abandon()
  open.delete(store)
}
