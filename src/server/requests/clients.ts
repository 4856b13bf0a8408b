/**
 * `$pabal/clients`: every Session; `$pabal/session`: those of one Client Identifier, with their Subscriptions.
 */
import { clients as allClients, largestBacklogs, type Presence, sessionsOf } from '../../core/query/clients.ts'
import type { Query } from '../../core/query/row.ts'
import { RequestFault } from './request-fault.ts'
import type { RequestHandler } from './request-handler.ts'

const backlogsMax = 1000

const presences: readonly Presence[] = ['online', 'offline']

export const clients: RequestHandler = {
  permission: 'observe',
  fields: { presence: presences, like: 'text', account: 'text', backlogs: 'count' },
  answer: ({ state, fields }) => {
    const search = {
      presence: presences.find((each) => each === fields.text('presence')) ?? null,
      like: fields.text('like'),
      account: fields.text('account'),
    }
    const most = fields.count('backlogs')
    const searches = Object.values(search).some((each) => each !== null)
    if (most !== null && (searches || most > backlogsMax)) {
      const expected = `"backlogs" up to ${backlogsMax}, without "presence", "like" and "account"`
      throw new RequestFault(searches ? 'both' : `${most}`, expected, 'ask for one of them, or for fewer')
    }
    const rows = most === null ? allClients(state, search) : largestBacklogs(state, most)
    const facts = { sessions: state.sessions.size, connections: state.connections.size }
    return { facts, list: { name: 'clients', rows } }
  },
}

const advice = 'send the Client Identifier as the payload, or {"client": "..."}'

export const session: RequestHandler = {
  permission: 'observe',
  fields: { client: 'text', account: 'text', only: ['subscriptions'] },
  bareField: 'client',
  answer: ({ state, fields }) => {
    const client = fields.neededText('client', advice)
    const rows = sessionsOf(state, client, fields.text('account'))
    return {
      facts: { client },
      list: { name: 'rows', rows: fields.text('only') === null ? rows : subscriptionsIn(rows) },
    }
  },
}

function* subscriptionsIn(rows: ReturnType<typeof sessionsOf>): Query {
  for (const row of rows) yield row?.kind === 'subscription' ? row : null
}
