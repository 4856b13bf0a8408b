/**
 * Lets in who may enter a room: with an API key, with the cookie of a login, or, where the operator has turned logins off,
 * anybody on this machine.
 *
 * A browser sends the cookie whoever has made it ask, and where nobody logs in it needs none. So a change needs the token that only our
 * own page knows, and what says that it comes from another page is refused, whatever it shows and even if it only looks.
 */
import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { BrokerAccess } from '../../server/admin-part.ts'
import { isForwarded, isHostOfThisMachine } from '../../transport/this-machine.ts'
import type { ApiKey } from '../api-types.ts'
import { problem } from '../problem.ts'
import type { Room } from '../room.ts'
import { Attempts } from './attempts.ts'
import { Logins } from './logins.ts'
import { mayEnter, type Principal, scopes } from './principal.ts'
import type { Vault } from './vault.ts'

const anybody: Principal = Object.freeze({
  id: 'anybody',
  name: 'anybody on this machine',
  kind: 'anonymous',
  scopes,
  csrfToken: null,
  expiresAtMs: null,
})
export const unknown: Principal = Object.freeze({ ...anybody, id: 'unknown', name: 'unknown', scopes: [] })

/** What is looked at of a request. */
export type Asking = Pick<IncomingMessage, 'headers'> & { readonly socket: Pick<Socket, 'remoteAddress'> }

export class Doorkeeper {
  readonly logins = new Logins()
  readonly attempts = new Attempts()
  /** Null until the data directory is open. */
  vault: Vault | null = null
  readonly #needsLogin: boolean
  /** With TLS, and a name that browsers take over TLS only. */
  readonly #isSecure: boolean
  readonly #broker: BrokerAccess

  constructor(broker: BrokerAccess, needsLogin: boolean, isSecure: boolean) {
    this.#broker = broker
    this.#needsLogin = needsLogin
    this.#isSecure = isSecure
  }

  /** Who it is: known also where the room is not for them. @throws HttpProblem */
  recognise(incoming: Asking, room: Room): Principal {
    // Some requests that only look do something, too: who subscribes takes messages from a shared group.
    if (room.method !== 'get' || room.isOutside !== true) refuseOtherPages(incoming)
    return room.scope === null ? unknown : this.#find(incoming, room)
  }

  /** @throws HttpProblem */
  admit(incoming: Asking, principal: Principal, room: Room): void {
    if (room.scope === null) return
    if (principal.kind === 'session' && room.method !== 'get') checkCsrfToken(incoming, principal)
    if (room.scope === 'any') return
    const opening = room.alsoFor === undefined ? [room.scope] : [room.scope, room.alsoFor]
    if (opening.some((scope) => mayEnter(principal, scope))) return
    const found = principal.scopes.join(', ')
    throw problem('forbidden', 'the API key', found, `one with the scope ${opening.join(' or ')}`, 'use another key')
  }

  /** Whoever was let in might be by now in no more: logged out, the key taken back. */
  isStillIn(principal: Principal, nowMs: number): boolean {
    if (principal.kind === 'session') return this.logins.has(principal, nowMs)
    if (principal.kind === 'anonymous') return true
    return this.vault?.keys.some((key) => idOf(key) === principal.id && (key.expiresAtMs ?? nowMs + 1) > nowMs) ?? false
  }

  get cookieName(): string {
    return this.#isSecure ? '__Host-pabal-session' : 'pabal-session'
  }

  /** `token` empty takes the cookie away. */
  cookie(token: string, secondsMax: number): string {
    const secure = this.#isSecure ? '; Secure' : ''
    return `${this.cookieName}=${token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${secondsMax}${secure}`
  }

