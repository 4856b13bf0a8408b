/**
 * Reads the header that a proxy sends before anything else: PROXY protocol, versions 1 and 2.
 *
 * From bytes alone, and never more than the header's own: what follows is the client's. What cannot become a header is refused at the
 * first byte that is wrong; what is no longer than it may be is waited for.
 */
import { isIPv4, isIPv6, SocketAddress } from 'node:net'
import { crc32c } from './crc32c.ts'

export interface ProxyHeader {
  /** How many bytes it has. */
  readonly size: number
  readonly client: ProxiedClient
}

/** Whose connection it is: the proxy's own (it looks whether we live), or that of a client, whose address it may not know. */
export type ProxiedClient =
  | { readonly type: 'proxy' }
  | { readonly type: 'unknown' }
  | { readonly type: 'known'; readonly address: string; readonly port: number }

/** No header, and nothing that can still become one. */
export class ProxyHeaderFault extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ProxyHeaderFault'
  }
}

/** Of version 2, with all that a proxy adds about the connection (certificates, too); version 1 has at most 107. */
export const proxyHeaderBytesMax = 4096

const textStart = Buffer.from('PROXY ')
const textBytesMax = 107
const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
const fixedBytes = signature.length + 4
/** Of an addition: its type, and its length in two bytes. */
const additionHead = 3
const checksumType = 0x03
const proxyItself: ProxiedClient = Object.freeze({ type: 'proxy' })
const unknownClient: ProxiedClient = Object.freeze({ type: 'unknown' })

/** Null as long as bytes are missing. @throws ProxyHeaderFault */
export function readProxyHeader(bytes: Buffer): ProxyHeader | null {
  if (bytes.length === 0) return null
  if (startsLike(bytes, signature)) return bytes.length < fixedBytes ? null : readBinary(bytes)
  if (startsLike(bytes, textStart)) return readText(bytes)
  throw new ProxyHeaderFault('it does not begin with a PROXY header')
}

/** As far as there are bytes. */
function startsLike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length)
  return bytes.compare(start, 0, length, 0, length) === 0
}

/** `PROXY TCP4 192.0.2.1 192.0.2.2 50312 1883` and the end of a line. */
function readText(bytes: Buffer): ProxyHeader | null {
  const end = bytes.subarray(0, textBytesMax).indexOf('\r\n')
  if (end < 0) {
    if (bytes.length < textBytesMax) return null
    throw new ProxyHeaderFault(`the line of its PROXY header does not end within ${textBytesMax} bytes`)
  }
  const size = end + 2
  const words = bytes.subarray(textStart.length, end).toString('latin1').split(' ')
  const [family, source = '', destination = '', sourcePort = '', destinationPort = ''] = words
  // Whatever follows is to be ignored.
  if (family === 'UNKNOWN') return { size, client: unknownClient }
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isPlainIPv6 : null
  if (isAddress === null) throw new ProxyHeaderFault('its PROXY header is neither TCP4, TCP6 nor UNKNOWN')
  const arePorts = isPort(sourcePort) && isPort(destinationPort)
  if (words.length !== 5 || !isAddress(source) || !isAddress(destination) || !arePorts) {
    throw new ProxyHeaderFault(`its PROXY header does not have two addresses and two ports of ${family}`)
  }
  return { size, client: known(source, Number(sourcePort)) }
}

function isPlainIPv6(address: string): boolean {
  return isIPv6(address) && !address.includes('%')
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535
}

/** `bytes` hold the fixed part. */
function readBinary(bytes: Buffer): ProxyHeader | null {
  const versionAndCommand = bytes.readUInt8(12)
  const familyAndProtocol = bytes.readUInt8(13)
  const size = fixedBytes + bytes.readUInt16BE(14)
  const command = versionAndCommand & 0x0f
  if (versionAndCommand >> 4 !== 2) throw new ProxyHeaderFault('its PROXY header is of an unknown version')
  if (command > 1) throw new ProxyHeaderFault('its PROXY header has an unknown command')
  const family = familyAndProtocol >> 4
  const protocol = familyAndProtocol & 0x0f
  if (family > 3 || protocol > 2) throw new ProxyHeaderFault('its PROXY header has an unknown family')
  if (size > proxyHeaderBytesMax) {
    throw new ProxyHeaderFault(`its PROXY header has ${size} bytes, more than ${proxyHeaderBytesMax}`)
  }
  if (bytes.length < size) return null
  // What a proxy says of its own connection means nothing.
  if (command === 0) return { size, client: proxyItself }
  const content = bytes.subarray(fixedBytes, size)
  const addressBytes = [0, 12, 36, 216][family] ?? 0
  if (content.length < addressBytes) throw new ProxyHeaderFault('its PROXY header is too short for its addresses')
  // Without a family, what follows is not even said to be additions.
  if (family !== 0) checkAdditions(bytes.subarray(0, size), fixedBytes + addressBytes)
  return { size, client: protocol === 1 ? readAddress(family, content) : unknownClient }
}

function readAddress(family: number, content: Buffer): ProxiedClient {
  if (family === 1) return known(content.subarray(0, 4).join('.'), content.readUInt16BE(8))
  if (family !== 2) return unknownClient
  const groups = Array.from({ length: 8 }, (_, index) => content.readUInt16BE(index * 2).toString(16))
  return known(groups.join(':'), content.readUInt16BE(32))
}

/**
 * Additions from `start` on. They are not for us, but where one ends behind the header, the rest of it is not to be trusted either; and a
 * checksum of the header must be right if there is one.
 */
function checkAdditions(header: Buffer, start: number): void {
  let at = start
  let checksumAt: number | null = null
  while (at + additionHead <= header.length) {
    const length = header.readUInt16BE(at + 1)
    if (header.readUInt8(at) === checksumType) {
      if (length !== 4 || checksumAt !== null)
        throw new ProxyHeaderFault('its PROXY header has no one checksum of 4 bytes')
      checksumAt = at + additionHead
    }
    at += additionHead + length
  }
  if (at !== header.length) throw new ProxyHeaderFault('an addition to its PROXY header does not fit into it')
  if (checksumAt !== null) checkChecksum(header, checksumAt)
}

/** It is that of the header with zeros in its place. */
function checkChecksum(header: Buffer, at: number): void {
  const summed = Buffer.from(header).fill(0, at, at + 4)
  if (crc32c(summed) !== header.readUInt32BE(at)) {
    throw new ProxyHeaderFault('the checksum of its PROXY header is wrong: it was damaged on the way')
  }
}

/** In the one way to write it: an IPv4 address within IPv6 as what it is. */
function known(written: string, port: number): ProxiedClient {
  const { address } = new SocketAddress({ address: written, family: isIPv4(written) ? 'ipv4' : 'ipv6' })
  return { type: 'known', address: withoutMapping(address), port }
}

/** `::ffff:192.0.2.1` is `192.0.2.1`. */
function withoutMapping(address: string): string {
  return address.startsWith('::ffff:') && isIPv4(address.slice(7)) ? address.slice(7) : address
}
