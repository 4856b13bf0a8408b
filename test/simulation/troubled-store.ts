/**
 * A store that answers late, refuses, or fails when it is told to: one that answers at once hides mistakes of order.
 */
import type { CoreRecord } from '../../src/core/record.ts'
import { type LogPort, type Seq, type StoredRecord, StoreRefusedError } from '../../src/store/log-port.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'

export class TroubledStore implements LogPort {
  readonly #memory = new MemoryStore()
  readonly #held: (() => void)[] = []
  mode: 'prompt' | 'held' | 'refusing' | 'failing' = 'prompt'
  /** Milliseconds each append takes; asked for every one. */
  delayMs: () => number = () => 0
  readonly written: CoreRecord[] = []

  async append(shard: number, batch: readonly CoreRecord[]): Promise<{ first: Seq }> {
    if (this.mode === 'refusing') throw new StoreRefusedError('no room, says the test')
    if (this.mode === 'failing') throw new Error('the disk is broken, says the test')
    if (this.mode === 'held') await new Promise<void>((resolve) => this.#held.push(resolve))
    const delayMs = this.delayMs()
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs))
    this.written.push(...batch)
    return this.#memory.append(shard, batch)
  }

  /** Nothing becomes durable until `release`, or until the answer is disposed of: a test that fails must not keep the broker waiting. */
  hold(): Disposable {
    this.mode = 'held'
    return { [Symbol.dispose]: () => this.release() }
  }

  /** The batch that has been held for longest becomes durable, and only that. */
  releaseOne(): void {
    this.#held.shift()?.()
  }

  /** Everything held becomes durable, and what comes later at once. */
  release(): void {
    this.mode = 'prompt'
    for (const resolve of this.#held.splice(0)) resolve()
  }

  read(shard: number, from: Seq): AsyncIterable<StoredRecord> {
    return this.#memory.read(shard, from)
  }

  head(shard: number): Promise<Seq> {
    return this.#memory.head(shard)
  }

  trim(shard: number, before: Seq, keep: readonly Seq[]): Promise<void> {
    return this.#memory.trim(shard, before, keep)
  }
}
