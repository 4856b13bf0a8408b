/**
 * The administrator of a broker that has just been started for the first time, as far as its output tells.
 */
import assert from 'node:assert/strict'

export interface AdminLogin {
  readonly url: string
  readonly password: string
  /** For every request, also those that change something. */
  readonly headers: Readonly<Record<string, string>>
}

export async function logIn(printed: string): Promise<AdminLogin> {
  const url = /HTTP API on (\S+)/.exec(printed)?.[1] ?? ''
  const password = /as admin with the password (\S+)/.exec(printed)?.[1] ?? ''
  const type = { 'content-type': 'application/json' }
  const body = JSON.stringify({ username: 'admin', password })
  const response = await fetch(`${url}/api/v1/login`, { method: 'POST', headers: type, body })
  assert.equal(response.status, 200)
  const token = /"csrfToken":"([^"]+)"/.exec(await response.text())?.[1] ?? ''
  const cookie = response.headers.get('set-cookie')?.split(';')[0] ?? ''
  return { url, password, headers: { ...type, cookie, 'x-csrf-token': token } }
}
