/**
 * How often one address may fail to log in: so many at once, and so many in each second. Logins that succeed do not count, so a
 * thousand clients may come back from one address at once; and who is over the bound is not even asked for a password, so that guessing
 * costs the broker nothing.
 */
const addressesMax = 10_000

interface Bucket {
  failuresLeft: number
  atMs: number
}

export class FailedLogins {
  readonly #perSecond: () => number
  readonly #nowMs: () => number
  readonly #reached: () => void
  /** Addresses that have failed of late. */
  readonly #buckets = new Map<string, Bucket>()

  /** `reached` is called for each login that is refused. */
  constructor(perSecond: () => number, nowMs: () => number, reached: () => void = () => {}) {
    this.#perSecond = perSecond
    this.#nowMs = nowMs
    this.#reached = reached
  }

  /** Why nobody at this address may try at the moment, in words; null if they may. */
  fault(remoteAddress: string): string | null {
    if (!this.areTooMany(remoteAddress)) return null
    this.#reached()
    const most = this.#perSecond()
    return `more than ${most} logins a second from this address have failed; wait a moment (limits.failedLoginsPerSecondMax)`
  }

  /** Whether nobody at this address may try at the moment. `remoteAddress`: with its port, as channels write it. */
  areTooMany(remoteAddress: string): boolean {
    const address = withoutPort(remoteAddress)
    const bucket = this.#buckets.get(address)
    if (bucket === undefined) return false
    this.#refill(bucket)
    if (bucket.failuresLeft >= this.#perSecond()) this.#buckets.delete(address)
    return bucket.failuresLeft < 1
  }

  note(remoteAddress: string): void {
    const address = withoutPort(remoteAddress)
    let bucket = this.#buckets.get(address)
    if (bucket === undefined) {
      // Whoever has so many addresses is not held up by a list of them.
      if (this.#buckets.size >= addressesMax) this.#buckets.clear()
      bucket = { failuresLeft: this.#perSecond(), atMs: this.#nowMs() }
      this.#buckets.set(address, bucket)
    }
    this.#refill(bucket)
    bucket.failuresLeft -= 1
  }

  #refill(bucket: Bucket): void {
    const perSecond = this.#perSecond()
    const nowMs = this.#nowMs()
    const gained = (Math.max(0, nowMs - bucket.atMs) * perSecond) / 1000
    bucket.failuresLeft = Math.min(perSecond, bucket.failuresLeft + gained)
    bucket.atMs = nowMs
  }
}

/** Of an IPv6 address the network: a host has as many addresses in it as it likes. */
function withoutPort(remoteAddress: string): string {
  const [, v6] = /^\[([^\]%]+)(?:%[^\]]*)?\]:\d+$/.exec(remoteAddress) ?? []
  if (v6 === undefined) return remoteAddress.replace(/:\d+$/, '')
  // How a listener of both kinds writes an address of IPv4.
  if (v6.startsWith('::ffff:')) return v6.slice('::ffff:'.length)
  // Zeros may be left out once, in any place.
  const [before = [], behind = []] = v6.split('::').map((part) => (part === '' ? [] : part.split(':')))
  const zeros = Array.from({ length: 8 - before.length - behind.length }, () => '0')
  return [...before, ...zeros, ...behind].slice(0, 4).join(':')
}
