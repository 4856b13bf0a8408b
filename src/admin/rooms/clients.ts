/**
 * Rooms in which an operator ends what a client has: its connection, or its whole Session.
 */
import { z } from 'zod'
import { endSession } from '../../core/session/lifecycle.ts'
import type { Session } from '../../core/session/session.ts'
import type { CoreState } from '../../core/state.ts'
import { ReasonCode } from '../../protocol/reason-code.ts'
import { problem } from '../problem.ts'
import { nothing, type Room, room } from '../room.ts'
import { noSession } from './looking.ts'

const params = { clientIdentifier: z.string().describe('The Client Identifier, percent-encoded') }
const query = {
  account: z.string().optional().describe('Of the Session; needed where accounts share Client Identifiers'),
}
const kicked = 'an operator has ended the connection'

export const clientRooms: readonly Room[] = [
  room({
    method: 'delete',
    path: '/clients/{clientIdentifier}',
    tag: 'Clients',
    summary: 'Ends the connection of a client (0x98 Administrative action). Its Session stays as long as it was to.',
    scope: 'admin',
    params,
    query,
    answers: { 204: { description: 'It is disconnected', schema: null } },
    handle: ({ params: { clientIdentifier }, query: { account }, broker }) => {
      const { connection } = sessionOf(broker.state, clientIdentifier, account)
      if (connection === null) {
        const advice = 'end its Session with DELETE /api/v1/sessions/{clientIdentifier}, if that is what you want'
        throw problem('conflict', 'path.clientIdentifier', 'a client that is not connected', 'one that is', advice)
      }
      broker.act((core, nowMs, turn) => {
        core.disconnect(connection, ReasonCode.AdministrativeAction, kicked, nowMs, turn)
      })
      return nothing
    },
  }),
  room({
    method: 'delete',
    path: '/sessions/{clientIdentifier}',
    tag: 'Clients',
    summary: 'Ends a Session: its Subscriptions and all that waits for it are gone, and its connection is closed.',
    scope: 'admin',
    params,
    query,
    answers: { 204: { description: 'It is gone', schema: null } },
    handle: ({ params: { clientIdentifier }, query: { account }, broker }) => {
      const session = sessionOf(broker.state, clientIdentifier, account)
      broker.act((core, nowMs, turn) => {
        const { connection } = session
        if (connection !== null) core.disconnect(connection, ReasonCode.AdministrativeAction, kicked, nowMs, turn)
        endSession(core.state, session, 'operator', nowMs, turn)
      })
      return nothing
    },
  }),
]

/** @throws HttpProblem if there is none, or more than one. */
function sessionOf({ sessions }: CoreState, clientIdentifier: string, account: string | undefined): Session {
  const found: Session[] = []
  for (const each of sessions.values()) {
    const isWanted = each.clientIdentifier === clientIdentifier && (account === undefined || each.account === account)
    if (isWanted) found.push(each)
  }
  const [session] = found
  if (session === undefined) throw noSession(clientIdentifier)
  if (found.length === 1) return session
  const accounts = found.map((each) => JSON.stringify(each.account)).join(', ')
  throw problem(
    'conflict',
    'query.account',
    `Sessions of the accounts ${accounts.slice(0, 300)}`,
    'one of them',
    'add ?account=',
  )
}
