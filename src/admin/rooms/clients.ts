/**
 * Rooms in which an operator ends what a client has: its connection, or its whole Session.
 */
import { z } from 'zod'
import { endSession } from '../../core/session/lifecycle.ts'
import { ReasonCode } from '../../protocol/reason-code.ts'
import { oneSession } from '../../server/requests/one-session.ts'
import { problem } from '../problem.ts'
import { nothing, type Room, room } from '../room.ts'

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
    handle: async ({ params: { clientIdentifier }, query: { account = null }, broker }) => {
      const { connection } = await oneSession(broker.state, clientIdentifier, account)
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
    handle: async ({ params: { clientIdentifier }, query: { account = null }, broker }) => {
      const session = await oneSession(broker.state, clientIdentifier, account)
      broker.act((core, nowMs, turn) => {
        const { connection } = session
        if (connection !== null) core.disconnect(connection, ReasonCode.AdministrativeAction, kicked, nowMs, turn)
        endSession(core.state, session, 'operator', nowMs, turn)
      })
      return nothing
    },
  }),
]
