/**
 * Who may open a WebSocket, and what everybody else is told. MQTT 5.0 section 6, RFC 6455 section 4.2.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { http } from './node-http.ts'
import { isOriginOfThisMachine } from './this-machine.ts'

/** Where clients are expected: what counts of a listen address. */
export interface WebSocketPlace {
  readonly transport: 'ws' | 'wss'
  readonly path: string
  /** In lower case; empty: none are listed. */
  readonly origins: readonly string[]
}

export interface Refusal {
  readonly status: number
  /** For the human who looks at the answer. */
  readonly text: string
  readonly headers: Readonly<Record<string, string>>
}

/** How long a refused peer may take to read the answer. */
const refusalLingerMs = 1000
/** The only subprotocol there is [MQTT-6.0.0-4]; `mqttv3.1` is for a version that is not spoken here. */
export const protocol = 'mqtt'

/**
 * What a browser on this machine shows connects from this machine, whoever has made it, and whoever connects from this machine may do
 * everything where nobody logs in (CWE-1385).
 */
const foreignPage =
  'Pages of other machines may not connect from this one, as clients need no login here. To let those of an origin, name it in the ' +
  'listen URL: ?origin=https://app.example'

/**
 * What is wrong with a request that asks for an upgrade; null if it may go on. `mayBeAnyPage`: where no origins are listed, pages of
 * all may connect, and not those of this machine only.
 */
export function refusalOf(request: IncomingMessage, address: WebSocketPlace, mayBeAnyPage: boolean): Refusal | null {
  const { headers } = request
  if (!isAtPath(request, address.path)) return wrongPath(address)
  if (headers.upgrade?.toLowerCase() !== 'websocket') return upgradeRequired(address)
  if (request.method !== 'GET') {
    return refusal(405, 'A WebSocket is opened with GET.', { Allow: 'GET' })
  }
  if (headers['sec-websocket-version'] !== '13') {
    const text = 'This server speaks version 13 of the WebSocket protocol only.'
    return refusal(426, text, { Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' })
  }
  // What is not a browser sends no Origin, and could send any: the check protects the users of browsers.
  const { origin } = headers
  if (address.origins.length > 0 && origin !== undefined && !address.origins.includes(origin.toLowerCase())) {
    return refusal(403, 'Pages of this origin may not connect: it is not among the origins of this listener.')
  }
  if (address.origins.length === 0 && !mayBeAnyPage && origin !== undefined && !isOriginOfThisMachine(origin)) {
    return refusal(403, foreignPage)
  }
  if (!offeredProtocols(request).has(protocol)) {
    return refusal(
      400,
      'MQTT over WebSocket needs the subprotocol "mqtt" [MQTT-6.0.0-3], and this client did not offer it. Send the header ' +
        "Sec-WebSocket-Protocol: mqtt; in a browser: new WebSocket(url, 'mqtt').",
    )
  }
  return null
}

/** The answer to a request that asks for no upgrade: somebody looked with a browser or with curl. */
export function refusalOfPlainRequest(request: IncomingMessage, address: WebSocketPlace): Refusal {
  return isAtPath(request, address.path) ? upgradeRequired(address) : wrongPath(address)
}

export function refusal(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Refusal {
  return { status, text, headers }
}

/** Every refusal closes the connection and is plain text that no browser takes for anything else. */
export function refusalHeaders({ text, headers }: Refusal): Record<string, string> {
  return {
    Connection: 'close',
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(text) + 1),
    'X-Content-Type-Options': 'nosniff',
    ...headers,
  }
}

/** Answers on the bare socket of an upgrade, and closes it within a bounded time. */
export function refuseUpgrade(socket: Duplex, refused: Refusal): void {
  const headers = Object.entries(refusalHeaders(refused)).map(([name, value]) => `${name}: ${value}\r\n`)
  // A peer that goes away while it is being refused is of no interest.
  socket.on('error', () => {})
  const reason = http.STATUS_CODES[refused.status]
  socket.end(`HTTP/1.1 ${refused.status} ${reason}\r\n${headers.join('')}\r\n${refused.text}\n`)
  // What is left unread would reset the connection before the answer is read.
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), refusalLingerMs)
  socket.once('close', () => clearTimeout(timer))
}

function isAtPath(request: IncomingMessage, path: string): boolean {
  return pathOf(request) === path
}

export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').replace(/\?.*$/s, '')
}

function wrongPath(address: WebSocketPlace): Refusal {
  return refusal(404, `There is nothing here. MQTT over WebSocket is at the path ${address.path} of this server.`)
}

function upgradeRequired({ transport, path }: WebSocketPlace): Refusal {
  return refusal(
    426,
    `This is an MQTT broker, for WebSocket clients only. Connect an MQTT client to ${transport}://HOST:PORT${path}`,
    { Upgrade: 'websocket' },
  )
}

function offeredProtocols(request: IncomingMessage): ReadonlySet<string> {
  return new Set((request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim()))
}
