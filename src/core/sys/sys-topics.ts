/**
 * The values below `$SYS`: kept up to date while somebody subscribes to them, published at intervals if they have changed, and
 * there at once, like Retained Messages, for a new Subscription. They are no Retained Messages: nothing of them is stored,
 * recorded or counted against a limit.
 *
 * The load averages go on while nobody looks, but a broker that has nothing to do is not woken for them: nothing for any length
 * of time is worked out in one step, when there is something again.
 */
import { publish } from '../../protocol/packets/publish.ts'
import { Message } from '../message.ts'
import { RetainedMessage } from '../routing/retained-message.ts'
import { admitMessage, fromBroker } from '../routing/router.ts'
import { TopicNameTree } from '../routing/topic-name-tree.ts'
import type { CoreState } from '../state.ts'
import type { Turn } from '../turn.ts'
import { LoadAverage } from './load-average.ts'
import { type About, loads, sysValues } from './sys-values.ts'

const prefix = '$SYS/broker/'

export class SysTopics {
  #intervalMs: number
  readonly #about: About
  readonly #values = new TopicNameTree<RetainedMessage>()
  /** Those that have changed since they were published. */
  readonly #unpublished = new Set<RetainedMessage>()
  readonly #averages = loads.map(() => new LoadAverage())
  #startedMs = Number.NaN
  /** When the averages were last brought up to date. */
  #averagedMs = 0
  #dueMs = Number.POSITIVE_INFINITY
  #activity = 0
  #heapBytesMax = 0

  /** `intervalSeconds` is 0 for none of it. */
  constructor(intervalSeconds: number, about: About) {
    this.#intervalMs = intervalSeconds * 1000
    this.#about = about
  }

  /** Begins an interval of another length; 0 for none of it. */
  set intervalSeconds(seconds: number) {
    if (seconds * 1000 === this.#intervalMs) return
    this.#intervalMs = seconds * 1000
    this.#dueMs = Number.POSITIVE_INFINITY
  }

  /** The broker begins its work. */
  start(nowMs: number): void {
    this.#startedMs = nowMs
    this.#averagedMs = nowMs
  }

  /** When `tick` is to be called; Infinity while there is nothing to do. Begins an interval if there is again. */
  dueMs(core: CoreState, nowMs: number): number {
    if (this.#dueMs !== Number.POSITIVE_INFINITY || this.#intervalMs === 0) return this.#dueMs
    const isWatched = core.subscriptions.watchers.sys > 0
    if (!isWatched && core.traffic.activity === this.#activity) return this.#dueMs
    if (Number.isNaN(this.#startedMs)) this.start(nowMs)
    for (const average of this.#averages) average.rest(nowMs - this.#averagedMs)
    this.#averagedMs = nowMs
    this.#dueMs = nowMs + this.#intervalMs
    return this.#dueMs
  }

  /** If an interval is over: brings the averages up to date, and publishes what has changed if somebody subscribes to it. */
  tick(core: CoreState, nowMs: number, turn: Turn): void {
    if (nowMs < this.#dueMs) return
    for (const [index, [, total]] of loads.entries()) {
      this.#averages[index]?.update(total(core), nowMs - this.#averagedMs)
    }
    this.#averagedMs = nowMs
    const isIdle = core.traffic.activity === this.#activity
    this.#activity = core.traffic.activity
    const isWatched = core.subscriptions.watchers.sys > 0
    this.#dueMs = isIdle && !isWatched ? Number.POSITIVE_INFINITY : nowMs + this.#intervalMs
    if (!isWatched) return
    this.#refresh(core, nowMs)
    const changed = [...this.#unpublished]
    this.#unpublished.clear()
    for (const value of changed) admitMessage(core, value.toMessage().publish, fromBroker, nowMs, turn)
  }

  /** The values of this moment that match the Topic Filter of a new Subscription, to be walked in slices. */
  matcher(filter: string, core: CoreState, nowMs: number): { next(max: number, found: RetainedMessage[]): boolean } {
    if (this.#intervalMs > 0) this.#refresh(core, nowMs)
    // Nobody else is told of them.
    if (core.subscriptions.watchers.sys === 1) this.#unpublished.clear()
    return this.#values.matcher(filter)
  }

  #refresh(core: CoreState, nowMs: number): void {
    if (Number.isNaN(this.#startedMs)) this.start(nowMs)
    const heapBytes = this.#about.heapBytes()
    this.#heapBytesMax = Math.max(this.#heapBytesMax, heapBytes)
    const heap = { current: heapBytes, maximum: this.#heapBytesMax }
    const tell = (name: string, value: string): void => this.#set(prefix + name, value, nowMs)
    sysValues(core, this.#about.version, nowMs - this.#startedMs, heap, this.#averages, tell)
  }

  #set(topicName: string, value: string, nowMs: number): void {
    const before = this.#values.get(topicName)
    const payload = Buffer.from(value)
    if (before !== undefined && payload.equals(before.toMessage().publish.payload)) return
    if (before !== undefined) this.#unpublished.delete(before)
    const changed = new RetainedMessage(new Message(0, publish({ topicName, payload }), nowMs))
    this.#values.set(changed)
    this.#unpublished.add(changed)
  }
}
