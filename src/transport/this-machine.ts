/**
 * What is on this machine: addresses of connections, as channels write them, and hosts of web pages.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { BlockList, isIPv4, isIPv6 } from 'node:net'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** Whether it is 127.0.0.0/8, `::1` or `localhost`. */
export function isHostOfThisMachine(host: string): boolean {
  if (isIPv4(host)) return loopback.check(host, 'ipv4')
  if (isIPv6(host)) return loopback.check(host, 'ipv6')
  return host.toLowerCase() === 'localhost'
}

/** As channels write it: `127.0.0.1:50312`, `[::1]:50312`, `unix`. */
export function isFromThisMachine(remoteAddress: string): boolean {
  return remoteAddress === 'unix' || /^(?:127(?:\.\d+){3}|\[::1\]):\d+$/.test(remoteAddress)
}

/** Some write one of them only. */
const marksOfProxies = ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'forwarded', 'via']

/** Whether a proxy has handed this request on: who is behind it may be on any machine. No page can set one of these itself. */
export function isForwarded(headers: IncomingHttpHeaders): boolean {
  return marksOfProxies.some((name) => headers[name] !== undefined)
}

/**
 * Whether this Origin is that of a page which this machine has served, or of something installed on it: a file, an extension. A page
 * of the network cannot have another scheme than these two, or `null`.
 */
export function isOriginOfThisMachine(origin: string): boolean {
  const page = URL.parse(origin)
  if (page === null) return false
  if (page.protocol !== 'http:' && page.protocol !== 'https:') return true
  return isHostOfThisMachine(page.hostname.replace(/^\[|\]$/g, ''))
}
