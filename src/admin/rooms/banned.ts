/**
 * Rooms in which clients are banned, and bans are looked at and lifted.
 */
import { z } from 'zod'
import { askPage, nothing, pageReply, type Room, reply, room } from '../room.ts'
import { bannedPageSchema } from '../schemas/answers.ts'
import { banSchema } from '../schemas/bodies.ts'
import { pagingQuery } from '../schemas/queries.ts'
import { bannedSchema } from '../schemas/rows.ts'

export const bannedRooms: readonly Room[] = [
  room({
    method: 'get',
    path: '/banned',
    tag: 'Clients',
    summary: 'Who may not connect.',
    scope: 'observe',
    query: pagingQuery,
    answers: { 200: { description: 'A page of bans that hold', schema: bannedPageSchema } },
    handle: async (visit) => pageReply(await askPage(visit, 'bans', {}, visit.query)),
  }),
  room({
    method: 'post',
    path: '/banned',
    tag: 'Clients',
    summary:
      'Bans a Client Identifier, a User Name, an address or a range of addresses; whoever is connected is disconnected.',
    description:
      'The ban is durable when the answer comes. It takes the place of one of the same that ends no later; one that ends later is a conflict. The Session of a client that is banned stays as long as it was to.',
    scope: 'admin',
    body: banSchema,
    answers: { 201: { description: 'The ban', schema: bannedSchema } },
    handle: async (visit) => {
      const { until, ...body } = visit.body
      const fields = { by: visit.principal.name, ...body, ...(until === null ? {} : { until }) }
      return reply((await askPage(visit, 'ban-add', fields, {})).facts, 201)
    },
  }),
  room({
    method: 'delete',
    path: '/banned/{as}/{who}',
    tag: 'Clients',
    summary: 'Lifts a ban.',
    scope: 'admin',
    params: {
      as: z.enum(['clientid', 'username', 'peerhost', 'peerhost_net']),
      who: z.string().describe('Percent-encoded: / is %2F'),
    },
    answers: { 204: { description: 'It is lifted, durably', schema: null } },
    handle: async (visit) => {
      await askPage(visit, 'ban-remove', visit.params, {})
      return nothing
    },
  }),
  room({
    method: 'delete',
    path: '/banned',
    tag: 'Clients',
    summary: 'Lifts every ban.',
    scope: 'admin',
    answers: { 204: { description: 'There is none any more, durably', schema: null } },
    handle: async (visit) => {
      await askPage(visit, 'ban-remove-all', {}, {})
      return nothing
    },
  }),
]
