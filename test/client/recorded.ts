/**
 * A client of a broker with its HTTP API, with every request and answer held against the OpenAPI document.
 */
import { PabalClient } from '../../src/client/index.ts'
import { mustBeDocumented } from '../admin/documented.ts'

/** `recorded` gets each operation that was asked for. */
export function recordedClient(
  url: string,
  options: ConstructorParameters<typeof PabalClient>[0],
  recorded: Set<string> = new Set(),
) {
  const fetchRecorded: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    const { pathname } = new URL(String(input))
    const method = init?.method ?? 'GET'
    const type = response.headers.get('content-type') ?? ''
    const isLooked = type.includes('json') || response.body === null
    const text = isLooked ? await response.clone().text() : ''
    const body = isLooked ? (text === '' ? null : JSON.parse(text)) : undefined
    recorded.add(`${method.toLowerCase()} ${mustBeDocumented(method, pathname, response.status, type, body)}`)
    return response
  }
  return new PabalClient({ url, fetch: fetchRecorded, ...options })
}