  #find(incoming: Asking, room: Room): Principal {
    const nowMs = this.#broker.nowMs()
    const { authorization } = incoming.headers
    if (authorization !== undefined) return this.#findKey(incoming, authorization, nowMs)
    if (!this.#needsLogin) return anybody
    const token = cookieOf(incoming, this.cookieName)
    const login = token === null ? null : this.logins.find(token, nowMs)
    if (login !== null) return login
    if (room.opensForThisMachine === true && isFromThisMachine(incoming)) return { ...unknown, scopes: ['observe'] }
    const advice = 'send an API key as Authorization: Bearer KEY, or log in with POST /api/v1/login'
    const found = token === null ? 'neither an API key nor a login' : 'a login that has ended'
    throw problem('unauthenticated', 'the request', found, 'one of them', advice, { 'www-authenticate': 'Bearer' })
  }

  #findKey(incoming: Asking, authorization: string, nowMs: number): Principal {
    const { vault } = this
    if (vault === null) throw problem('unavailable', 'the broker', 'one that is starting', 'one that runs', 'ask again')
    // Nobody guesses a key, and whoever has one is not locked out by those who try, behind the same proxy for example.
    const key = vault.findKey(keyTextOf(authorization), nowMs)
    if (key !== null) return principalOf(key)
    const address = incoming.socket.remoteAddress ?? ''
    this.attempts.check(address, nowMs)
    this.attempts.failed(address, nowMs)
    const advice = 'make a key with POST /api/v1/api_key'
    const headers = { 'www-authenticate': 'Bearer' }
    throw problem('unauthenticated', 'header.authorization', 'no key that is known', 'Bearer KEY', advice, headers)
  }
}

function principalOf(key: ApiKey): Principal {
  const { name, scopes: given, expiresAtMs } = key
  return { id: idOf(key), name, kind: 'key', scopes: given, csrfToken: null, expiresAtMs }
}

function idOf({ id }: ApiKey): string {
  return `key ${id}`
}

/** `Bearer KEY`, or the key as the password of Basic authentication, for programs that know nothing else. */
function keyTextOf(authorization: string): string {
  const [, scheme = '', rest = ''] = /^(\w+) +(\S+)$/.exec(authorization) ?? []
  if (scheme.toLowerCase() === 'bearer') return rest
  if (scheme.toLowerCase() !== 'basic') return ''
  const text = Buffer.from(rest, 'base64').toString()
  return text.slice(text.indexOf(':') + 1)
}

function cookieOf({ headers }: Asking, name: string): string | null {
  for (const part of (headers.cookie ?? '').split(';')) {
    const [found, value = ''] = part.trim().split('=', 2)
    if (found === name && value !== '') return value
  }
  return null
}

/** What a browser says of where a request comes from cannot be forged by a page. @throws HttpProblem */
function refuseOtherPages({ headers }: Asking): void {
  const site = headers['sec-fetch-site']
  const advice = 'use the page of this broker, or a program with an API key'
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    throw problem('forbidden', 'header.sec-fetch-site', JSON.stringify(site).slice(0, 100), 'same-origin', advice)
  }
  const { origin, host } = headers
  if (origin === undefined || URL.parse(origin)?.host === URL.parse(`http://${host}`)?.host) return
  throw problem('forbidden', 'header.origin', JSON.stringify(origin.slice(0, 200)), 'the host that was asked', advice)
}

/** @throws HttpProblem */
function checkCsrfToken({ headers }: Asking, { csrfToken }: Principal): void {
  const given = Buffer.from(String(headers['x-csrf-token'] ?? ''))
  const wanted = Buffer.from(csrfToken ?? '')
  if (given.length === wanted.length && timingSafeEqual(given, wanted)) return
  const found = given.length === 0 ? 'none' : 'another one'
  const advice = 'send csrfToken of POST /api/v1/login or GET /api/v1/me'
  throw problem('forbidden', 'header.x-csrf-token', found, 'the token of the login', advice)
}

/** What a proxy passes on comes from somewhere else. */
function isFromThisMachine({ socket, headers }: Asking): boolean {
  const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
  return isHostOfThisMachine(address) && !isForwarded(headers)
}
