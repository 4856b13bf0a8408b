/**
 * Who is logged in to the page: a random token in a cookie, of which only the hash is kept, and a second one that every change
 * must show, which no other page can know.
 */
import { createHash, randomBytes } from 'node:crypto'
import { type Principal, scopes } from './principal.ts'
import { adminName } from './vault.ts'

const idleMsMax = 60 * 60 * 1000
const ageMsMax = 12 * 60 * 60 * 1000
const loginsMax = 100

interface Login {
  readonly principal: Principal
  readonly endsAtMs: number
  usedAtMs: number
}

export class Logins {
  readonly #logins = new Map<string, Login>()

  /** The oldest one makes room. */
  begin(nowMs: number): { readonly token: string; readonly principal: Principal; readonly secondsMax: number } {
    for (const [key, login] of this.#logins) if (hasEnded(login, nowMs)) this.#logins.delete(key)
    const [oldest] = this.#logins.keys()
    if (oldest !== undefined && this.#logins.size >= loginsMax) this.#logins.delete(oldest)
    const token = randomBytes(32).toString('base64url')
    const principal: Principal = Object.freeze({
      id: `session ${randomBytes(8).toString('hex')}`,
      name: adminName,
      kind: 'session',
      scopes,
      csrfToken: randomBytes(32).toString('base64url'),
      expiresAtMs: nowMs + ageMsMax,
    })
    this.#logins.set(keyOf(token), { principal, endsAtMs: nowMs + ageMsMax, usedAtMs: nowMs })
    return { token, principal, secondsMax: ageMsMax / 1000 }
  }

  find(token: string, nowMs: number): Principal | null {
    const login = this.#logins.get(keyOf(token))
    if (login === undefined || hasEnded(login, nowMs)) return null
    login.usedAtMs = nowMs
    return login.principal
  }

  /** Does not count as use. */
  has(principal: Principal, nowMs: number): boolean {
    for (const login of this.#logins.values()) if (login.principal === principal) return !hasEnded(login, nowMs)
    return false
  }

  end(principal: Principal): void {
    for (const [key, login] of this.#logins) if (login.principal === principal) this.#logins.delete(key)
  }

  /** The password has changed: everybody else logs in again. */
  endOthers(principal: Principal): void {
    for (const [key, login] of this.#logins) if (login.principal !== principal) this.#logins.delete(key)
  }
}

function keyOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}

function hasEnded({ endsAtMs, usedAtMs }: Login, nowMs: number): boolean {
  return endsAtMs <= nowMs || usedAtMs + idleMsMax <= nowMs
}
