/**
 * `$pabal/history`: what has happened of late to the clients with one Client Identifier.
 */
import type { PastEvent } from '../client-history.ts'
import type { RequestHandler } from './request-handler.ts'

const advice = 'send the Client Identifier as the payload, or {"client": "..."}'

export const history: RequestHandler = {
  permission: 'observe',
  fields: { client: 'text', account: 'text' },
  bareField: 'client',
  answer: ({ history: kept, fields }) => {
    const client = fields.neededText('client', advice)
    const account = fields.text('account')
    function* rows() {
      for (const { atMs, event } of kept.of(client)) yield isOf(event, account) ? { atMs, ...event } : null
    }
    return { facts: { client, forgotten: kept.forgottenOf(client) }, list: { name: 'events', rows: rows() } }
  },
}

/** Who was refused before it logged in may have been anybody. Who was refused because of an account concerns that, too. */
function isOf(event: PastEvent['event'], account: string | null): boolean {
  if (account === null || !('account' in event) || event.account === account) return true
  return event.type === 'refused' && event.otherAccount === account
}
