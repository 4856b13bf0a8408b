/**
 * The addresses that proxies come from: whoever connects from elsewhere could say it is anybody.
 */
import { BlockList, isIPv4, isIPv6 } from 'node:net'

export class ProxySources {
  readonly #ranges = new BlockList()

  /** Each is an address, or a range: `192.0.2.1`, `10.0.0.0/8`, `2001:db8::/32`. */
  constructor(ranges: readonly string[]) {
    for (const range of ranges) {
      const { address, prefix, family } = readRange(range) ?? {}
      if (address !== undefined && prefix !== undefined) this.#ranges.addSubnet(address, prefix, family)
    }
  }

  /** An IPv4 address within IPv6 is looked up as what it is. */
  include(address: string): boolean {
    return this.#ranges.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
  }
}

/** Null if it is none. */
export function readRange(text: string): { address: string; prefix: number; family: 'ipv4' | 'ipv6' } | null {
  const [, address = '', digits] = /^([^/%]*)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const family = isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : null
  if (family === null) return null
  const longest = family === 'ipv4' ? 32 : 128
  const prefix = digits === undefined ? longest : Number(digits)
  return prefix <= longest ? { address, prefix, family } : null
}
