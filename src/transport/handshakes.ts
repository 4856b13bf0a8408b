/**
 * Connections that are not channels yet: their proxy's header, their TLS handshake or their WebSocket handshake is still to come.
 *
 * Each has one deadline, from its arrival until it is a channel, whatever it sends meanwhile. Their number is bounded: above it the one
 * that has waited longest makes room, so that whoever opens connections and says nothing keeps nobody else out. Each that comes to
 * nothing is reported once, unless it was given an answer or the listener was closed.
 */
import type { Server, Socket } from 'node:net'
import { formatHostPort, type ListenAddress } from './listen-url.ts'
import type { ListenerOptions, Turned } from './listener-options.ts'
import { type ProxiedClient, ProxyHeaderFault, readProxyHeader } from './proxy-header.ts'
import { ProxySources } from './proxy-sources.ts'
import { formatRemoteAddress } from './socket-support.ts'

/** What a connection is doing, for the report. */
type Stage = 'its PROXY header' | 'its TLS handshake' | 'its WebSocket handshake'

interface Waiting {
  readonly key: string
  readonly socket: Socket
  /** As it is known so far: the proxy's own until its header has been read. */
  remoteAddress: string
  stage: Stage
  isAnswered: boolean
  readonly timer: NodeJS.Timeout
  readonly whenClosed: () => void
}

export class Handshakes {
  readonly #server: Server
  readonly #options: ListenerOptions
  /** Null where clients come by themselves. */
  readonly #proxies: ProxySources | null
  readonly #firstStage: Stage
  /** By both ends of the connection, which TLS has in common with the socket beneath it. The oldest come first. */
  readonly #waiting = new Map<string, Waiting>()
  readonly #serve: readonly ((socket: Socket) => void)[]

