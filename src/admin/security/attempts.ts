/**
 * How often somebody may try a password or a key: a few times at once from one address, then seldom; and all addresses together no
 * more than the machine can check without harm. Only what fails counts.
 */
import { problem } from '../problem.ts'

const perAddressMax = 10
const inAllMax = 60
const windowMs = 60_000
const addressesMax = 10_000

interface Count {
  failures: number
  endsAtMs: number
}

export class Attempts {
  readonly #byAddress = new Map<string, Count>()
  readonly #all: Count = { failures: 0, endsAtMs: 0 }

  /** @throws HttpProblem if there were too many failures within a minute. */
  check(address: string, nowMs: number): void {
    const own = this.#byAddress.get(address)
    const isOwn = own !== undefined && own.endsAtMs > nowMs && own.failures >= perAddressMax
    const isAll = this.#all.endsAtMs > nowMs && this.#all.failures >= inAllMax
    if (!isOwn && !isAll) return
    const endsAtMs = isOwn ? own.endsAtMs : this.#all.endsAtMs
    const seconds = Math.ceil((endsAtMs - nowMs) / 1000)
    const found = `${isOwn ? perAddressMax : inAllMax} failures within a minute`
    throw problem('too-many', 'the login', found, 'fewer', `wait ${seconds} seconds`, {
      'retry-after': String(seconds),
    })
  }

  failed(address: string, nowMs: number): void {
    if (!this.#byAddress.has(address) && this.#byAddress.size >= addressesMax) this.#byAddress.clear()
    const own = this.#byAddress.get(address) ?? { failures: 0, endsAtMs: 0 }
    this.#byAddress.set(address, own)
    for (const count of [own, this.#all]) {
      if (count.endsAtMs <= nowMs) {
        count.failures = 0
        count.endsAtMs = nowMs + windowMs
      }
      count.failures += 1
    }
  }

  succeeded(address: string): void {
    this.#byAddress.delete(address)
  }
}
