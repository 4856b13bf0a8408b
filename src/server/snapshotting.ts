/**
 * Keeps the log short: when it has grown by so much, the snapshots of what has changed are renewed, a slice at a time, and
 * the records that nobody needs any more are trimmed.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { BrokerCore } from '../core/broker.ts'
import { type RoundEnd, SnapshotRound } from '../core/rest/snapshot-round.ts'
import { type Store, StoreRefusedError, shard } from '../store/store.ts'

/** Snapshots taken in one go: what one turn of the event loop is held up for. */
const sliceSize = 250
/** Between two rounds while there is no room, and before what the store refused is tried again. */
const pauseMs = 200

export class Snapshotting {
  readonly #core: BrokerCore
  readonly #store: Store
  readonly #durable: () => Promise<void>
  readonly #failed: (error: Error) => void
  readonly #everyBytes: number
  #bytes = 0
  #round: Promise<void> | null = null
  #pause: NodeJS.Timeout | undefined
  #isHurried = false
  #isFinishing = false

  /** `durable` resolves when every record written down so far is durable. */
  constructor(
    core: BrokerCore,
    store: Store,
    everyBytes: number,
    durable: () => Promise<void>,
    failed: (error: Error) => void,
  ) {
    this.#core = core
    this.#store = store
    this.#everyBytes = everyBytes
    this.#durable = durable
    this.#failed = failed
  }

  /** The log has grown by so many bytes. */
  grew(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes >= (this.#isHurried ? 1 : this.#everyBytes)) this.#begin()
  }

  /** Room is wanted: whatever clients have acknowledged is trimmed soon. */
  hurry(isHurried: boolean): void {
    this.#isHurried = isHurried
    this.grew(0)
  }

  #begin(): void {
    if (this.#round !== null || this.#isFinishing) return
    this.#bytes = 0
    this.#round = this.#work().finally(() => {
      this.#round = null
      clearTimeout(this.#pause)
      if (this.#isHurried) this.#pause = setTimeout(() => this.grew(0), pauseMs).unref()
    })
    this.#round.catch((error: unknown) => {
      if (!(error instanceof StoreRefusedError)) this.#failed(error instanceof Error ? error : new Error(String(error)))
    })
  }

  /** A last round, when nothing changes any more. On a full disk the log stays longer than it need be. */
  async finish(): Promise<void> {
    this.#isFinishing = true
    clearTimeout(this.#pause)
    try {
      await this.#round
      await this.#work()
    } catch (error) {
      if (!(error instanceof StoreRefusedError)) throw error
    }
  }

  async #work(): Promise<void> {
    const { state } = this.#core
    const round = new SnapshotRound(state)
    for (let slice = round.next(sliceSize); slice !== null; slice = round.next(sliceSize)) {
      const { at, snapshots } = slice
      await this.#durable()
      await this.#untilTaken(() => this.#store.put(shard, at, snapshots))
    }
    const { covered, keep } = await this.#end(round)
    await this.#durable()
    await this.#untilTaken(() => this.#store.put(shard, round.at, [covered]))
    await this.#untilTaken(() => this.#store.trim(shard, round.at + 1, keep))
  }

  async #end(round: SnapshotRound): Promise<RoundEnd> {
    const steps = round.endInSteps()
    for (;;) {
      const { done, value } = steps.next()
      if (done === true) return value
      await nextTurn()
    }
  }

  /**
   * What the store refuses is tried again: a round left halfway would have forgotten what has changed. Only the last
   * round may be.
   */
  async #untilTaken(work: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        await work()
        return
      } catch (error) {
        if (!(error instanceof StoreRefusedError) || this.#isFinishing) throw error
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
    }
  }
}
