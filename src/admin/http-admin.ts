/**
 * The HTTP API of a broker, on a listener of its own.
 */
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http'
import type { AdminPart, BrokerAccess } from '../server/admin-part.ts'
import type { EffectiveValue } from '../server/config/effective.ts'
import type { ReloadReport } from '../server/config/running-config.ts'
import { Certificates } from '../transport/certificates.ts'
import { ListenError, ListenFault } from '../transport/listen-error.ts'
import { http, https } from '../transport/node-http.ts'
import { Administration } from './administration.ts'
import { LateHandler } from './late-handler.ts'
import { type AdminAddress, AdminAddressError, defaultAdminUrl, parseAdminUrl } from './listen-address.ts'
import { Doorkeeper } from './security/doorkeeper.ts'
import { answerBadRequest, refuseOtherHosts, setSafetyHeaders } from './security/first-look.ts'
import { Vault } from './security/vault.ts'

/** How the HTTP API and the dashboard can be reached: docs/operating/http-api.md. */
export interface HttpAdminOptions {
  /** `http://127.0.0.1:18083`, which is the default, or `https://HOST:PORT?cert=FILE&key=FILE`. A port of 0 takes a free one. */
  listen?: string
  /** What to do if another program listens there: `fail`, which is the default, or `go-on` without the API. */
  whenInUse?: 'fail' | 'go-on'
  /** `off` lets in whoever asks from this machine, which only works where no other one can. Default `needed`. */
  login?: 'needed' | 'off'
  /** The configuration that the broker was started with, if it was started with one; null until it is there. */
  configuration?: () => Configuration | null
}

/** What is written in files, environment and flags, and a way to read it again. */
export interface Configuration {
  readonly values: readonly EffectiveValue[]
  /** @throws ConfigError with every fault; nothing has changed then. */
  reload(): Promise<ReloadReport>
}

/** What is not for everybody: tests put their own in. */
export interface HttpAdminParts {
  /** Milliseconds for a whole request. */
  requestTimeoutMs?: number
  /** Milliseconds in which nothing goes either way. */
  idleMs?: number
}

/** What one request may take, so that nobody holds a place by being slow. */
const serverOptions: ServerOptions = {
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 1000,
  maxHeaderSize: 16 * 1024,
}
/** For its headers, and for the whole of it. */
const headersMsMax = 10_000
const requestMsMax = 20_000
/** Connections at one time. */
const connectionsMax = 256
/** Nothing goes either way for so long: the connection is cut. Streams of events are never silent for so long. */
const idleMsMax = 60_000

/** Makes the HTTP API for `createBroker({ admin })`. @throws an Error if it cannot listen so, with what to do. */
export function httpAdmin(options: HttpAdminOptions = {}, parts: HttpAdminParts = {}): AdminPart {
  return new HttpAdmin(options, parts)
}

class HttpAdmin implements AdminPart {
  readonly #address: AdminAddress
  readonly #whenInUse: 'fail' | 'go-on'
  #server: Server | null = null
  #certificates: Certificates | null = null
  #administration: Administration | null = null
  #handler: LateHandler | null = null
  #closing = new AbortController()
  #urls: readonly string[] = []
  #doorkeeper: Doorkeeper | null = null
  #directory: string | null = null
  firstPassword: string | null = null
  readonly #needsLogin: boolean
  readonly #configuration: () => Configuration | null
  readonly #requestTimeoutMs: number
  readonly #idleMs: number

  constructor(
    { listen = defaultAdminUrl, whenInUse = 'fail', login = 'needed', configuration = () => null }: HttpAdminOptions,
    { requestTimeoutMs = requestMsMax, idleMs = idleMsMax }: HttpAdminParts,
  ) {
    this.#address = parseAdminUrl(listen)
    this.#whenInUse = whenInUse
    this.#needsLogin = login !== 'off'
    this.#requestTimeoutMs = requestTimeoutMs
    this.#idleMs = idleMs
    this.#configuration = configuration
    if (!this.#needsLogin && !this.#address.isLoopback) {
      throw new AdminAddressError(
        `login: 'off' on ${listen}`,
        'an address of this machine only',
        'Use http://127.0.0.1:18083',
      )
    }
  }

