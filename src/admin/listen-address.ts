/**
 * Where the HTTP API listens, as an operator writes it: `http://127.0.0.1:18083`, or `https://HOST:PORT?cert=FILE&key=FILE`.
 */
import { certificatePairs, type TlsFiles } from '../transport/listen-url.ts'
import { isHostOfThisMachine } from '../transport/this-machine.ts'

export interface AdminAddress {
  readonly url: string
  readonly scheme: 'http' | 'https'
  /** Without brackets. */
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly isLoopback: boolean
  /** Names by which it may be asked for, besides its addresses. */
  readonly hostNames: readonly string[]
  /** Passwords may go over the network in the clear. */
  readonly allowsPlain: boolean
  /** Null without TLS. */
  readonly tls: TlsFiles | null
}

/** What is wrong with it, in the parts of a fault. */
export class AdminAddressError extends Error {
  readonly found: string
  readonly expected: string
  readonly advice: string

  constructor(found: string, expected: string, advice: string) {
    super(`The address of the HTTP API cannot be used: found ${found}, expected ${expected}. ${advice}.`)
    this.name = 'AdminAddressError'
    this.found = found
    this.expected = expected
    this.advice = advice
  }
}

export const defaultAdminUrl = 'http://127.0.0.1:18083'

const expected = 'http://HOST:PORT or https://HOST:PORT?cert=FILE&key=FILE'

/** @throws AdminAddressError */
export function parseAdminUrl(written: string): AdminAddress {
  const advice = `Write for example ${defaultAdminUrl}, or off`
  const found = JSON.stringify(written.replace(/\/\/[^/?#]*@/, '//...@').slice(0, 200))
  const parsed = URL.parse(written)
  const scheme = parsed?.protocol.slice(0, -1)
  if (parsed === null || (scheme !== 'http' && scheme !== 'https')) throw new AdminAddressError(found, expected, advice)
  if (parsed.pathname !== '/' || parsed.hash !== '' || parsed.username !== '' || parsed.password !== '') {
    throw new AdminAddressError(found, expected, 'Leave out path, user and password')
  }
  const known = scheme === 'https' ? ['cert', 'key', 'passphraseFile', 'host'] : ['tls', 'host']
  // A plus sign stays one, as in a listen URL: these are paths, not a form.
  const query = new URLSearchParams(parsed.search.replaceAll('+', '%2B'))
  for (const name of query.keys()) {
    if (!known.includes(name)) throw new AdminAddressError(`"${name}" in ${found}`, expected, 'Remove it')
  }
  const tls = scheme === 'https' ? tlsFilesOf(query, found) : null
  const hostNames = query.getAll('host').map((name) => name.toLowerCase())
  const plain = query.get('tls')
  if (plain !== null && plain !== 'off')
    throw new AdminAddressError(`tls=${plain.slice(0, 50)}`, 'tls=off', 'Use https:// for TLS')
  const host = parsed.hostname.replace(/^\[|\]$/g, '')
  // What URL leaves out is what the scheme usually has.
  const port =
    parsed.port === '' ? (/:(?:80|443)\b/.test(written) ? (scheme === 'https' ? 443 : 80) : 18083) : Number(parsed.port)
  const isLoopback = isHostOfThisMachine(host)
  const allowsPlain = plain === 'off'
  if (scheme === 'http' && !isLoopback && !allowsPlain) throw exposed(found)
  return { url: written, scheme, host, port, isLoopback, hostNames, allowsPlain, tls }
}

/** @throws AdminAddressError */
function tlsFilesOf(written: URLSearchParams, found: string): TlsFiles {
  const [certFiles, keyFiles] = [written.getAll('cert'), written.getAll('key')]
  const [first, ...others] = certificatePairs(certFiles, keyFiles)
  if (first === undefined) {
    throw new AdminAddressError(`${found} without a certificate`, expected, 'Name the PEM files with cert= and key=')
  }
  if (certFiles.length !== keyFiles.length) {
    const times = `cert ${certFiles.length} times and key ${keyFiles.length} times`
    throw new AdminAddressError(times, 'a key for each certificate', 'Write them in the same order')
  }
  const passphraseFile = written.get('passphraseFile')
  return {
    ...first,
    others,
    caFile: null,
    crlFile: null,
    identity: null,
    passphraseFile,
    minVersion: 'TLSv1.2',
    ciphers: null,
  }
}

function exposed(found: string): AdminAddressError {
  const expectedThere = 'TLS where other machines can reach it: passwords would go over the network in the clear'
  const advice =
    'Use https://HOST:PORT?cert=FILE&key=FILE, listen on 127.0.0.1 behind a proxy with TLS, or say that you know it with ?tls=off'
  return new AdminAddressError(found, expectedThere, advice)
}
