/**
 * Addresses of hosts, and ranges of them, as numbers that can be compared: RFC 4291 section 2.2, RFC 4632 section 3.1.
 *
 * Each is a number of 128 bits, one of IPv4 as it stands within IPv6, `::ffff:192.0.2.1`: how a listener of both kinds writes it.
 */

/** An address as a number. */
export type AddressNumber = bigint

/** Every address that begins with the same bits. */
export interface AddressRange {
  /** How many bits, of 128. */
  readonly bits: number
  /** What they are: an address without its other bits. */
  readonly start: bigint
}

const addressBits = 128
const ipv4Bits = 32
const ipv4Within = 0xffffn << BigInt(ipv4Bits)
const groupsOfAll = 8

/** Null if it is none. What stands behind `%` is no part of it and may not be there. */
export function parseAddress(text: string): AddressNumber | null {
  const ipv4 = parseIpv4(text)
  return ipv4 === null ? parseIpv6(text) : ipv4Within | ipv4
}

/** `10.0.0.0/8`, `2001:db8::/32`; null if it is none. Bits behind the prefix count for nothing. */
export function parseRange(text: string): AddressRange | null {
  const [, address = '', digits = ''] = /^([^/]*)\/(\d{1,3})$/.exec(text) ?? []
  const number = parseAddress(address)
  if (number === null) return null
  const isIpv6 = address.includes(':')
  const prefix = Number(digits)
  if (prefix > (isIpv6 ? addressBits : ipv4Bits)) return null
  const bits = isIpv6 ? prefix : addressBits - ipv4Bits + prefix
  return { bits, start: startOf(number, bits) }
}

/** What an address begins with. */
export function startOf(address: AddressNumber, bits: number): bigint {
  return address >> BigInt(addressBits - bits)
}

/** The address in `127.0.0.1:50312` or `[fe80::1%eth0]:50312`; null where there is none, as behind a socket of the file system. */
export function remoteAddressNumber(remoteAddress: string): AddressNumber | null {
  if (!remoteAddress.startsWith('[')) return parseAddress(remoteAddress.replace(/:\d+$/, ''))
  const [address = ''] = remoteAddress.slice(1, remoteAddress.lastIndexOf(']')).split('%')
  return parseAddress(address)
}

function parseIpv4(text: string): bigint | null {
  const parts = text.split('.')
  if (parts.length !== 4) return null
  let number = 0
  for (const part of parts) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return null
    number = number * 256 + Number(part)
  }
  return BigInt(number)
}

function parseIpv6(text: string): bigint | null {
  const halves = text.split('::')
  if (halves.length > 2) return null
  const [head = [], tail = []] = halves.map((half, index) => groupsOf(half, index === halves.length - 1))
  if (head === null || tail === null) return null
  const missing = groupsOfAll - head.length - tail.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null
  let number = 0n
  for (const group of [...head, ...Array<number>(missing).fill(0), ...tail]) number = (number << 16n) | BigInt(group)
  return number
}

/** Sixteen bits each; an address of IPv4 may stand for the last two of all. Null if they are none. */
function groupsOf(text: string, isLast: boolean): number[] | null {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    const ipv4 = isLast && index === parts.length - 1 ? parseIpv4(part) : null
    if (ipv4 !== null) groups.push(Number(ipv4 >> 16n), Number(ipv4 & 0xffffn))
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16))
    else return null
  }
  return groups
}
