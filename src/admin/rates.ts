/**
 * How much goes in and out in a second: worked out here, once a second, so that every page that asks shows the same.
 */
import type { Traffic } from '../core/sys/traffic.ts'
import type { Rates as RatesAnswer } from './api-types.ts'

/** What is counted, by its name in the answers. */
const counted = [
  'publishReceived',
  'publishSent',
  'publishBytesReceived',
  'publishBytesSent',
  'bytesReceived',
  'bytesSent',
] as const

type Counts = Readonly<Pick<Traffic, (typeof counted)[number]>>

interface Sample {
  readonly atMs: number
  readonly counts: Counts
}

/** The newest and those of the minute before it. */
const samplesMax = 61

const nothing: Counts = Object.freeze({
  publishReceived: 0,
  publishSent: 0,
  publishBytesReceived: 0,
  publishBytesSent: 0,
  bytesReceived: 0,
  bytesSent: 0,
})

export class Rates {
  readonly #samples: Sample[] = []

  /** To be called once a second, with a time of a clock that nobody sets. */
  sample(traffic: Counts, atMs: number): void {
    const counts = { ...nothing }
    for (const name of counted) counts[name] = traffic[name]
    this.#samples.push({ atMs, counts })
    if (this.#samples.length > samplesMax) this.#samples.shift()
  }

  /** Of the last second and of the last minute, or what there was of it. */
  get answer(): RatesAnswer {
    const last = this.#samples.at(-1)
    const before = this.#samples.at(-2)
    const first = this.#samples[0]
    if (last === undefined || before === undefined || first === undefined) {
      return { second: nothing, minute: nothing, minuteSeconds: 0 }
    }
    const minuteSeconds = Math.round((last.atMs - first.atMs) / 100) / 10
    return { second: perSecond(before, last), minute: perSecond(first, last), minuteSeconds }
  }
}

function perSecond(from: Sample, to: Sample): Counts {
  const seconds = (to.atMs - from.atMs) / 1000
  if (seconds <= 0) return nothing
  const rates = { ...nothing }
  for (const name of counted) rates[name] = Math.round(((to.counts[name] - from.counts[name]) / seconds) * 10) / 10
  return rates
}
