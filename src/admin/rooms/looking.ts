/**
 * Rooms that show lists: clients, Subscriptions, Topic Names, who listens, the log of fates. What they show is looked up by the
 * same handlers that answer over MQTT.
 */
import { z } from 'zod'
import { pullAll } from '../../server/requests/pages.ts'
import { Slices } from '../../server/requests/slices.ts'
import { connectionsByListener } from '../listener-counts.ts'
import { problem } from '../problem.ts'
import { askPage, listReply, pageReply, type Room, reply, room } from '../room.ts'
import {
  accessTestSchema,
  clientPageSchema,
  filterPageSchema,
  historyPageSchema,
  ledgerSchema,
  listenerPageSchema,
  listenersPageSchema,
  ownSubscriptionPageSchema,
  sessionPageSchema,
  sharedGroupPageSchema,
  topicPageSchema,
  tracePageSchema,
} from '../schemas/answers.ts'
import {
  filterQuery,
  historyQuery,
  pagingQuery,
  sessionQuery,
  sessionsQuery,
  subscriptionsQuery,
  traceQuery,
} from '../schemas/queries.ts'

const client = { clientIdentifier: z.string().describe('The Client Identifier, percent-encoded') }
const topic = { topic: z.string().describe('The Topic Name, percent-encoded: / is %2F') }
const page = (description: string, schema: z.ZodType) => ({ 200: { description, schema } })

function sessionsRoom(path: string, summary: string): Room {
  return room({
    method: 'get',
    path,
    tag: 'Clients',
    summary,
    scope: 'observe',
    query: sessionsQuery,
    answers: page('A page of Sessions', clientPageSchema),
    handle: async (visit) => {
      const { presence, like_clientid: like, account } = visit.query
      return pageReply(await askPage(visit, 'clients', { presence, like, account }, visit.query))
    },
  })
}

