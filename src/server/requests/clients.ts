/**
 * `$pabal/clients`: every Session; `$pabal/session`: those of one Client Identifier, with their Subscriptions.
 */
import { clients as allClients, type Presence, sessionsOf } from '../../core/query/clients.ts'
import type { RequestHandler } from './request-handler.ts'

const presences: readonly Presence[] = ['online', 'offline']

export const clients: RequestHandler = {
  permission: 'observe',
  fields: { presence: presences },
  answer: ({ state, fields }) => {
    const presence = presences.find((each) => each === fields.text('presence')) ?? null
    const facts = { sessions: state.sessions.size, connections: state.connections.size }
    return { facts, list: { name: 'clients', rows: allClients(state, presence) } }
  },
}

const advice = 'send the Client Identifier as the payload, or {"client": "..."}'

export const session: RequestHandler = {
  permission: 'observe',
  fields: { client: 'text', account: 'text' },
  bareField: 'client',
  answer: ({ state, fields }) => {
    const client = fields.neededText('client', advice)
    return { facts: { client }, list: { name: 'rows', rows: sessionsOf(state, client, fields.text('account')) } }
  },
}
