/**
 * When the programs of a broker have been loaded. Once one of its flags is set V8 takes nothing that was compiled for another start, of
 * Node's own programs neither: a start that sets one at its beginning takes 40 ms longer (docs/decisions/0028-the-young-generation.md).
 */
import type { Worker } from 'node:worker_threads'

/**
 * Calls `begin` once: when the store's thread says its first word, which is before it is asked for what is stored, or when the function
 * that is returned is called, whichever comes first.
 */
export function onceLoaded(begin: () => void): () => void {
  let hasBegun = false
  const watch = (worker: Worker) => worker.once('message', loaded)
  const loaded = () => {
    process.off('worker', watch)
    if (hasBegun) return
    hasBegun = true
    begin()
  }
  process.on('worker', watch)
  return loaded
}
