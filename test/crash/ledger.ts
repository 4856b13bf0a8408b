/**
 * The checker's own log: what was sent, acknowledged and received, and everything that ought not to have happened.
 *
 * A stream is what one publisher sends to one Topic Name at one QoS, numbered from 1 without a gap. A correct publisher
 * sends until it is acknowledged, so every stream must arrive without a gap.
 */
/** Of failures that differ in numbers only, so that one kind leaves room for the next. */
const failuresMaxOfKind = 30

export const topicCount = 12
/** Topics from here on are subscribed to and unsubscribed from all the time. */
export const firstChangingTopic = 8

export function topicName(topic: number): string {
  return topic < firstChangingTopic ? `t/${topic >> 1}/${topic % 2 === 0 ? 'a' : 'b'}` : `u/${topic}`
}

export class Ledger {
  readonly #kinds = new Map<string, number>()
  readonly streamCount: number
  /** By stream: the number the next new message will have. */
  readonly next: Float64Array
  /** By stream: all up to here are acknowledged. */
  readonly acknowledged: Float64Array
  /** By stream: numbers that a publisher had to send again. */
  readonly #resent: Set<number>[]
  readonly failures: string[] = []
  readonly wills = new Wills(this)
  readonly statistics = {
    kills: 0,
    sent: 0,
    acknowledged: 0,
    delivered: 0,
    redelivered: 0,
    connections: 0,
    wills: 0,
    retainedChecks: 0,
  }

  constructor(publisherCount: number) {
    this.streamCount = publisherCount * topicCount * 2
    this.next = new Float64Array(this.streamCount).fill(1)
    this.acknowledged = new Float64Array(this.streamCount)
    this.#resent = Array.from({ length: this.streamCount }, () => new Set())
  }

  fail(text: string): void {
    const kind = text.replace(/\d+/g, '')
    const count = (this.#kinds.get(kind) ?? 0) + 1
    this.#kinds.set(kind, count)
    if (count <= failuresMaxOfKind) this.failures.push(`after kill ${this.statistics.kills}: ${text}`)
  }

  acknowledge(stream: number, sequence: number): void {
    const before = this.acknowledged[stream] ?? 0
    if (sequence !== before + 1) this.fail(`${streamName(stream)}: ${sequence} was acknowledged before ${before + 1}`)
    this.acknowledged[stream] = Math.max(before, sequence)
    this.statistics.acknowledged += 1
  }

  resent(stream: number, sequence: number): void {
    this.#resent[stream]?.add(sequence)
  }

  wasResent(stream: number, sequence: number): boolean {
    return this.#resent[stream]?.has(sequence) === true
  }
}

export function streamOf(publisher: number, topic: number, qos: number): number {
  return (publisher * topicCount + topic) * 2 + qos - 1
}

export function topicOf(stream: number): number {
  return (stream >> 1) % topicCount
}

export function streamName(stream: number): string {
  const publisher = Math.floor(stream / (2 * topicCount))
  return `publisher ${publisher}, ${topicName(topicOf(stream))}, QoS ${(stream % 2) + 1}`
}

/** How often each will must have been seen by each watcher. */
export class Wills {
  readonly #ledger: Ledger
  readonly #watchers: string[] = []
  readonly #wills = new Map<string, { least: number; most: number; why: string; seen: Map<string, number> }>()

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  /** Somebody who gets every will exactly once. */
  addWatcher(name: string): void {
    this.#watchers.push(name)
  }

  /** From now on `most` may be seen, and in the end `least` must have been. */
  expect(will: string, least: number, most: number, why: string): void {
    const entry = this.#wills.get(will) ?? { least, most, why, seen: new Map() }
    Object.assign(entry, { least, most, why })
    this.#wills.set(will, entry)
    for (const watcher of this.#watchers) this.#checkMost(will, watcher)
  }

  saw(will: string, watcher: string): void {
    const entry = this.#wills.get(will)
    if (entry === undefined) {
      this.#ledger.fail(`${watcher}: a will that nobody set: ${will}`)
      return
    }
    this.#ledger.statistics.wills += 1
    entry.seen.set(watcher, (entry.seen.get(watcher) ?? 0) + 1)
    this.#checkMost(will, watcher)
  }

  wasSeen(will: string): boolean {
    return (this.#wills.get(will)?.seen.size ?? 0) > 0
  }

  #checkMost(will: string, watcher: string): void {
    const entry = this.#wills.get(will)
    const seen = entry?.seen.get(watcher) ?? 0
    if (entry !== undefined && seen > entry.most) {
      this.#ledger.fail(`${watcher}: will ${will} came ${seen} times, at most ${entry.most} expected (${entry.why})`)
    }
  }

  /** Wills that have not come. */
  missing(): string[] {
    const missing: string[] = []
    for (const [will, { least, why, seen }] of this.#wills) {
      for (const watcher of this.#watchers) {
        if ((seen.get(watcher) ?? 0) < least) missing.push(`${watcher}: will ${will} did not come (${why})`)
      }
    }
    return missing
  }
}