export const lookingRooms: readonly Room[] = [
  sessionsRoom('/clients', 'Every Session, with how its client is doing.'),
  sessionsRoom('/sessions', 'The same as /clients, under the name of what survives a connection.'),
  room({
    method: 'get',
    path: '/clients/{clientIdentifier}',
    tag: 'Clients',
    summary: 'The Sessions of one Client Identifier, each followed by its Subscriptions.',
    scope: 'observe',
    params: client,
    query: sessionQuery,
    answers: page('A page of Sessions and Subscriptions', sessionPageSchema),
    handle: async (visit) => {
      const { clientIdentifier } = visit.params
      const fields = { client: clientIdentifier, account: visit.query.account }
      const answer = await askPage(visit, 'session', fields, visit.query)
      if (answer.rows?.length === 0 && visit.query.cursor === undefined) throw noSession(clientIdentifier)
      return pageReply(answer)
    },
  }),
  room({
    method: 'get',
    path: '/clients/{clientIdentifier}/subscriptions',
    tag: 'Clients',
    summary: 'The Subscriptions of one Client Identifier.',
    scope: 'observe',
    params: client,
    query: sessionQuery,
    answers: page('A page of Subscriptions', ownSubscriptionPageSchema),
    handle: async (visit) => {
      const fields = { client: visit.params.clientIdentifier, account: visit.query.account, only: 'subscriptions' }
      return pageReply(await askPage(visit, 'session', fields, visit.query))
    },
  }),
  room({
    method: 'get',
    path: '/clients/{clientIdentifier}/history',
    tag: 'Clients',
    summary: 'What has happened of late to the clients with one Client Identifier, newest first, refusals included.',
    description: 'Kept in memory, also when the Session is no more; bounded by the limit clientHistoryEventsMax.',
    scope: 'observe',
    params: client,
    query: historyQuery,
    answers: page('A page of events', historyPageSchema),
    handle: async (visit) => {
      const fields = { client: visit.params.clientIdentifier, account: visit.query.account }
      return pageReply(await askPage(visit, 'history', fields, visit.query))
    },
  }),
  room({
    method: 'get',
    path: '/subscriptions',
    tag: 'Subscriptions',
    summary: 'Every Subscription, or those to a Topic Filter and what has a Topic Name in common with it.',
    scope: 'observe',
    query: subscriptionsQuery,
    answers: page('A page of Subscriptions', filterPageSchema),
    handle: async (visit) => {
      const { filter, exact } = visit.query
      if (filter === undefined) return pageReply(await askPage(visit, 'subs', {}, visit.query))
      return pageReply(await askPage(visit, 'who', { filter, exact: exact === true }, visit.query))
    },
  }),
  room({
    method: 'get',
    path: '/shared_groups',
    tag: 'Subscriptions',
    summary: 'The shared groups, with how their members are doing.',
    scope: 'observe',
    query: pagingQuery,
    answers: page('A page of shared groups', sharedGroupPageSchema),
    handle: async (visit) => pageReply(await askPage(visit, 'groups', {}, visit.query)),
  }),
  room({
    method: 'get',
    path: '/topics',
    tag: 'Topics',
    summary: 'The Topic Names messages came in on lately, and how many subscribe to them.',
    scope: 'observe',
    query: filterQuery,
    answers: page('A page of Topic Names', topicPageSchema),
    handle: async (visit) => pageReply(await askPage(visit, 'topics', { filter: visit.query.filter }, visit.query)),
  }),
  room({
    method: 'get',
    path: '/topics/{topic}/listeners',
    tag: 'Topics',
    summary: 'Who listens to a Topic Name, and what a message meets that nobody listens for.',
    scope: 'observe',
    params: topic,
    query: pagingQuery,
    answers: page('A page of Subscriptions', listenersPageSchema),
    handle: async (visit) => pageReply(await askPage(visit, 'who', { topic: visit.params.topic }, visit.query)),
  }),
  room({
    method: 'get',
    path: '/listeners',
    tag: 'Broker',
    summary: 'Where clients connect.',
    scope: 'observe',
    answers: page('All listeners', listenerPageSchema),
    handle: async ({ broker }) => {
      const counts = await pullAll(connectionsByListener(broker), new Slices())
      return listReply(counts, broker.nowMs())
    },
  }),
  room({
    method: 'get',
    path: '/access/test',
    tag: 'Access',
    summary: 'Whether the access rules let a client do something, and which rule decides.',
    description: 'Nothing is done, and the client need not be there.',
    scope: 'observe',
    query: {
      account: z.string().optional().describe('Usually a User Name; empty or left out: it did not log in'),
      client: z.string().optional().describe('The Client Identifier, for rules with clients or %c'),
      groups: z
        .string()
        .optional()
        .describe('Groups it comes with, with commas between them; left out: those of the client, if it is there'),
      action: z.enum(['publish', 'subscribe', 'receive', 'observe', 'admin']),
      topic: z.string().describe('A Topic Name for publish and receive, else a Topic Filter'),
    },
    answers: { 200: { description: 'The verdict', schema: accessTestSchema } },
    handle: async (visit) => {
      const { facts } = await askPage(visit, 'access-test', visit.query, {})
      return reply(facts)
    },
  }),
  room({
    method: 'get',
    path: '/ledger',
    tag: 'Messages',
    summary: 'What became of every message and every copy, in all and under each rule.',
    scope: 'observe',
    answers: page('The ledger', ledgerSchema),
    handle: async (visit) => {
      const { atMs, facts, rows } = await askPage(visit, 'ledger', {}, { limit: Number.MAX_SAFE_INTEGER })
      const [messages, copies] = [Reflect.get(facts, 'messages'), Reflect.get(facts, 'copies')]
      return reply({ atMs, messages, copies, rules: rows?.map((row) => JSON.parse(row)) })
    },
  }),
  room({
    method: 'get',
    path: '/trace',
    tag: 'Messages',
    summary: 'What became of the last messages of a Topic Filter, oldest first.',
    description: 'To follow it, ask again with the id of the last entry as `after`.',
    scope: 'observe',
    query: traceQuery,
    answers: page('A page of entries', tracePageSchema),
    handle: async (visit) => {
      const { topic: filter, after, client, fate } = visit.query
      const fields = { topic: filter, after: after === 0 ? undefined : after, client, fate }
      return pageReply(await askPage(visit, 'trace', fields, visit.query))
    },
  }),
]

function noSession(clientIdentifier: string) {
  const found = `no Session of ${JSON.stringify(clientIdentifier.slice(0, 100))}`
  return problem(
    'not-found',
    'path.clientIdentifier',
    found,
    'a Client Identifier that has one',
    'look it up with GET /api/v1/clients',
  )
}
