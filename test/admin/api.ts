/**
 * A broker with its HTTP API, and requests to it as a client makes them: over a socket.
 */
import { type BrokerOptions, httpAdmin } from '../../src/index.ts'
import type { BrokerParts } from '../../src/server/embedded-broker.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'

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
  get(path: string): Promise<ApiAnswer>
  send(method: string, path: string, body?: unknown): Promise<ApiAnswer>
}

export async function startApi(options: BrokerOptions = {}, parts: BrokerParts = {}): Promise<TestApi> {
  const admin = httpAdmin({ listen: 'http://127.0.0.1:0' })
  const at = await startTestBroker({ admin, ...options }, parts)
  const [url = ''] = at.broker.adminUrls
  const send = async (method: string, path: string, body?: unknown): Promise<ApiAnswer> => {
    const json =
      body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
    const response = await fetch(`${url}/api/v1${path}`, { method, ...json })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) }
  }
  return { at, url, get: (path) => send('GET', path), send, [Symbol.asyncDispose]: () => at.broker.stop() }
}
