/**
 * Rooms for the messages of one Session: those on their way, and those that wait.
 */
import { z } from 'zod'
import { askPage, pageReply, type Room, room } from '../room.ts'
import { inFlightPageSchema, queuedPageSchema } from '../schemas/answers.ts'
import { queueQuery, sessionQuery } from '../schemas/queries.ts'

const params = { clientIdentifier: z.string().describe('The Client Identifier, percent-encoded') }

export const sessionMessageRooms: readonly Room[] = [
  room({
    method: 'get',
    path: '/clients/{clientIdentifier}/inflight_messages',
    tag: 'Clients',
    summary:
      'The messages whose exchange with a client is not over: first those to it, oldest first, then those from it.',
    scope: 'observe',
    params,
    query: sessionQuery,
    answers: { 200: { description: 'A page of messages in flight', schema: inFlightPageSchema } },
    handle: async (visit) => {
      const { clientIdentifier: client } = visit.params
      return pageReply(await askPage(visit, 'inflight', { client, account: visit.query.account }, visit.query))
    },
  }),
  room({
    method: 'get',
    path: '/clients/{clientIdentifier}/mqueue_messages',
    tag: 'Clients',
    summary: 'The messages that wait to be sent to a client, in the order in which they will be.',
    description: 'What is in flight already is in /inflight_messages.',
    scope: 'observe',
    params,
    query: queueQuery,
    answers: { 200: { description: 'A page of messages that wait', schema: queuedPageSchema } },
    handle: async (visit) => {
      const { account, payload } = visit.query
      const fields = { client: visit.params.clientIdentifier, account, payload: payload === true }
      return pageReply(await askPage(visit, 'mqueue', fields, visit.query))
    },
  }),
]
