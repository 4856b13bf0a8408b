/**
 * How many clients are connected through each listener.
 */
import type { Query } from '../core/query/row.ts'
import type { BrokerAccess } from '../server/admin-part.ts'
import type { Listener } from './api-types.ts'

export function* connectionsByListener({ state, listenUrls }: BrokerAccess): Query<Listener> {
  const counts = new Map<string, number>(listenUrls.map((url) => [url, 0]))
  for (const { origin } of state.connections) {
    const count = counts.get(origin.listener)
    if (count !== undefined) counts.set(origin.listener, count + 1)
    yield null
  }
  for (const [url, connections] of counts) yield { url, transport: url.slice(0, url.indexOf(':')), connections }
}
