/**
 * Rooms in which an operator changes or ends what a client has: its connection, its Subscriptions, its queue, its whole Session.
 */
import { z } from 'zod'
import { ReasonCode } from '../../protocol/reason-code.ts'
import { oneSession } from '../../server/requests/one-session.ts'
import { problem } from '../problem.ts'
import { askPage, nothing, type Room, reply, room, type Visit } from '../room.ts'
import { purgedSchema } from '../schemas/answers.ts'
import { subscribeSchema } from '../schemas/bodies.ts'
import { accountQuery } from '../schemas/queries.ts'
import { subscriberSchema } from '../schemas/rows.ts'

const params = { clientIdentifier: z.string().describe('The Client Identifier, percent-encoded') }
const kicked = 'an operator has ended the connection'

export const clientRooms: readonly Room[] = [
  room({
    method: 'delete',
    path: '/clients/{clientIdentifier}',
    tag: 'Clients',
    summary: 'Ends the connection of a client (0x98 Administrative action). Its Session stays as long as it was to.',
    scope: 'admin',
    params,
    query: accountQuery,
    answers: { 204: { description: 'It is disconnected', schema: null } },
    handle: ({ params: { clientIdentifier }, query: { account = null }, broker }) => {
      const { connection } = oneSession(broker.state, clientIdentifier, account)
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
    query: accountQuery,
    answers: { 204: { description: 'It is gone', schema: null } },
    handle: async (visit) => {
      await askPage(visit, 'session-end', whose(visit), {})
      return nothing
    },
  }),
  room({
    method: 'post',
    path: '/clients/{clientIdentifier}/subscribe',
    tag: 'Clients',
    summary: 'Subscribes a client, or changes a Subscription that it has. The client itself is not told.',
    description: 'Nobody is asked whether the client may. A Subscription that is to outlast its connection is durable.',
    scope: 'admin',
    params,
    query: accountQuery,
    body: subscribeSchema,
    answers: { 200: { description: 'The Subscription as it is now', schema: subscriberSchema } },
    handle: async (visit) => {
      const { topic: filter, qos = 0, nl, rap, rh: retainHandling = 0 } = visit.body
      const options = { filter, qos, noLocal: nl === 1, retainAsPublished: rap === 1, retainHandling }
      const { facts } = await askPage(visit, 'session-subscribe', { ...whose(visit), ...options }, {})
      return reply(Reflect.get(facts, 'subscription'))
    },
  }),
  room({
    method: 'delete',
    path: '/clients/{clientIdentifier}/subscriptions/{filter}',
    tag: 'Clients',
    summary: 'Ends a Subscription of a client, which is not told. What waits for it already stays.',
    scope: 'admin',
    params: { ...params, filter: z.string().describe('As the client sent it, $share/NAME/ included, percent-encoded') },
    query: accountQuery,
    answers: { 204: { description: 'It is gone, durably', schema: null } },
    handle: async (visit) => {
      await askPage(visit, 'session-unsubscribe', { ...whose(visit), filter: visit.params.filter }, {})
      return nothing
    },
  }),
  room({
    method: 'delete',
    path: '/clients/{clientIdentifier}/mqueue_messages',
    tag: 'Clients',
    summary: 'Gives up what waits for a client at this moment, but not what is in flight.',
    description: 'Each copy has the fate droppedByOperator, and all of it is durable when the answer comes.',
    scope: 'admin',
    params,
    query: accountQuery,
    answers: { 200: { description: 'How much it was', schema: purgedSchema } },
    handle: async (visit) => reply((await askPage(visit, 'session-purge', whose(visit), {})).facts),
  }),
]

type Named = Pick<Visit<{ clientIdentifier: string }, { account?: string | undefined }, unknown>, 'params' | 'query'>

function whose({ params: { clientIdentifier: client }, query: { account } }: Named) {
  return { client, account }
}
