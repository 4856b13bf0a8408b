/**
 * The Topic Names messages came in on lately, each with how many and how often. @hot
 *
 * Bounded: for a new one an old one is forgotten, of which no message came in since it was last looked at for that; how many
 * were is counted. Topic Names that begin with `$` are not here.
 */

/** The rate is that of the last ten to twenty seconds. */
const windowMs = 10_000

export class TopicSeen {
  readonly topicName: string
  /** It is in the table: not before its first message, and not once it is forgotten. */
  isListed = false
  /** Since it was listed. */
  messages = 0
  firstMs = 0
  lastMs = 0
  /** A message came in since somebody looked whether to forget it. */
  isRecent = false
  /** Where it stands in the ring, kept by that; -1 if it does not. */
  place = -1
  #windowStartMs = 0
  #inWindow = 0
  #inWindowBefore = 0

  constructor(topicName: string) {
    this.topicName = topicName
  }

  begin(nowMs: number): void {
    this.isListed = true
    this.messages = 0
    this.firstMs = nowMs
    this.#windowStartMs = nowMs
    this.#inWindow = 0
    this.#inWindowBefore = 0
  }

  count(nowMs: number): void {
    this.messages += 1
    this.lastMs = nowMs
    this.isRecent = true
    if (nowMs - this.#windowStartMs >= windowMs) this.#roll(nowMs)
    this.#inWindow += 1
  }

  #roll(nowMs: number): void {
    const windows = Math.floor((nowMs - this.#windowStartMs) / windowMs)
    this.#inWindowBefore = windows === 1 ? this.#inWindow : 0
    this.#inWindow = 0
    this.#windowStartMs += windows * windowMs
  }

  /** Messages per second of late. */
  ratePerSecond(nowMs: number): number {
    let intoMs = Math.max(0, nowMs - this.#windowStartMs)
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

export class TopicsSeen {
  readonly #topics = new Map<string, TopicSeen>()
  /** The same in the order in which they are looked at to find one to forget: the next is at `#hand`. */
  readonly #ring: TopicSeen[] = []
  #hand = 0
  readonly #max: number
  /** Topic Names that made room for others. */
  forgotten = 0

  constructor(max: number) {
    this.#max = max
  }

  get size(): number {
    return this.#topics.size
  }

  get max(): number {
    return this.#max
  }

  /** What messages of this Topic Name are counted with; null if they are not. */
  find(topicName: string): TopicSeen | null {
    if (this.#max === 0 || topicName.charCodeAt(0) === 0x24) return null
    return this.#topics.get(topicName) ?? new TopicSeen(topicName)
  }

  count(seen: TopicSeen, nowMs: number): void {
    if (!seen.isListed) this.#list(seen, nowMs)
    seen.count(nowMs)
  }

  [Symbol.iterator](): Iterator<TopicSeen> {
    return this.#topics.values()
  }

  #list(seen: TopicSeen, nowMs: number): void {
    // Another was begun for this Topic Name by a Route that is no more.
    const known = this.#topics.get(seen.topicName)
    if (known !== undefined) this.#put(seen, known.place)
    else if (this.#topics.size < this.#max) this.#put(seen, this.#ring.length)
    else this.#put(seen, this.#placeOfOneToForget())
    this.#topics.set(seen.topicName, seen)
    seen.begin(nowMs)
  }

  #put(seen: TopicSeen, place: number): void {
    const former = this.#ring[place]
    if (former !== undefined) former.isListed = false
    this.#ring[place] = seen
    seen.place = place
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
      this.#topics.delete(seen.topicName)
      this.forgotten += 1
      return place
    }
  }
}
