/**
 * A store that answers late, refuses, or fails when it is told to: one that answers at once hides mistakes of order.
 */
import type { CoreRecord } from '../../src/core/record.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { StoreRefusedError } from '../../src/store/store.ts'

export class TroubledStore extends MemoryStore {
  readonly #held: (() => void)[] = []
  mode: 'prompt' | 'held' | 'refusing' | 'failing' = 'prompt'
  /** Milliseconds each append takes; asked for every one. */
  delayMs: () => number = () => 0
  readonly written: CoreRecord[] = []

  constructor() {
    super(true)
  }

  override async append(
    shard: number,
    first: number,
    batch: readonly (CoreRecord | null)[],
  ): Promise<{ bytes: number }> {
    if (this.mode === 'refusing') throw new StoreRefusedError('no room, says the test')
    if (this.mode === 'failing') throw new Error('the disk is broken, says the test')
    if (this.mode === 'held') await new Promise<void>((resolve) => this.#held.push(resolve))
    const delayMs = this.delayMs()
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs))
    this.written.push(...batch.filter((record) => record !== null))
    return super.append(shard, first, batch)
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
}
