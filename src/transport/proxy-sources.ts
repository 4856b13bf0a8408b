/**
 * The addresses that proxies come from: whoever connects from elsewhere could say it is anybody.
 */
import { BlockList, isIPv4, isIPv6 } from 'node:net'
import { withoutMapping } from './proxy-header.ts'

export class ProxySources {
  readonly #ranges = new BlockList()

  /** Each is an address, or a range: `192.0.2.1`, `10.0.0.0/8`, `2001:db8::/32`. */
  constructor(ranges: readonly string[]) {
    for (const range of ranges) {
      const { address, prefix, family } = readRange(range) ?? {}
      if (address !== undefined && prefix !== undefined) this.#ranges.addSubnet(address, prefix, family)
    }
  }

  include(address: string): boolean {
    const plain = withoutMapping(address)
    return this.#ranges.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6')
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
