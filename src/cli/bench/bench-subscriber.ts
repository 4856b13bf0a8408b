/**
 * One subscriber of `pabal bench`: counts what it gets, how long it took, what is missing, came twice or too late.
 */
import type { Publish } from '../../protocol/packets/publish.ts'
import type { BenchPublisher } from './bench-publisher.ts'
import type { Latencies } from './latencies.ts'
import { SequenceWatch } from './sequence-watch.ts'
import { readStamp, stampNowMs } from './stamp.ts'

export class BenchSubscriber {
  readonly #latencies: Latencies
  /** Whose messages it is to get; null: whatever comes, each publisher from the first message on. */
  readonly publisher: BenchPublisher | null
  readonly #run: number
  readonly #watches = new Map<string, SequenceWatch>()
  readonly #own = new SequenceWatch()
  received = 0

  constructor(latencies: Latencies, run: number, publisher: BenchPublisher | null) {
    this.#latencies = latencies
    this.#run = run
    this.publisher = publisher
  }

  receive(packet: Publish): void {
    const stamp = readStamp(packet.payload)
    if (stamp === null) {
      if (this.publisher === null) this.received += 1
      return
    }
    if (this.publisher !== null) {
      // Of another run on the same Topic Name.
      if (stamp.run !== this.#run) return
      this.#own.saw(stamp.sequence)
      this.publisher.delivered += 1
    } else {
      const key = `${stamp.run}/${stamp.publisher}`
      let watch = this.#watches.get(key)
      if (watch === undefined) {
        watch = new SequenceWatch(stamp.sequence)
        this.#watches.set(key, watch)
      }
      watch.saw(stamp.sequence)
    }
    this.received += 1
    this.#latencies.add(stampNowMs() - stamp.sentMs)
  }

  /** Messages that were promised and have not come; those of strangers: that others have overtaken. */
  get lost(): number {
    if (this.publisher !== null) return Math.max(0, this.publisher.promised - this.#own.distinct)
    return this.#sum((watch) => watch.gaps)
  }

  get duplicates(): number {
    return this.#sum((watch) => watch.duplicates)
  }

  get outOfOrder(): number {
    return this.#sum((watch) => watch.outOfOrder)
  }

  #sum(of: (watch: SequenceWatch) => number): number {
    let sum = of(this.#own)
    for (const watch of this.#watches.values()) sum += of(watch)
    return sum
  }
}
