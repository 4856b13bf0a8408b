/**
 * Held messages with what they say: from memory, or read from the store a few at a time.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { HeldMessage } from '../../core/held/held-messages.ts'
import type { Message } from '../../core/message.ts'
import type { CoreState } from '../../core/state.ts'
import type { Store } from '../../store/store.ts'
import { readBodies } from './read-bodies.ts'

const batchSize = 64

export interface HeldBody {
  readonly held: HeldMessage
  readonly body: Message
}

/** Those of `messages` that are still held when their turn comes. Others have theirs between two batches. */
export async function* heldBodies(
  { state, store }: { readonly state: CoreState; readonly store: Store },
  messages: Iterable<HeldMessage>,
): AsyncGenerator<HeldBody, void> {
  let batch: HeldMessage[] = []
  for (const message of messages) {
    batch.push(message)
    if (batch.length < batchSize) continue
    yield* read(state, store, batch)
    batch = []
  }
  yield* read(state, store, batch)
}

async function* read(state: CoreState, store: Store, batch: readonly HeldMessage[]): AsyncGenerator<HeldBody, void> {
  await nextTurn()
  const wanted = batch.filter(({ seq }) => state.held.get(seq) !== undefined)
  const bodies = await readBodies(
    state,
    store,
    wanted.map(({ seq }) => seq),
  )
  for (const held of wanted) {
    const body = bodies.get(held.seq)
    if (body !== undefined && state.held.get(held.seq) !== undefined) yield { held, body }
  }
}
