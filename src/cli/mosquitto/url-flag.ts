/**
 * `-L mqtt(s)://[user[:password]@]host[:port]/topic` and `--proxy socks5h://[user[:password]@]host[:port]`.
 */
import { leadingInteger } from './numbers.ts'
import type { ProxyTarget } from './options.ts'
import { UsageError } from './usage-error.ts'

export interface BrokerUrl {
  isSecure: boolean
  webSocket: boolean
  userName: string | null
  password: string | null
  host: string
  port: number | null
  topic: string
}

/** @throws UsageError */
export function parseBrokerUrl(url: string, allowsWebSocket: boolean): BrokerUrl {
  const match = /^(mqtts?|wss?):\/\/(.*)$/is.exec(url)
  const [, written = '', rest = ''] = match ?? []
  const scheme = written.toLowerCase()
  const isWebSocket = scheme.startsWith('ws')
  if (match === null || (isWebSocket && !allowsWebSocket)) {
    throw new UsageError('Error: unsupported URL scheme.\n\n')
  }
  const slash = rest.indexOf('/')
  if (slash < 0) throw new UsageError('Error: Invalid URL for -L argument specified - topic missing.\n')
  const place = splitAuthority(rest.slice(0, slash))
  return {
    isSecure: scheme === 'mqtts' || scheme === 'wss',
    webSocket: isWebSocket,
    userName: place.userName,
    password: place.password,
    host: place.host,
    port: place.port === null ? null : leadingInteger(place.port),
    topic: rest.slice(slash + 1),
  }
}

/** @throws UsageError */
export function parseProxyUrl(url: string): ProxyTarget {
  const scheme = 'socks5h://'
  if (!url.startsWith(scheme)) throw new UsageError(`Error: Unsupported proxy protocol: ${url}\n`)
  const place = splitAuthority(url.slice(scheme.length))
  if (place.host === '') throw new UsageError('Error: Invalid proxy.\n')
  const port = place.port === null ? 1080 : leadingInteger(place.port)
  if (port < 1 || port > 65_535) throw new UsageError(`Error: Invalid proxy port ${port}\n`)
  return { host: place.host, port, userName: decode(place.userName), password: decode(place.password) }
}

/** The user name ends at the first `@`, the host at the first `:` behind it or, in brackets, at the `]`. */
function splitAuthority(text: string): {
  userName: string | null
  password: string | null
  host: string
  port: string | null
} {
  const at = text.indexOf('@')
  const [userName, password] = at < 0 ? [null, null] : splitOnce(text.slice(0, at), ':')
  const place = text.slice(at + 1)
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(place)
  if (bracketed !== null) return { userName, password, host: bracketed[1] ?? '', port: bracketed[2] ?? null }
  const [host, port] = splitOnce(place, ':')
  return { userName, password, host, port }
}

function splitOnce(text: string, separator: string): [string, string | null] {
  const index = text.indexOf(separator)
  return index < 0 ? [text, null] : [text.slice(0, index), text.slice(index + 1)]
}

/** The three symbols that a user name or password must write in this way. */
function decode(text: string | null): string | null {
  return text?.replaceAll('%3A', ':').replaceAll('%40', '@').replaceAll('%25', '%') ?? null
}