  get urls(): readonly string[] {
    return this.#urls
  }

  async start(broker: BrokerAccess): Promise<void> {
    this.#closing = new AbortController()
    const administration = new Administration(this.#configuration)
    const doorkeeper = new Doorkeeper(broker, this.#needsLogin, this.#address.scheme === 'https')
    const handler = new LateHandler({ broker, administration, doorkeeper, closing: this.#closing.signal })
    const { hostNames, scheme: spoken } = this.#address
    const server = await this.#createServer((incoming, outgoing) => {
      setSafetyHeaders(outgoing, spoken === 'https')
      if (refuseOtherHosts(incoming, outgoing, hostNames)) return
      void handler.answer(incoming, outgoing)
    })
    server.on('clientError', answerBadRequest)
    server.maxConnections = connectionsMax
    server.setTimeout(this.#idleMs)
    if (!(await listen(server, this.#address, this.#whenInUse))) return
    administration.start(broker)
    this.#server = server
    this.#administration = administration
    this.#handler = handler
    this.#doorkeeper = doorkeeper
    this.#directory = broker.store.directory
    const bound = server.address()
    const port = typeof bound === 'object' && bound !== null ? bound.port : this.#address.port
    const { scheme, host } = this.#address
    this.#urls = [`${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`]
  }

  async opened(): Promise<void> {
    if (this.#doorkeeper !== null) this.#doorkeeper.vault = await Vault.read(this.#directory)
  }

  async listening(): Promise<void> {
    const doorkeeper = this.#doorkeeper
    if (doorkeeper === null) return
    doorkeeper.vault ??= await Vault.make(this.#directory)
    if (this.#closing.signal.aborted) return
    this.firstPassword = this.#needsLogin ? doorkeeper.vault.firstPassword : null
    this.#handler?.loadSoon()
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = null
    this.#certificates = null
    this.#urls = []
    this.#closing.abort()
    this.#administration?.stop()
    this.#handler?.stop()
    if (server === null) return
    await new Promise<void>((resolve) => {
      server.close(() => resolve())
      // What was being answered has a moment to leave.
      setImmediate(() => server.closeIdleConnections())
      setTimeout(() => server.closeAllConnections(), 500).unref()
    })
  }

  async readCertificates(): Promise<(() => void) | null> {
    const { tls } = this.#address
    if (this.#certificates === null || tls === null) return null
    try {
      return await this.#certificates.read(tls)
    } catch (error) {
      throw certificateFault(error, this.#address)
    }
  }

  async #createServer(handle: (incoming: IncomingMessage, outgoing: ServerResponse) => void): Promise<Server> {
    const { tls } = this.#address
    const requestTimeout = this.#requestTimeoutMs
    const options = { ...serverOptions, requestTimeout, headersTimeout: Math.min(headersMsMax, requestTimeout) }
    if (tls === null) return http.createServer(options, handle)
    try {
      this.#certificates = await Certificates.load(tls)
      return this.#certificates.serve((certificates) => https.createServer({ ...options, ...certificates }, handle))
    } catch (error) {
      throw certificateFault(error, this.#address)
    }
  }
}

/** In the words of any listener that has a certificate. */
function certificateFault(error: unknown, { url }: AdminAddress): unknown {
  return error instanceof ListenFault ? new ListenError(url, error, error.cause) : error
}

/** False if another program listens there and that is no fault. */
function listen(server: Server, { host, port, url }: AdminAddress, whenInUse: 'fail' | 'go-on'): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' && whenInUse === 'go-on') resolve(false)
      else reject(listenFault(error, url))
    })
    server.listen({ host, port }, () => resolve(true))
  })
}

function listenFault(error: NodeJS.ErrnoException, url: string): Error {
  const inUse = error.code === 'EADDRINUSE'
  const why = inUse ? 'another program already listens there' : error.message
  const advice = 'Choose another address with --admin (in the file: admin.listen), or turn it off with --admin off'
  return new Error(`Cannot open the HTTP API on ${url}: ${why}.\n${advice}.`, { cause: error })
}
