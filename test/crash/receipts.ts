/**
 * What one persistent subscriber has received, stream by stream, and whether that is as it must be.
 */
import { type Ledger, streamName } from './ledger.ts'

export class Receipts {
  readonly #name: string
  readonly #ledger: Ledger
  readonly #shared: SharedReceipts | null
  /** Granted QoS; 0 while not subscribed. */
  readonly #qos: Uint8Array
  /** Highest number received. */
  readonly #highest: Float64Array
  /** Number received last, and the Network Connection it came on. */
  readonly #last: Float64Array
  readonly #lastEpoch: Uint32Array
  /** Up to this number a gap is no fault: the Subscription may have begun behind it. */
  readonly #gapsThrough: Float64Array
  /** Numbers up to here belong to a Session that has ended. */
  readonly #endedThrough: Float64Array
  /** From this number on nothing may come: the Subscription had ended when it was sent. */
  readonly #closedFrom: Float64Array

  constructor(name: string, ledger: Ledger, shared: SharedReceipts | null) {
    const { streamCount } = ledger
    this.#name = name
    this.#ledger = ledger
    this.#shared = shared
    this.#qos = new Uint8Array(streamCount)
    this.#highest = new Float64Array(streamCount)
    this.#last = new Float64Array(streamCount)
    this.#lastEpoch = new Uint32Array(streamCount)
    this.#gapsThrough = new Float64Array(streamCount).fill(Number.POSITIVE_INFINITY)
    this.#endedThrough = new Float64Array(streamCount)
    this.#closedFrom = new Float64Array(streamCount).fill(Number.POSITIVE_INFINITY)
  }

  /** A SUBSCRIBE is on its way. */
  subscribing(streams: readonly number[]): void {
    for (const stream of streams) this.#closedFrom[stream] = Number.POSITIVE_INFINITY
  }

  /** SUBACK: what is sent from now on must come. */
  subscribed(streams: readonly number[], qos: number): void {
    for (const stream of streams) {
      if ((this.#qos[stream] ?? 0) > 0) continue
      this.#qos[stream] = qos
      this.#gapsThrough[stream] = this.#ledger.next[stream] ?? 0
    }
  }

  unsubscribing(streams: readonly number[]): void {
    for (const stream of streams) {
      this.#qos[stream] = 0
      this.#gapsThrough[stream] = Number.POSITIVE_INFINITY
    }
  }

  /** UNSUBACK: nothing that is sent from now on may come. */
  unsubscribed(streams: readonly number[]): void {
    for (const stream of streams) this.#closedFrom[stream] = this.#ledger.next[stream] ?? 0
  }

  /** CONNECT with Clean Start 1 is on its way: nothing acknowledged so far may come once it is answered. */
  willStartAfresh(): void {
    this.#endedThrough.set(this.#ledger.acknowledged)
  }

  startedAfresh(): void {
    this.#qos.fill(0)
    this.#highest.fill(0)
    this.#last.fill(0)
    this.#gapsThrough.fill(Number.POSITIVE_INFINITY)
    this.#closedFrom.fill(Number.POSITIVE_INFINITY)
  }

  take(stream: number, sequence: number, qos: number, epoch: number): void {
    const highest = this.#highest[stream] ?? 0
    const last = this.#last[stream] ?? 0
    const isNewEpoch = this.#lastEpoch[stream] !== epoch
    this.#last[stream] = sequence
    this.#lastEpoch[stream] = epoch
    if (sequence <= (this.#endedThrough[stream] ?? 0)) this.#fail(stream, `${sequence} is of a Session that has ended`)
    if (sequence >= (this.#closedFrom[stream] ?? 0))
      this.#fail(stream, `${sequence} was sent when there was no Subscription`)
    if (sequence >= (this.#ledger.next[stream] ?? 0)) this.#fail(stream, `${sequence} was never sent`)
    const isRepeated = sequence <= highest
    if (!isRepeated) {
      this.#highest[stream] = sequence
      this.#ledger.statistics.delivered += 1
    } else this.#ledger.statistics.redelivered += 1
    const mayRepeat = isNewEpoch || this.#ledger.wasResent(stream, sequence)
    if (this.#shared !== null) {
      this.#shared.take(stream, sequence, qos, this.#name)
      if (qos === 2 ? isRepeated : sequence <= last && !mayRepeat) this.#fail(stream, `${sequence} came behind ${last}`)
      return
    }
    if (!isRepeated) {
      if (sequence > highest + 1 && sequence > (this.#gapsThrough[stream] ?? 0)) {
        this.#fail(stream, `${sequence} came behind ${highest}: ${sequence - highest - 1} are lost or late`)
      }
      return
    }
    if (qos === 2) this.#fail(stream, `${sequence} came twice at QoS 2; ${highest} had been reached`)
    // There may be gaps: what all had acknowledged before it was written does not come again.
    else if (sequence <= last && !mayRepeat) this.#fail(stream, `${sequence} came again behind ${last} without a cause`)
  }

  #fail(stream: number, text: string): void {
    this.#ledger.fail(`${this.#name}: ${streamName(stream)}: ${text}`)
  }

  /** Messages that are acknowledged and have not come. */
  get missing(): number {
    if (this.#shared !== null) return 0
    let missing = 0
    for (let stream = 0; stream < this.#qos.length; stream++) missing += this.#missingOf(stream)
    return missing
  }

  #missingOf(stream: number): number {
    if ((this.#qos[stream] ?? 0) === 0) return 0
    const acknowledged = this.#ledger.acknowledged[stream] ?? 0
    const from = Math.max(this.#highest[stream] ?? 0, (this.#gapsThrough[stream] ?? 0) - 1)
    return Math.max(0, acknowledged - from)
  }

  reportMissing(): void {
    for (let stream = 0; stream < this.#qos.length; stream++) {
      const missing = this.#shared === null ? this.#missingOf(stream) : 0
      if (missing === 0) continue
      const last = this.#ledger.acknowledged[stream] ?? 0
      this.#fail(stream, `acknowledged and lost: ${last - missing + 1} to ${last}`)
    }
  }
}

/** What the members of one shared group have received together. */
export class SharedReceipts {
  readonly #ledger: Ledger
  /** All up to here have come to a member. */
  readonly #through: Float64Array
  readonly #beyond: Set<number>[]

  constructor(ledger: Ledger) {
    this.#ledger = ledger
    this.#through = new Float64Array(ledger.streamCount)
    this.#beyond = Array.from({ length: ledger.streamCount }, () => new Set())
  }

  take(stream: number, sequence: number, qos: number, member: string): void {
    const beyond = this.#beyond[stream]
    let through = this.#through[stream] ?? 0
    if (beyond === undefined) return
    if (sequence <= through || beyond.has(sequence)) {
      if (qos === 2) this.#ledger.fail(`${member}: ${streamName(stream)}: ${sequence} came twice to the group at QoS 2`)
      return
    }
    beyond.add(sequence)
    while (beyond.delete(through + 1)) through += 1
    this.#through[stream] = through
  }

  missing(): string[] {
    const missing: string[] = []
    for (const [stream, beyond] of this.#beyond.entries()) {
      const through = this.#through[stream] ?? 0
      const lost = (this.#ledger.acknowledged[stream] ?? 0) - through - beyond.size
      if (lost > 0)
        missing.push(`group: ${streamName(stream)}: ${lost} acknowledged and lost, the first is ${through + 1}`)
    }
    return missing
  }
}
