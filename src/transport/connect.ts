/**
 * Opens a channel to a broker, for clients: TCP, TLS, Unix socket or WebSocket.
 *
 * Nothing the broker sends is lost between the opening and the moment the caller sets `handler`: reading begins then.
 */
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { WebSocket } from 'ws'
import type { Channel, TransportName } from './channel.ts'
import { clientTlsOptions, keepTlsKeys, type TlsTarget } from './client-tls.ts'
import { formatHostPort } from './listen-url.ts'
import { SocketChannel } from './socket-channel.ts'
import { WebSocketChannel, webSocketBounds } from './websocket-channel.ts'

interface NetworkTarget {
  readonly host: string
  readonly port: number
  /** The address of this machine to connect from. */
  readonly localAddress?: string | undefined
}

interface WebSocketTarget {
  /** Default `/mqtt`. */
  readonly path?: string | undefined
  /** Sent with the request, for example an Origin. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

interface Patience {
  /** For all of it, handshakes included; default 30,000. Then the error's code is `ETIMEDOUT`. */
  readonly timeoutMs?: number | undefined
}

export type ConnectTarget = Patience &
  (
    | (NetworkTarget & { readonly transport: 'tcp' })
    | (NetworkTarget & { readonly transport: 'tls'; readonly tls?: TlsTarget | undefined })
    | { readonly transport: 'unix'; readonly path: string }
    | (NetworkTarget & WebSocketTarget & { readonly transport: 'ws' })
    | (NetworkTarget & WebSocketTarget & { readonly transport: 'wss'; readonly tls?: TlsTarget | undefined })
  )

/** The longest packet MQTT knows (section 1.5.5), with its Fixed Header: what a client must be able to take. */
const messageBytesMax = 268_435_455 + 5

/**
 * Resolves when bytes can be sent. The caller sets `handler` right then; nothing is read before.
 *
 * @throws the system's error with its code (`ECONNREFUSED`, `ENOTFOUND`, `ENOENT`, ...), TLS errors with theirs
 * (`DEPTH_ZERO_SELF_SIGNED_CERT`, `ERR_TLS_CERT_ALTNAME_INVALID`, ...), or what an HTTP server answered instead.
 */
export async function connectChannel(target: ConnectTarget): Promise<Channel> {
  const socket = await openSocket(target)
  const timeoutMs = target.timeoutMs ?? 30_000
  const timer = setTimeout(() => socket.destroy(timedOut(timeoutMs)), timeoutMs)
  try {
    switch (target.transport) {
      case 'tcp':
      case 'unix':
        return await whenReady(socket, 'connect', target.transport)
      case 'tls':
        return await whenReady(socket, 'secureConnect', 'tls')
      case 'ws':
      case 'wss':
        return await whenUpgraded(socket, target)
    }
  } catch (error) {
    socket.destroy()
    throw singleError(error)
  } finally {
    clearTimeout(timer)
  }
}

/** Begins to connect. */
async function openSocket(target: ConnectTarget): Promise<Socket> {
  if (target.transport === 'unix') return connect({ path: target.path })
  const { host, port, localAddress } = target
  const place = { host, port, noDelay: true, keepAlive: true, ...(localAddress === undefined ? {} : { localAddress }) }
  if (target.transport === 'tcp' || target.transport === 'ws') return connect(place)
  const tls = target.tls ?? {}
  const socket = connectTls({ ...place, ...(await clientTlsOptions(host, tls)) })
  if (tls.keyLogFile !== undefined) keepTlsKeys(socket, tls.keyLogFile)
  return socket
}

/** The channel is made inside the event, so that nothing can happen to the socket in between. */
function whenReady(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  transport: 'tcp' | 'tls' | 'unix',
): Promise<Channel> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once(event, () => {
      resolve(new SocketChannel(transport, socket))
      socket.removeListener('error', reject)
    })
  })
}

function whenUpgraded(
  socket: Socket,
  target: NetworkTarget & WebSocketTarget & { transport: Extract<TransportName, 'ws' | 'wss'> },
): Promise<Channel> {
  const { host, port, transport, path = '/mqtt', headers = {} } = target
  const url = `${transport}://${formatHostPort(host, port)}${path}`
  return new Promise((resolve, reject) => {
    const webSocket = new WebSocket(url, ['mqtt'], {
      ...webSocketBounds,
      maxPayload: messageBytesMax,
      headers: { ...headers },
      createConnection: () => socket,
    })
    webSocket.once('error', reject)
    webSocket.once('unexpected-response', (_request, response) => {
      reject(new Error(`${url} answered HTTP ${response.statusCode} ${response.statusMessage}, not with a WebSocket`))
    })
    webSocket.once('open', () => {
      resolve(new WebSocketChannel(transport, webSocket, socket))
      webSocket.removeListener('error', reject)
    })
  })
}

function timedOut(timeoutMs: number): Error {
  return Object.assign(new Error(`no connection within ${timeoutMs} ms`), { code: 'ETIMEDOUT' })
}

/** A host with several addresses fails with all their errors, and without a message; the first one says enough. */
function singleError(error: unknown): unknown {
  return error instanceof AggregateError ? (error.errors[0] ?? error) : error
}
