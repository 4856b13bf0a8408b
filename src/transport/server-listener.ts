/**
 * A listener on a server of Node: what TCP, TLS, Unix sockets and WebSocket have in common.
 *
 * The server is made at `listen`, so that certificates are read then and their faults are reported like a port in use.
 */
import type { ListenOptions, Server } from 'node:net'
import type { Certificates } from './certificates.ts'
import type { Listener, TransportName } from './channel.ts'
import type { Handshakes } from './handshakes.ts'
import { listenError } from './listen-error.ts'
import { formatHostPort, type ListenAddress } from './listen-url.ts'
import type { ListenerOptions } from './listener-options.ts'

/** Connections that may wait to be accepted: thousands come at once when a broker restarts. The system may allow fewer. */
const backlog = 4096

export interface AcceptingServer {
  readonly server: Server
  /** Of connections that are not channels yet; null where they become some at once. */
  readonly handshakes: Handshakes | null
  /** Null if it has none. */
  readonly certificates: Certificates | null
}

export class ServerListener implements Listener {
  readonly transport: TransportName
  readonly #address: ListenAddress
  readonly #createServer: () => AcceptingServer | Promise<AcceptingServer>
  readonly #acceptFailed: (error: Error) => void
  #accepting: AcceptingServer | null = null
  #url: string

  /** `createServer` may throw: `listen` then rejects with an error that names the URL. */
  constructor(
    address: ListenAddress,
    options: ListenerOptions,
    createServer: () => AcceptingServer | Promise<AcceptingServer>,
  ) {
    this.transport = address.transport
    this.#address = address
    this.#createServer = createServer
    this.#acceptFailed = options.acceptFailed
    this.#url = publicUrl(address, null)
  }

  get url(): string {
    return this.#url
  }

  async listen(): Promise<void> {
    const address = this.#address
    try {
      const accepting = await this.#createServer()
      const { server } = accepting
      await startListening(server, listenOptions(address))
      server.on('error', this.#acceptFailed)
      this.#accepting = accepting
      const bound = server.address()
      this.#url = publicUrl(address, typeof bound === 'object' && bound !== null ? bound.port : null)
    } catch (error) {
      throw listenError(address, error)
    }
  }

  async readCertificates(address: ListenAddress): Promise<(() => void) | null> {
    if (!('tls' in address)) return null
    try {
      return (await this.#accepting?.certificates?.read(address.tls)) ?? null
    } catch (error) {
      throw listenError(address, error)
    }
  }

  /** The system's socket is closed when this returns; nothing waits for the channels. */
  async close(): Promise<void> {
    const accepting = this.#accepting
    this.#accepting = null
    accepting?.server.close()
    accepting?.handshakes?.drop()
  }
}

function startListening(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(options, () => {
      server.removeListener('error', reject)
      resolve()
    })
  })
}

function listenOptions(address: ListenAddress): ListenOptions {
  if (address.transport === 'unix') return { path: address.path, backlog }
  return { host: address.host, port: address.port, backlog }
}

/** Without the query, which is no business of clients. `boundPort` is null before it is known. */
function publicUrl(address: ListenAddress, boundPort: number | null): string {
  if (address.transport === 'unix') return `unix://${encodeURI(address.path).replace(/[?#]/g, encodeURIComponent)}`
  const place = formatHostPort(address.host, boundPort ?? address.port)
  const path = address.transport === 'ws' || address.transport === 'wss' ? address.path : ''
  return `${address.transport}://${place}${path}`
}
