/**
 * Listen URLs: where a broker listens, as an operator writes it.
 *
 * What cannot be meant is refused with the URL, what was found, what is expected and what to do; nothing is guessed.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { readRange } from './proxy-sources.ts'
import { isHostOfThisMachine } from './this-machine.ts'

export interface CertificateFiles {
  readonly certFile: string
  readonly keyFile: string
}

/** What TLS is made of. Paths of PEM files are as written: relative ones start from the working directory. */
export interface TlsFiles extends CertificateFiles {
  /** For clients that ask for a name which is in one of these and not in the first. */
  readonly others: readonly CertificateFiles[]
  /** Authorities whose client certificates are accepted; clients must then have one. Null: none is asked for. */
  readonly caFile: string | null
  /** Client certificates that are accepted no more; null for none. */
  readonly crlFile: string | null
  /** A file whose only line is the passphrase of the key. */
  readonly passphraseFile: string | null
  /**
   * Which name in the client's certificate is the account: the Common Name, the first Subject Alternative Name, or the whole subject.
   * Null: none.
   */
  readonly identity: 'cn' | 'san' | 'subject' | null
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** Cipher suites as OpenSSL names them, those of TLS 1.3 among them; null for those of Node. */
  readonly ciphers: string | null
}

interface AnyAddress {
  /** As the operator wrote it. */
  readonly url: string
  /** False with `report=off`: clients that come in here are not told that nobody listens. */
  readonly tellsPublisher: boolean
}

interface NetworkAddress extends AnyAddress {
  /** An address without brackets, or a host name. */
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** Addresses and ranges of proxies that say with a PROXY header who their clients are; empty: clients come by themselves. */
  readonly proxies: readonly string[]
}

interface WebSocketAddress extends NetworkAddress {
  readonly path: string
  /** Origins whose pages may connect, for example `https://app.example`; empty: all. */
  readonly origins: readonly string[]
}

export interface TcpListenAddress extends NetworkAddress {
  readonly transport: 'tcp'
}
export interface TlsListenAddress extends NetworkAddress {
  readonly transport: 'tls'
  readonly tls: TlsFiles
}
export interface WsListenAddress extends WebSocketAddress {
  readonly transport: 'ws'
}
export interface WssListenAddress extends WebSocketAddress {
  readonly transport: 'wss'
  readonly tls: TlsFiles
}
export interface UnixListenAddress extends AnyAddress {
  readonly transport: 'unix'
  readonly path: string
}

export type ListenAddress = TcpListenAddress | TlsListenAddress | WsListenAddress | WssListenAddress | UnixListenAddress

/** A listen URL that cannot be used. */
export class ListenUrlError extends Error {
  readonly url: string
  readonly found: string
  readonly expected: string
  readonly advice: string

  constructor(url: string, found: string, expected: string, advice: string) {
    super(
      `The listen URL "${shortened(url)}" cannot be used: found ${shortened(found)}, expected ${expected}. ${advice}.`,
    )
    this.name = 'ListenUrlError'
    this.url = url
    this.found = found
    this.expected = expected
    this.advice = advice
  }
}

/** A URL that is no URL may be a file put in the wrong place. */
const shownCharactersMax = 200

function shortened(text: string): string {
  return text.length > shownCharactersMax ? `${text.slice(0, shownCharactersMax)}…` : text
}

/** Behind which the path of a file stands, also in the URL of the HTTP API. */
export const fileKeys: readonly string[] = ['cert', 'key', 'ca', 'crl', 'passphraseFile']
const tlsKeys: readonly string[] = [...fileKeys, 'identity', 'minVersion', 'ciphers']
/** What may stand behind the `?`. */
const parameters: Readonly<Record<ListenAddress['transport'], readonly string[]>> = {
  tcp: ['proxyFrom', 'report'],
  tls: [...tlsKeys, 'proxyFrom', 'report'],
  ws: ['origin', 'proxyFrom', 'report'],
  wss: [...tlsKeys, 'origin', 'proxyFrom', 'report'],
  unix: ['report'],
}
/** What may stand there more than once. */
const listKeys: readonly string[] = ['cert', 'key', 'origin', 'proxyFrom']
const defaultPorts = { tcp: 1883, tls: 8883, ws: 8083, wss: 8084 } as const
const schemesMeant: Readonly<Record<string, string>> = {
  mqtt: 'tcp',
  mqtts: 'tls',
  ssl: 'tls',
  http: 'ws',
  https: 'wss',
}
const schemes = 'tcp://, tls://, ws://, wss:// or unix://'
/** The longest path that fits the system's socket address, without its closing zero. */
const unixPathBytesMax = 107

