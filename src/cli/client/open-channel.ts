/**
 * Opens the channel a client wants: TCP or Unix, through a SOCKS proxy, with TLS, with WebSocket on top.
 */
import { lookup } from 'node:dns/promises'
import { connect, isIP, type NetConnectOpts, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, createSecureContext } from 'node:tls'
import type { Channel } from '../../transport/channel.ts'
import { SocketChannel } from '../../transport/socket-channel.ts'
import { connectThroughSocks, ProxyError, type SocksCredentials } from './socks5.ts'

export interface ChannelTarget {
  readonly host: string
  /** 0: `host` is the path of a Unix socket. */
  readonly port: number
  /** Address or name to connect from. */
  readonly bindAddress: string | null
  readonly noDelay: boolean
  readonly proxy: ({ readonly host: string; readonly port: number } & SocksCredentials) | null
  readonly tls: ConnectionOptions | null
  /** Gets the TLS secrets of the connection, line by line. */
  readonly keyLog: ((line: Buffer) => void) | null
  readonly webSocket: boolean
}

/**
 * Why a channel could not be opened. `lookup`: no such host; `system`: the operating system said no, see `code`; `tls`:
 * the handshake failed; `tlsSettings`: it could not even begin; `proxy`; `webSocket`: the server does not upgrade.
 */
export class ChannelError extends Error {
  readonly kind: 'lookup' | 'system' | 'tls' | 'tlsSettings' | 'proxy' | 'webSocket' | 'arguments'
  /** Such as `ECONNREFUSED`; empty where there is none. */
  readonly code: string

  constructor(kind: ChannelError['kind'], cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.name = 'ChannelError'
    this.kind = kind
    this.code = codeOf(cause)
  }
}

/** @throws ChannelError */
export async function openChannel(target: ChannelTarget): Promise<Channel> {
  const { tls, webSocket } = target
  if (target.port > 65_535) throw new ChannelError('arguments', `there is no port ${target.port}`)
  if (tls !== null) checkTlsSettings(tls)
  const plain = await openSocket(target)
  const socket = tls === null ? plain : await secure(plain, target, tls)
  if (!webSocket) {
    const transport = tls !== null ? 'tls' : target.port === 0 ? 'unix' : 'tcp'
    return new SocketChannel(transport, socket)
  }
  const { openWebSocketChannel } = await import('./web-socket-channel.ts')
  const host = isIP(target.host) === 6 ? `[${target.host}]` : target.host
  try {
    return await openWebSocketChannel(socket, `${tls === null ? 'ws' : 'wss'}://${host}:${target.port}/mqtt`)
  } catch (error) {
    throw new ChannelError('webSocket', error)
  }
}

function checkTlsSettings(tls: ConnectionOptions): void {
  try {
    createSecureContext(tls)
  } catch (error) {
    throw new ChannelError('tlsSettings', error)
  }
}

async function openSocket(target: ChannelTarget): Promise<Socket> {
  const { proxy, host, port } = target
  if (proxy === null) return connectSocket(await socketOptions(target, host, port), target.noDelay)
  const socket = await connectSocket(await socketOptions(target, proxy.host, proxy.port), target.noDelay)
  try {
    await connectThroughSocks(socket, host, port, proxy)
  } catch (error) {
    socket.destroy()
    throw error instanceof ProxyError ? new ChannelError('proxy', error) : error
  }
  return socket
}

async function socketOptions(target: ChannelTarget, host: string, port: number): Promise<NetConnectOpts> {
  if (port === 0) return { path: host }
  if (host === '') throw new ChannelError('lookup', 'no host was named')
  if (target.bindAddress === null) return { host, port }
  try {
    const { address, family } = await lookup(target.bindAddress)
    return { host, port, localAddress: address, family }
  } catch (error) {
    throw new ChannelError('lookup', error)
  }
}

function connectSocket(options: NetConnectOpts, noDelay: boolean): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(options)
    const fail = (error: Error): void => {
      const isLookup = /^(ENOTFOUND|EAI_)/.test(codeOf(error))
      reject(new ChannelError(isLookup ? 'lookup' : 'system', error))
    }
    socket.once('error', fail)
    socket.once('connect', () => {
      socket.off('error', fail)
      if (noDelay) socket.setNoDelay(true)
      resolve(socket)
    })
  })
}

function secure(socket: Socket, target: ChannelTarget, tls: ConnectionOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const serverName = isIP(target.host) === 0 ? { servername: target.host } : {}
    const secured = connectTls({ ...serverName, host: target.host, ...tls, socket })
    const fail = (error: Error): void => {
      socket.destroy()
      reject(new ChannelError('tls', error))
    }
    if (target.keyLog !== null) secured.on('keylog', target.keyLog)
    secured.once('error', fail)
    secured.once('secureConnect', () => {
      secured.off('error', fail)
      resolve(secured)
    })
  })
}

/** The code of an error, or of the last of those that several addresses gave. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors.at(-1))
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return ''
}
