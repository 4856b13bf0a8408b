/**
 * The Topic Names messages came in on lately, each with how many and how often. @hot
 *
 * Bounded: for a new one an old one is forgotten, of which no message came in since it was last looked at for that; how many
 * were is counted. Topic Names that begin with `$` are not here.
 */

/** The rate is that of the last ten to twenty seconds. */
const windowMs = 10_000

export class TopicSeen {
  /** It is in the table: not before its first message, and not once it is forgotten. */
  isListed = false
  /** Since it was listed. */
  messages = 0
  lastMs = 0
  /** A message came in since somebody looked whether to forget it. */
  isRecent = false
  /** Windows since 1970 until the one it is counted in. Not when that began: V8 keeps such a large number outside of the object. */
  #window = 0
  #inWindow = 0
  #inWindowBefore = 0
  firstMs = 0
  readonly topicName: string
  /** It is found by its name. */
  isKnown = false
  /** Where it stands in the ring, or stood. */
  place = -1

  constructor(topicName: string) {
    this.topicName = topicName
  }

  begin(nowMs: number): void {
    this.isListed = true
    this.messages = 0
    this.firstMs = nowMs
    this.#window = Math.floor(nowMs / windowMs)
    this.#inWindow = 0
    this.#inWindowBefore = 0
  }

  count(nowMs: number): void {
    this.messages += 1
    this.lastMs = nowMs
    this.isRecent = true
    const window = Math.floor(nowMs / windowMs)
    if (window !== this.#window) this.#roll(window)
    this.#inWindow += 1
  }

  #roll(window: number): void {
    this.#inWindowBefore = window === this.#window + 1 ? this.#inWindow : 0
    this.#inWindow = 0
    this.#window = window
  }

  /** Messages per second of late. */
  ratePerSecond(nowMs: number): number {
    let intoMs = Math.max(0, nowMs - this.#window * windowMs)
    let now = this.#inWindow
    let before = this.#inWindowBefore
    if (intoMs >= windowMs) {
      before = intoMs < 2 * windowMs ? now : 0
      now = 0
      intoMs = intoMs < 2 * windowMs ? intoMs - windowMs : 0
    }
    // One that is new has not had a whole window.
    const spanMs = Math.min(windowMs, Math.max(1000, nowMs - this.firstMs))
    return ((now + (before * (windowMs - intoMs)) / windowMs) * 1000) / spanMs
  }
}

/**
 * For each Topic Name in the table so many are known by name, and so many in any case, of some 200 bytes each: one that comes back costs a look
 * at the ring, not at a Map.
 */
const knownFactor = 4
const knownByDefault = 100_000
/** Names that are looked at for each new one, while too many are known. */
const sweptPerName = 4

export class TopicsSeen {
  /** By name: all in the table, and some that were. */
  readonly #known = new Map<string, TopicSeen>()
  /** The table, in the order in which they are looked at to find one to forget: the next is at `#hand`. */
  readonly #ring: TopicSeen[] = []
  #hand = 0
  #sweep: Iterator<TopicSeen, undefined> | null = null
  readonly #max: number
  readonly #knownMax: number
  /** Topic Names that made room for others. */
  forgotten = 0

  constructor(max: number, knownMin = knownByDefault) {
    this.#max = max
    this.#knownMax = Math.max(knownFactor * max, knownMin)
  }

  get size(): number {
    return this.#ring.length
  }

  get max(): number {
    return this.#max
  }

  /** Topic Names that take memory. */
  get known(): number {
    return this.#known.size
  }

  /** What messages of this Topic Name are counted with; null if they are not. */
  find(topicName: string): TopicSeen | null {
    if (this.#max === 0 || topicName.charCodeAt(0) === 0x24) return null
    return this.#known.get(topicName) ?? new TopicSeen(topicName)
  }

  count(seen: TopicSeen, nowMs: number): void {
    if (!seen.isListed) this.#list(seen, nowMs)
    seen.count(nowMs)
  }

  [Symbol.iterator](): Iterator<TopicSeen> {
    return this.#ring.values()
  }

  #list(seen: TopicSeen, nowMs: number): void {
    const other = seen.isKnown ? undefined : this.#remember(seen)
    if (other?.isListed === true) {
      // It was begun by a Route that is no more.
      other.isListed = false
      seen.place = other.place
    } else if (this.#ring.length < this.#max) seen.place = this.#ring.length
    else seen.place = this.#placeOfOneToForget()
    this.#ring[seen.place] = seen
    seen.begin(nowMs)
  }

  /** Returns another one that was known for the same Topic Name. */
  #remember(seen: TopicSeen): TopicSeen | undefined {
    if (this.#known.size >= this.#knownMax) this.#forgetSome()
    const other = this.#known.get(seen.topicName)
    if (other !== undefined) other.isKnown = false
    seen.isKnown = true
    this.#known.set(seen.topicName, seen)
    return other
  }

  /** A few steps around the Map: more than half of them find one that is not in the table. */
  #forgetSome(): void {
    for (let step = 0; step < sweptPerName; step += 1) {
      this.#sweep ??= this.#known.values()
      const { value: seen } = this.#sweep.next()
      if (seen === undefined) this.#sweep = null
      else if (!seen.isListed) {
        seen.isKnown = false
        this.#known.delete(seen.topicName)
      }
    }
  }

  /** Those that were published to since the last time get another turn. */
  #placeOfOneToForget(): number {
    for (;;) {
      const place = this.#hand
      const seen = this.#ring[place]
      this.#hand = place + 1 === this.#ring.length ? 0 : place + 1
      if (seen === undefined) continue
      if (seen.isRecent) {
        seen.isRecent = false
        continue
      }
      seen.isListed = false
      this.forgotten += 1
      return place
    }
  }
}
