/**
 * A broker with its HTTP API, and requests to it as a client makes them: over a socket. Every answer is held against the document.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrokerOptions, httpAdmin } from '../../src/index.ts'
import type { BrokerParts } from '../../src/server/shell-owner.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import { mustBeDocumented } from './documented.ts'

export interface ApiAnswer {
  readonly status: number
  readonly headers: Headers
  /** Null for none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every form.
  readonly body: any
}

export interface TestApi extends AsyncDisposable {
  readonly at: TestBroker
  readonly url: string
  readonly firstPassword: string | null
  /** `path` is behind `/api/v1`, except those of health and metrics. */
  get(path: string, headers?: Record<string, string>): Promise<ApiAnswer>
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<ApiAnswer>
}

/** A directory that is removed when the test ends: declared before the broker that uses it. */
export function temporaryFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'pabal-admin-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}

interface Login {
  readonly login?: 'needed' | 'off'
  readonly requestTimeoutMs?: number
  readonly idleMs?: number
}

export async function startApi(
  options: BrokerOptions = {},
  parts: BrokerParts = {},
  { login = 'off', ...adminParts }: Login = {},
): Promise<TestApi> {
  const admin = httpAdmin({ listen: 'http://127.0.0.1:0', login }, adminParts)
  const at = await startTestBroker({ admin, ...options }, parts)
  const [url = ''] = at.broker.adminUrls
  const send: TestApi['send'] = async (method, path, body, headers = {}) => {
    const isOutside = /^\/(?:livez|readyz|healthz|metrics)$/.test(path)
    const whole = isOutside ? path : `/api/v1${path}`
    const json = body === undefined ? {} : { body: JSON.stringify(body) }
    const type = body === undefined ? {} : { 'content-type': 'application/json' }
    const response = await fetch(url + whole, { method, ...json, headers: { ...type, ...headers } })
    const answer = await answerOf(response)
    const contentType = response.headers.get('content-type') ?? ''
    const pathname = new URL(url + whole).pathname
    mustBeDocumented(
      method,
      pathname,
      answer.status,
      contentType,
      contentType.includes('json') || answer.body === null ? answer.body : undefined,
    )
    return answer
  }
  return {
    at,
    url,
    firstPassword: admin.firstPassword,
    get: (path, headers) => send('GET', path, undefined, headers),
    send,
    [Symbol.asyncDispose]: () => at.broker.stop(),
  }
}

async function answerOf(response: Response): Promise<ApiAnswer> {
  const { status, headers } = response
  const text = await response.text()
  const isJson = headers.get('content-type')?.includes('json') === true
  return { status, headers, body: text === '' ? null : isJson ? JSON.parse(text) : text }
}