/** @throws ListenUrlError */
export function parseListenUrl(text: string): ListenAddress {
  const written = text.trim()
  // A password does not belong into a listen URL, and if one stands there it is not repeated.
  const url = written.replace(/\/\/[^/?#]*@/, '//...@')
  const parts = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?(#.*)?$/i.exec(written)
  if (parts === null) {
    throw new ListenUrlError(url, 'no scheme', schemes, 'Write for example tcp://127.0.0.1:1883')
  }
  const [, scheme = '', authority = '', path = '', query = '', fragment] = parts
  const transport = scheme.toLowerCase()
  if (fragment !== undefined) {
    throw new ListenUrlError(url, `"${fragment}"`, 'nothing behind the query', 'Write # inside a value as %23')
  }
  if (!isTransport(transport)) throw schemeFault(url, scheme)
  const given = readQuery(url, query, parameters[transport])
  const common = { url, tellsPublisher: readReport(url, given) }
  const proxies = readProxies(url, given)
  switch (transport) {
    case 'tcp':
      refusePath(url, path)
      return { transport, ...common, ...readAuthority(url, authority, defaultPorts.tcp), proxies }
    case 'tls': {
      refusePath(url, path)
      const place = readAuthority(url, authority, defaultPorts.tls)
      return { transport, ...common, ...place, proxies, tls: readTls(url, given) }
    }
    case 'ws': {
      const place = { ...readAuthority(url, authority, defaultPorts.ws), path: readPath(url, path) }
      return { transport, ...common, ...place, proxies, origins: readOrigins(url, given) }
    }
    case 'wss': {
      const place = { ...readAuthority(url, authority, defaultPorts.wss), path: readPath(url, path) }
      return { transport, ...common, ...place, proxies, origins: readOrigins(url, given), tls: readTls(url, given) }
    }
    case 'unix':
      return { transport, ...common, path: readSocketPath(url, authority, path) }
  }
}

function isTransport(scheme: string): scheme is ListenAddress['transport'] {
  return Object.hasOwn(parameters, scheme)
}

function schemeFault(url: string, scheme: string): ListenUrlError {
  const meant = schemesMeant[scheme.toLowerCase()]
  const advice = meant === undefined ? 'Write for example tcp://127.0.0.1:1883' : `Write ${meant}:// instead`
  return new ListenUrlError(url, `the scheme ${scheme}://`, schemes, advice)
}

/** Whether only this machine can reach it: 127.0.0.0/8, `::1`, `localhost`, or a Unix socket. */
export function isLoopback(address: ListenAddress): boolean {
  if (address.transport === 'unix') return true
  return isHostOfThisMachine(address.host)
}

/**
 * Whether a listener at `address` can go on as one at `next`: only what clients are told, or the files of its certificate, are other
 * ones. Whether clients must show a certificate is decided when it is opened.
 */
export function canBecome(address: ListenAddress, next: ListenAddress): boolean {
  const lasting = (each: ListenAddress) => ({
    ...each,
    url: null,
    tellsPublisher: null,
    tls: 'tls' in each ? [each.tls.caFile !== null, each.tls.identity] : null,
  })
  return isDeepStrictEqual(lasting(address), lasting(next))
}

/** `host:port` as a URL has it. */
export function formatHostPort(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`
}

function readAuthority(url: string, authority: string, defaultPort: number): { host: string; port: number } {
  if (authority.includes('@')) {
    const advice = 'Leave out what stands before the @; users belong into the configuration file'
    throw new ListenUrlError(url, 'a user', 'only a host and a port', advice)
  }
  const parts = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([^:[\]]*))?$/.exec(authority)
  if (parts === null) {
    const advice = isIPv6(authority)
      ? `Put the address in brackets: [${authority}]`
      : 'Put an IPv6 address in brackets: [::1]:1883'
    throw new ListenUrlError(url, `"${authority}"`, 'HOST:PORT', advice)
  }
  const [, bracketed, plain = '', portText] = parts
  const host = bracketed ?? plain
  if (bracketed === undefined ? !isHost(plain) : !isIPv6(bracketed)) {
    const found = host === '' ? 'no host' : `the host "${host}"`
    const expected =
      bracketed === undefined ? 'an IPv4 address, a host name or [IPv6 address]' : 'an IPv6 address in []'
    const advice = 'Write 127.0.0.1 for this machine only, 0.0.0.0 for every IPv4 address, [::] for every address'
    throw new ListenUrlError(url, found, expected, advice)
  }
  if (portText === undefined) return { host, port: defaultPort }
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : Number.NaN
  if (port <= 65_535) return { host, port }
  const found = portText === '' ? 'no port after the colon' : `the port "${portText}"`
  const advice = `Write ${defaultPort}, which is usual, or 0 for any that is free`
  throw new ListenUrlError(url, found, 'a port from 0 to 65535', advice)
}

function isHost(host: string): boolean {
  // Digits and dots alone are meant as an IPv4 address.
  if (/^[\d.]*$/.test(host)) return isIPv4(host)
  return host.length <= 253 && /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/i.test(host)
}

function refusePath(url: string, path: string): void {
  if (path === '' || path === '/') return
  throw new ListenUrlError(
    url,
    `the path "${path}"`,
    'no path',
    'Leave it out: only ws://, wss:// and unix:// have one',
  )
}

function readPath(url: string, path: string): string {
  if (path === '') return '/mqtt'
  if (/^[!-~]+$/.test(path)) return path
  const advice = 'Write other characters percent-encoded, as browsers do'
  throw new ListenUrlError(url, `the path "${path}"`, 'a path of printable ASCII characters', advice)
}

function readSocketPath(url: string, authority: string, path: string): string {
  const expected = 'unix:// followed by an absolute path'
  if (authority !== '') {
    throw new ListenUrlError(
      url,
      `"${authority}" before the path`,
      expected,
      'Write three slashes: unix:///run/pabal.sock',
    )
  }
  const decoded = decode(url, path)
  if (decoded === '' || decoded.endsWith('/') || decoded.includes('\0')) {
    throw new ListenUrlError(url, 'no name of a file', expected, 'Write for example unix:///run/pabal.sock')
  }
  const length = Buffer.byteLength(decoded)
  if (length <= unixPathBytesMax) return decoded
  const found = `a path of ${length} bytes`
  throw new ListenUrlError(
    url,
    found,
    `at most ${unixPathBytesMax}`,
    'Choose a shorter path: the system allows no more',
  )
}

/** The values of each key, in order. A plus sign stays one: these are paths, not a form. */
function readQuery(url: string, query: string, known: readonly string[]): Map<string, string[]> {
  const given = new Map<string, string[]>()
  if (query === '') return given
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=')
    const key = equals < 0 ? pair : pair.slice(0, equals)
    if (!known.includes(key)) {
      const expected = known.length === 1 ? `only ${known[0]}` : `one of ${known.join(', ')}`
      const advice = 'Correct the word, or leave it out'
      throw new ListenUrlError(url, key === '' ? 'an empty parameter' : `the parameter "${key}"`, expected, advice)
    }
    const value = equals < 0 ? '' : decode(url, pair.slice(equals + 1))
    if (value === '') throw new ListenUrlError(url, `${key} without a value`, `${key}=VALUE`, 'Add the value')
    const values = given.get(key)
    if (values === undefined) given.set(key, [value])
    else if (listKeys.includes(key)) values.push(value)
    else throw new ListenUrlError(url, `${key} twice`, 'it once', 'Leave one of them out')
  }
  return given
}

function readReport(url: string, given: Map<string, string[]>): boolean {
  const [written = 'on'] = given.get('report') ?? []
  if (written === 'on' || written === 'off') return written === 'on'
  const advice = 'Write report=off if clients that come in here take it for a failure that nobody listens'
  throw new ListenUrlError(url, `report "${written}"`, 'on or off', advice)
}

function readTls(url: string, given: Map<string, string[]>): TlsFiles {
  const [certFiles, keyFiles] = [given.get('cert') ?? [], given.get('key') ?? []]
  const [first, ...others] = certificatePairs(certFiles, keyFiles)
  if (first === undefined) {
    const missing = [...(certFiles.length === 0 ? ['cert'] : []), ...(keyFiles.length === 0 ? ['key'] : [])]
    const advice = `Add ${missing.map((key) => `${key}=FILE`).join(' and ')} behind the ?, each a PEM file`
    throw new ListenUrlError(url, `no ${missing.join(' and no ')}`, '?cert=FILE&key=FILE', advice)
  }
  if (certFiles.length !== keyFiles.length) {
    const found = `cert ${certFiles.length} times and key ${keyFiles.length} times`
    throw new ListenUrlError(url, found, 'a key for each certificate', 'Write them in the same order')
  }
  const caFile = given.get('ca')?.[0] ?? null
  const crlFile = given.get('crl')?.[0] ?? null
  if (crlFile !== null && caFile === null) {
    const advice = 'Name the authorities whose client certificates are accepted as ca='
    throw new ListenUrlError(url, 'crl without ca', 'both, or neither', advice)
  }
  const identity = readIdentity(url, given.get('identity')?.[0] ?? null, caFile !== null)
  const minVersion = readMinVersion(url, given.get('minVersion')?.[0] ?? '1.2')
  const passphraseFile = given.get('passphraseFile')?.[0] ?? null
  const ciphers = given.get('ciphers')?.[0] ?? null
  return { ...first, others, caFile, crlFile, identity, passphraseFile, minVersion, ciphers }
}

/** The files that are named at the same place of both lists. */
export function certificatePairs(certFiles: readonly string[], keyFiles: readonly string[]): CertificateFiles[] {
  return certFiles.flatMap((certFile, index) => {
    const keyFile = keyFiles[index]
    return keyFile === undefined ? [] : [{ certFile, keyFile }]
  })
}

function readIdentity(url: string, written: string | null, asksForCertificates: boolean): TlsFiles['identity'] {
  if (written === null) return null
  if (!asksForCertificates) {
    const advice = 'Name the authorities whose client certificates are accepted as ca='
    throw new ListenUrlError(url, 'identity without ca', 'both, or neither', advice)
  }
  if (written === 'cn' || written === 'san' || written === 'subject') return written
  const advice =
    'Write identity=cn for the Common Name, identity=san for the first Subject Alternative Name, identity=subject for all of the subject'
  throw new ListenUrlError(url, `the identity "${written}"`, 'cn, san or subject', advice)
}

function readMinVersion(url: string, written: string): TlsFiles['minVersion'] {
  if (written === '1.2') return 'TLSv1.2'
  if (written === '1.3') return 'TLSv1.3'
  const advice = 'Write minVersion=1.3, or leave it out for TLS 1.2 and 1.3'
  throw new ListenUrlError(url, `minVersion "${written}"`, '1.2 or 1.3', advice)
}

/** In the form in which browsers send them. */
function readOrigins(url: string, given: Map<string, string[]>): readonly string[] {
  return (given.get('origin') ?? []).map((written) => {
    const parsed = URL.canParse(written) ? new URL(written) : null
    if (parsed?.pathname === '/' && parsed.search === '' && parsed.hash === '' && parsed.origin !== 'null') {
      return parsed.origin
    }
    const advice = 'Write for example origin=https://app.example'
    throw new ListenUrlError(url, `the origin "${written}"`, 'scheme, host and port of a web page', advice)
  })
}

function readProxies(url: string, given: Map<string, string[]>): readonly string[] {
  const proxies = given.get('proxyFrom') ?? []
  for (const written of proxies) {
    if (readRange(written) !== null) continue
    const advice = 'Write for example proxyFrom=192.0.2.7, or proxyFrom=10.0.0.0/8; once for each'
    throw new ListenUrlError(url, `proxyFrom "${written}"`, 'the address of a proxy, or a range of addresses', advice)
  }
  return proxies
}

function decode(url: string, text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (!(error instanceof URIError)) throw error
    const expected = '% followed by two hexadecimal digits'
    throw new ListenUrlError(url, `"${text}"`, expected, 'Write a % itself as %25')
  }
}
