/**
 * How often somebody may try a password or a key: a few times at once from one address, then seldom; and all addresses together no
 * more than the machine can check without harm. Only what fails counts, and those who fail elsewhere keep nobody out who is on this machine.
 */
import { addressOf } from '../../core/connection/headcount.ts'
import { formatHostPort } from '../../transport/listen-url.ts'
import { isHostOfThisMachine } from '../../transport/this-machine.ts'
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
    const own = this.#byAddress.get(networkOf(address))
    const isOwn = own !== undefined && own.endsAtMs > nowMs && own.failures >= perAddressMax
    const isTooMany = this.#all.endsAtMs > nowMs && this.#all.failures >= inAllMax
    const isAll = isTooMany && !isHostOfThisMachine(address.replace(/^::ffff:/, ''))
    if (!isOwn && !isAll) return
    const endsAtMs = isOwn ? own.endsAtMs : this.#all.endsAtMs
    const seconds = Math.ceil((endsAtMs - nowMs) / 1000)
    const found = `${isOwn ? perAddressMax : inAllMax} failures within a minute`
    throw problem('too-many', 'the login', found, 'fewer', `wait ${seconds} seconds`, {
      'retry-after': String(seconds),
    })
  }

  failed(address: string, nowMs: number): void {
    const network = networkOf(address)
    // Whoever has so many addresses is not held up by a list of them.
    if (!this.#byAddress.has(network) && this.#byAddress.size >= addressesMax) this.#byAddress.clear()
    const own = this.#byAddress.get(network) ?? { failures: 0, endsAtMs: 0 }
    this.#byAddress.set(network, own)
    for (const count of [own, this.#all]) {
      if (count.endsAtMs <= nowMs) {
        count.failures = 0
        count.endsAtMs = nowMs + windowMs
      }
      count.failures += 1
    }
  }

  /** What was counted as a failure before it was known is none. */
  succeeded(address: string): void {
    this.#byAddress.delete(networkOf(address))
    this.#all.failures = Math.max(0, this.#all.failures - 1)
  }
}

/** Of IPv6 the network: one host has as many addresses in it as it likes. */
function networkOf(address: string): string {
  return addressOf(formatHostPort(address, 0))
}
