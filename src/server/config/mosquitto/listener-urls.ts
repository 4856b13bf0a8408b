/**
 * The listeners of a mosquitto.conf as listen URLs.
 */
import { networkInterfaces } from 'node:os'
import { resolve } from 'node:path'
import { DEFAULT_CIPHERS } from 'node:tls'
import { parseListenUrl } from '../../../transport/listen-url.ts'
import type { ConfigFault } from '../config-fault.ts'
import { encodePath } from '../listen-value.ts'
import { placeOf } from './directive-lines.ts'
import type { Conf } from './directives.ts'
import type { Block, Directive } from './verdict.ts'

export interface ConfListener {
  readonly block: Block
  readonly url: string
  /** The line that says most about it; null where nobody says anything. */
  readonly line: Directive | null
}

export interface ConfListeners {
  readonly listeners: readonly ConfListener[]
  /** Nobody says where to listen: mosquitto listens on this machine, and lets everybody in. */
  readonly isLocalOnly: boolean
  readonly faults: readonly ConfigFault[]
}

export function readListeners(conf: Conf): ConfListeners {
  const [first, ...rest] = conf.blocks
  const faults: ConfigFault[] = []
  const listeners: ConfListener[] = []
  const add = (block: Block, isLocal = false): void => {
    const [anything = null] = block.given.values()
    // The HTTP API has an address of its own.
    if (block.given.get('protocol')?.value === 'http_api') return
    const origins = conf.directives.filter((each) => each.block === block && each.line.name === 'websockets_origin')
    const url = urlOf(block, isLocal, origins, faults)
    if (url !== null) listeners.push({ block, url, line: block.opens ?? anything })
  }
  for (const block of rest) add(block)
  const isLocalOnly = rest.length === 0 && first?.given.get('port') === undefined && !first?.given.has('bind_address')
  // What stands before the first `listener` opens another one, on port 1883; mosquitto does so, too.
  if (first !== undefined && (isLocalOnly || first.given.size > 0)) add(first, isLocalOnly)
  return { listeners, isLocalOnly, faults }
}

function urlOf(block: Block, isLocal: boolean, origins: readonly Directive[], faults: ConfigFault[]): string | null {
  const { opens, given } = block
  const text = (name: string): string | null => {
    const value = given.get(name)?.value
    return value === undefined ? null : String(value)
  }
  const [portText = '', ...behind] = opens === null ? [] : String(opens.value).split(/ +/)
  const port = opens === null ? (text('port') ?? '1883') : portText
  const rest = behind.join(' ')
  const line = opens?.line ?? null
  if (line !== null && (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)) {
    const advice = 'for example listener 1883, listener 1883 127.0.0.1 or listener 0 /run/pabal.sock'
    faults.push({
      ...placeOf(line),
      found: `the port ${JSON.stringify(port)}`,
      expected: 'a port from 0 to 65535',
      advice,
    })
    return null
  }
  const address = rest === '' ? text('bind_address') : rest
  if (line !== null && Number(port) === 0) {
    if (rest !== '') return checked(`unix://${encodePath(resolve(rest))}`, block, faults)
    faults.push({
      ...placeOf(line),
      found: 'port 0 without a path',
      expected: 'listener 0 PATH',
      advice: 'write the path',
    })
    return null
  }
  const isSecure = text('certfile') !== null || text('keyfile') !== null
  const isWeb = text('protocol') === 'websockets'
  const scheme = isWeb ? (isSecure ? 'wss' : 'ws') : isSecure ? 'tls' : 'tcp'
  const host = isLocal ? '127.0.0.1' : (address ?? anyAddress(text('socket_domain')))
  const shown = host.includes(':') ? `[${host}]` : host
  return checked(
    `${scheme}://${shown}:${port}${isWeb ? '/mqtt' : ''}${queryOf(block, isSecure, isWeb ? origins : [])}`,
    block,
    faults,
  )
}

/** mosquitto takes IPv4 and IPv6 where it is not told which. */
function anyAddress(domain: string | null): string {
  if (domain === 'ipv4') return '0.0.0.0'
  if (domain === 'ipv6') return '::'
  const hasIpv6 = Object.values(networkInterfaces()).some(
    (each) => each?.some(({ family }) => family === 'IPv6') === true,
  )
  return hasIpv6 ? '::' : '0.0.0.0'
}

/** What of a client's certificate is its account; null if it is asked for a User Name. */
export function identityOf({ given }: Block): 'cn' | 'subject' | null {
  const isOn = (name: string): boolean => given.get(name)?.value === true
  if (!given.has('certfile') || !isOn('require_certificate')) return null
  if (isOn('use_identity_as_username')) return 'cn'
  return isOn('use_subject_as_username') ? 'subject' : null
}

function queryOf(block: Block, isSecure: boolean, origins: readonly Directive[]): string {
  const { given } = block
  const parts: string[] = []
  const add = (parameter: string, name: string): void => {
    const value = given.get(name)?.value
    if (value !== undefined) parts.push(`${parameter}=${encodePath(resolve(String(value)))}`)
  }
  if (isSecure) {
    add('cert', 'certfile')
    add('key', 'keyfile')
    if (given.get('require_certificate')?.value === true) {
      add('ca', 'cafile')
      add('crl', 'crlfile')
      const identity = identityOf(block)
      if (identity !== null) parts.push(`identity=${identity}`)
    }
    if (given.get('tls_version')?.value === 'tlsv1.3') parts.push('minVersion=1.3')
    const ciphers = ciphersOf(given.get('ciphers'), given.get('ciphers_tls1.3'))
    if (ciphers !== null) parts.push(`ciphers=${encodePath(ciphers)}`)
  }
  for (const { value } of origins) parts.push(`origin=${encodePath(String(value))}`)
  return parts.length === 0 ? '' : `?${parts.join('&')}`
}

/** mosquitto has one list for TLS 1.3 and one for what was before; what is not given is as usual. */
function ciphersOf(older: Directive | undefined, newer: Directive | undefined): string | null {
  if (older === undefined && newer === undefined) return null
  const usual = DEFAULT_CIPHERS.split(':')
  const isNewer = (name: string): boolean => name.startsWith('TLS_')
  const lists = [
    newer === undefined ? usual.filter(isNewer) : [String(newer.value)],
    older === undefined ? usual.filter((name) => !isNewer(name)) : [String(older.value)],
  ]
  return lists.flat().join(':')
}

function checked(url: string, { opens, given }: Block, faults: ConfigFault[]): string | null {
  try {
    parseListenUrl(url)
    return url
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ListenUrlError') throw error
    const [line] = [opens, ...given.values()].flatMap((each) => (each === null ? [] : [each.line]))
    const place = line === undefined ? { file: '', line: null, column: null, key: '' } : placeOf(line)
    const expected = 'a port and an address, and certfile with keyfile'
    faults.push({ ...place, found: `a listener that would be ${url}`, expected, advice: error.message })
    return null
  }
}