  /** Steps before what `server` does with a connection: that follows once a proxy's header has been read. */
  constructor(server: Server, address: Exclude<ListenAddress, { transport: 'unix' }>, options: ListenerOptions) {
    this.#server = server
    this.#options = options
    this.#proxies = address.proxies.length > 0 ? new ProxySources(address.proxies) : null
    this.#firstStage = 'tls' in address ? 'its TLS handshake' : 'its WebSocket handshake'
    // Servers of Node have theirs as any other listener to this event.
    this.#serve = server.listeners('connection') as ((socket: Socket) => void)[]
    server.removeAllListeners('connection')
    server.on('connection', (socket: Socket) => this.#arrive(socket))
  }

  /** This connection, or the one beneath its TLS, is to become a channel: the address of its client; null if it is over already. */
  finish(socket: Socket): string | null {
    const waiting = this.#waiting.get(keyOf(socket))
    if (waiting === undefined) return null
    this.#forget(waiting)
    return waiting.remoteAddress
  }

  /** Whose connection it is, as far as is known. */
  remoteAddressOf(socket: Socket): string {
    return this.#waiting.get(keyOf(socket))?.remoteAddress ?? formatRemoteAddress(socket)
  }

  /** The TLS handshake is done; that of WebSocket follows. */
  secured(socket: Socket): void {
    const waiting = this.#waiting.get(keyOf(socket))
    if (waiting !== undefined) waiting.stage = 'its WebSocket handshake'
  }

  /** It was told why it is not let in, in its own protocol. Its deadline holds on. */
  answered(socket: Socket): void {
    const waiting = this.#waiting.get(keyOf(socket))
    if (waiting !== undefined) waiting.isAnswered = true
  }

  /** Its TLS handshake has failed. */
  failed(socket: Socket, error: Error): void {
    const waiting = this.#waiting.get(keyOf(socket))
    if (waiting === undefined) socket.destroy()
    else this.#turnAway(waiting, { type: 'failed', reason: `${waiting.stage} failed: ${reasonOf(error)}` })
  }

  /** Without a report: the listener was closed. */
  drop(): void {
    for (const waiting of [...this.#waiting.values()]) {
      this.#forget(waiting)
      waiting.socket.destroy()
    }
  }

  #arrive(socket: Socket): void {
    // A peer may be gone before it is accepted.
    if (socket.remoteAddress === undefined) return void socket.destroy()
    const key = keyOf(socket)
    const seconds = this.#options.handshakeTimeoutMs() / 1000
    const waiting: Waiting = {
      key,
      socket,
      remoteAddress: formatRemoteAddress(socket),
      stage: this.#proxies === null ? this.#firstStage : 'its PROXY header',
      isAnswered: false,
      timer: setTimeout(() => {
        this.#turnAway(waiting, { type: 'slow', reason: `${waiting.stage} was not complete within ${seconds} seconds` })
      }, seconds * 1000),
      whenClosed: () => {
        this.#turnAway(waiting, { type: 'failed', reason: `the connection was closed before ${waiting.stage}` })
      },
    }
    // The system may give the numbers of a connection to another before it is told that the first is closed.
    const former = this.#waiting.get(key)
    if (former !== undefined) this.#forget(former)
    this.#waiting.set(key, waiting)
    this.#options.handshakesChanged(1)
    socket.once('close', waiting.whenClosed)
    this.#makeRoom()
    if (socket.destroyed) return
    if (this.#proxies === null) this.#handOn(socket)
    else if (this.#proxies.include(socket.remoteAddress)) this.#awaitHeader(waiting)
    else this.#turnAway(waiting, { type: 'untrusted', reason: 'its address is not among those of proxyFrom' })
  }

  #makeRoom(): void {
    for (const waiting of this.#waiting.values()) {
      if (this.#waiting.size <= this.#options.handshakesMax()) return
      const reason = `too many connections at once were still waiting for ${waiting.stage}, and this one longest`
      this.#turnAway(waiting, { type: 'crowded', reason })
    }
  }

  #awaitHeader(waiting: Waiting): void {
    const { socket } = waiting
    let received: Buffer = Buffer.alloc(0)
    const read = (): void => {
      // Without a number of bytes and an encoding, what is read is a Buffer.
      const chunk = socket.read() as Buffer | null
      if (chunk === null) return
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
      const header = this.#header(received, waiting)
      if (header === null) return
      socket.off('readable', read).off('end', ended)
      if (header.size < received.length) socket.unshift(received.subarray(header.size))
      waiting.remoteAddress = addressOf(header.client, waiting.remoteAddress)
      waiting.stage = this.#firstStage
      // The stream is as if nobody had read from it once it has noticed that nobody listens any more.
      process.nextTick(() => {
        if (socket.destroyed) return
        socket.off('error', failed)
        this.#handOn(socket)
      })
    }
    // Some servers leave their end open, for more to be sent; here there is nothing to wait for.
    const ended = (): void => void socket.destroy()
    // What went wrong is of no interest: `close` follows.
    const failed = (): void => {}
    socket.on('readable', read).on('end', ended).on('error', failed)
  }

  /** Null if there is none yet, or never. */
  #header(received: Buffer, waiting: Waiting) {
    try {
      return readProxyHeader(received)
    } catch (error) {
      if (!(error instanceof ProxyHeaderFault)) throw error
      this.#turnAway(waiting, { type: 'malformed', reason: error.message })
      return null
    }
  }

  #handOn(socket: Socket): void {
    for (const serve of this.#serve) serve.call(this.#server, socket)
  }

  #turnAway(waiting: Waiting, turned: Turned): void {
    this.#forget(waiting)
    waiting.socket.destroy()
    if (!waiting.isAnswered) this.#options.turnedAway(waiting.remoteAddress, turned)
  }

  #forget(waiting: Waiting): void {
    clearTimeout(waiting.timer)
    // A connection that has become a channel may live for months: nothing of this shall live with it.
    waiting.socket.off('close', waiting.whenClosed)
    if (this.#waiting.get(waiting.key) !== waiting) return
    this.#waiting.delete(waiting.key)
    this.#options.handshakesChanged(-1)
  }
}

function keyOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`
}

function addressOf(client: ProxiedClient, addressOfProxy: string): string {
  if (client.type === 'known') return formatHostPort(client.address, client.port)
  // Whoever is behind a proxy that does not know is not on this machine only because the proxy is.
  return client.type === 'proxy' ? addressOfProxy : 'unknown'
}

/** What OpenSSL says in its own words, without where in its source. */
function reasonOf(error: Error): string {
  const reason: unknown = 'reason' in error ? error.reason : null
  return typeof reason === 'string' ? reason : error.message
}
