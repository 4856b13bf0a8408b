/**
 * How requests go to the broker: where, as whom, and what comes back.
 *
 * Nothing but `fetch`: it runs in Node and in browsers. A browser keeps the cookie of a login itself, and shows it to nobody; elsewhere
 * it is kept here.
 */
import type { Me } from '../admin/api-types.ts'
import { errorOf, typeOf } from './api-error.ts'

/** Where the HTTP API is, and as whom it is asked. */
export interface PabalClientOptions {
  /**
   * `http://127.0.0.1:18083`: one of `broker.adminUrls`, or that of a proxy before it, with its path. Default: where the page comes
   * from, in a browser; elsewhere it must be given.
   */
  readonly url?: string
  /** An API key. Without one, `login` before anything that needs it. */
  readonly key?: string
  /** Is called as `fetch(url, init)`, for example to go through a proxy. Default: the `fetch` there is. */
  readonly fetch?: typeof globalThis.fetch
}

/** What holds for one request. */
export interface RequestOptions {
  /** Ends the request. */
  readonly signal?: AbortSignal
}

export interface Call extends RequestOptions {
  /** Behind `/api/v1`, except those of health and metrics; with `{name}` where the next of `params` stands. */
  readonly path: string
  readonly params?: readonly (string | number)[]
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** A status that has an answer rather than a problem: of a message that was refused, of a broker that is not ready. */
  readonly answersToo?: readonly number[]
}

const outside: ReadonlySet<string> = new Set(['/livez', '/readyz', '/healthz', '/metrics'])

export class Connection {
  readonly #base: string
  readonly #key: string | null
  readonly #fetch: typeof globalThis.fetch
  #cookie: string | null = null
  #csrfToken: string | null = null

  /** @throws a TypeError if the options name no place that can be asked. */
  constructor(options: PabalClientOptions) {
    const { url = '', key, fetch = globalThis.fetch } = options
    const fault = urlFault(options)
    if (fault !== null) throw new TypeError(`${fault}: new PabalClient({ url: 'http://127.0.0.1:18083' })`)
    this.#base = url.replace(/(?<!\/)\/+$/, '')
    this.#key = key ?? null
    // As a function: in a browser it must not be called as a method of something else.
    this.#fetch = (...request) => fetch(...request)
  }

  /** Whoever is logged in from now on; null: nobody. */
  set login(me: Me | null) {
    this.#csrfToken = me?.csrfToken ?? null
    if (me === null) this.#cookie = null
  }

  /** The answer, whatever its status. @throws what `fetch` throws if there is none. */
  async send(method: string, { path, params = [], query = {}, body, headers = {}, signal }: Call): Promise<Response> {
    const all: Record<string, string> = { accept: 'application/json', ...headers }
    if (this.#key !== null) all.authorization = `Bearer ${this.#key}`
    if (this.#cookie !== null) all.cookie = this.#cookie
    if (this.#csrfToken !== null && method !== 'GET') all['x-csrf-token'] = this.#csrfToken
    if (body !== undefined) all['content-type'] = 'application/json'
    const response = await this.#fetch(this.#urlOf(path, params, query), {
      method,
      headers: all,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    })
    this.#keepCookie(response)
    return response
  }

  /** The JSON of an answer; null if it has none. @throws ApiError */
  async ask<Answer>(method: string, call: Call): Promise<Answer> {
    const response = await this.send(method, call)
    const isAnswer = call.answersToo?.includes(response.status) === true && typeOf(response) === 'application/json'
    if (!response.ok && !isAnswer) throw await errorOf(response, `${method} ${call.path}`)
    const text = await response.text()
    // The broker's own answer: its schema stands behind the type.
    return (text === '' ? null : JSON.parse(text)) as Answer
  }

  #urlOf(path: string, params: readonly (string | number)[], query: NonNullable<Call['query']>): string {
    let next = 0
    const filled = path.replace(/\{\w+\}/g, () => encodeURIComponent(params[next++] ?? ''))
    const given = new URLSearchParams()
    for (const [name, value] of Object.entries(query)) if (value !== undefined) given.append(name, `${value}`)
    const search = given.size === 0 ? '' : `?${given}`
    return `${this.#base}${outside.has(path) ? '' : '/api/v1'}${filled}${search}`
  }

  /** Nobody can read it in a browser, which sends it by itself. */
  #keepCookie({ headers }: Response): void {
    const cookie = headers.get('set-cookie')
    if (cookie !== null) this.#cookie = cookie.split(';')[0] ?? null
  }
}

/** What it was given may come from a program without types: an address in the place of the options, above all. */
function urlFault(options: unknown): string | null {
  if (typeof options !== 'object' || options === null) return 'PabalClient takes one object'
  const url: unknown = Reflect.get(options, 'url')
  if (url === undefined) {
    const isPlaced = 'location' in globalThis || Reflect.get(options, 'fetch') !== undefined
    return isPlaced
      ? null
      : 'PabalClient must be given the url of the HTTP API where there is no page that comes from it'
  }
  if (typeof url === 'string' && /^(?:https?:\/\/[^/]|\/|$)/i.test(url)) return null
  return `PabalClient cannot reach ${JSON.stringify(url) ?? 'this url'}`
}
