/**
 * Opens the channel a tool wants: TCP or Unix, through a SOCKS proxy, with TLS, or WebSocket.
 *
 * Does itself what only the command line offers, a proxy and names for the address to connect from; WebSocket is loaded only
 * when it is asked for, so that the other tools start fast.
 */
import { lookup } from 'node:dns/promises'
import { connect, type NetConnectOpts, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, createSecureContext } from 'node:tls'
import type { Channel } from '../../transport/channel.ts'
import { clientTlsOptions, keepTlsKeys, type TlsTarget } from '../../transport/client-tls.ts'
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
  readonly tls: TlsTarget | null
  readonly webSocket: boolean
}

export type ChannelErrorKind = 'lookup' | 'system' | 'tls' | 'tlsSettings' | 'proxy' | 'webSocket' | 'arguments'

/**
 * Why a channel could not be opened. `lookup`: no such host; `system`: the operating system said no, see `code`; `tls`:
 * the handshake failed; `tlsSettings`: it could not even begin; `webSocket`: the server does not upgrade.
 */
export class ChannelError extends Error {
  readonly kind: ChannelErrorKind
  /** Such as `ECONNREFUSED`; empty where there is none. */
  readonly code: string

  constructor(kind: ChannelErrorKind, cause: unknown) {
    const single = cause instanceof AggregateError ? cause.errors.at(-1) : cause
    super(single instanceof Error ? single.message : String(single), { cause })
    this.name = 'ChannelError'
    this.kind = kind
    this.code = codeOf(single)
  }
}

/** @throws ChannelError */
export async function openChannel(target: ChannelTarget): Promise<Channel> {
  const { tls, port, webSocket, host, proxy } = target
  if (port > 65_535) throw new ChannelError('arguments', `there is no port ${port}`)
  if (host === '') throw new ChannelError('lookup', 'no host was named')
  const tlsOptions = tls === null ? null : await readTlsOptions(host, tls)
  if (webSocket) return openWebSocket(target)
  const plain = await (proxy === null ? openSocket(target, host, port) : openThroughProxy(target, proxy))
  if (tls === null || tlsOptions === null) return new SocketChannel(port === 0 ? 'unix' : 'tcp', plain)
  return secure(plain, tlsOptions, tls)
}

async function readTlsOptions(host: string, tls: TlsTarget): Promise<ConnectionOptions> {
  let options: ConnectionOptions
  try {
    options = await clientTlsOptions(host, tls)
  } catch (error) {
    // A directory without certificates is like one that does not have the right one.
    throw new ChannelError(tls.caDirectory === undefined ? 'tlsSettings' : 'tls', error)
  }
  try {
    createSecureContext(options)
  } catch (error) {
    throw new ChannelError('tlsSettings', error)
  }
  return options
}

async function openThroughProxy(target: ChannelTarget, proxy: NonNullable<ChannelTarget['proxy']>): Promise<Socket> {
  const socket = await openSocket(target, proxy.host, proxy.port)
  try {
    await connectThroughSocks(socket, target.host, target.port, proxy)
  } catch (error) {
    socket.destroy()
    throw error instanceof ProxyError ? new ChannelError('proxy', error) : error
  }
  return socket
}

async function openSocket(target: ChannelTarget, host: string, port: number): Promise<Socket> {
  const options: NetConnectOpts = port === 0 ? { path: host } : { host, port, ...(await localEnd(target)) }
  return new Promise((resolve, reject) => {
    const socket = connect(options)
    const fail = (error: Error): void => reject(new ChannelError(kindOf(error) ?? 'system', error))
    socket.once('error', fail)
    socket.once('connect', () => {
      socket.off('error', fail)
      if (target.noDelay) socket.setNoDelay(true)
      resolve(socket)
    })
  })
}

/** An address of this machine, and the family that the other end must have too. */
async function localEnd({ bindAddress }: ChannelTarget): Promise<{ localAddress?: string; family?: number }> {
  if (bindAddress === null) return {}
  try {
    const { address, family } = await lookup(bindAddress)
    return { localAddress: address, family }
  } catch (error) {
    throw new ChannelError('lookup', error)
  }
}

function secure(socket: Socket, options: ConnectionOptions, tls: TlsTarget): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const secured = connectTls({ ...options, socket })
    if (tls.keyLogFile !== undefined) keepTlsKeys(secured, tls.keyLogFile)
    const fail = (error: Error): void => {
      socket.destroy()
      reject(new ChannelError('tls', error))
    }
    secured.once('error', fail)
    secured.once('secureConnect', () => {
      secured.off('error', fail)
      resolve(new SocketChannel('tls', secured))
    })
  })
}

async function openWebSocket(target: ChannelTarget): Promise<Channel> {
  const { host, port, tls } = target
  if (target.proxy !== null) throw new ChannelError('proxy', 'WebSocket through a SOCKS proxy is not supported')
  if (port === 0) throw new ChannelError('webSocket', 'WebSocket over a Unix socket is not supported')
  const { localAddress } = await localEnd(target)
  const { connectChannel } = await import('../../transport/connect.ts')
  try {
    if (tls === null) return await connectChannel({ transport: 'ws', host, port, localAddress })
    return await connectChannel({ transport: 'wss', host, port, localAddress, tls })
  } catch (error) {
    throw new ChannelError(kindOf(error) ?? (tls === null ? 'webSocket' : 'tls'), error)
  }
}

/** Null for what the operating system did not say. */
function kindOf(error: unknown): ChannelErrorKind | null {
  const single = error instanceof AggregateError ? error.errors.at(-1) : error
  if (/^(ENOTFOUND|EAI_)/.test(codeOf(single))) return 'lookup'
  return single instanceof Error && 'syscall' in single ? 'system' : null
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}
