/**
 * The rooms that show everything at a glance. Nothing in them costs more than looking at a counter: a page may ask every second.
 */

import { z } from 'zod'
import type { BrokerAccess } from '../../server/admin-part.ts'
import type { Stats } from '../api-types.ts'
import { overviewOf, sessionsOf } from '../overview.ts'
import { type Room, reply, room } from '../room.ts'
import { nodeStatsSchema, overviewSchema, statsSchema } from '../schemas/answers.ts'
import { statsQuery } from '../schemas/queries.ts'

export const overviewRooms: readonly Room[] = [
  room({
    method: 'get',
    path: '/overview',
    tag: 'Broker',
    summary: 'How the broker is doing, above all what is undelivered now.',
    scope: 'observe',
    answers: { 200: { description: 'Counts of this moment and since the start', schema: overviewSchema } },
    handle: async ({ broker, administration }) => reply(await overviewOf(broker, administration.gauges)),
  }),
  room({
    method: 'get',
    path: '/stats',
    tag: 'Broker',
    summary: 'The numbers of EMQX that mean the same here, under their names.',
    scope: 'observe',
    query: statsQuery,
    answers: { 200: { description: 'Of this moment', schema: z.union([nodeStatsSchema, statsSchema]) } },
    handle: ({ broker, query: { aggregate } }) => {
      const stats = statsOf(broker)
      return reply<unknown>(aggregate === true ? stats : [{ node: 'pabal', ...stats }])
    },
  }),
]

function statsOf({ state }: BrokerAccess): Stats {
  const { traffic, subscriptions, retained } = state
  const { online, offline } = sessionsOf(state)
  return {
    'connections.count': traffic.clientsConnected,
    'connections.max': traffic.clientsConnectedMax,
    'live_connections.count': traffic.clientsConnected,
    'live_connections.max': traffic.clientsConnectedMax,
    'sessions.count': online + offline,
    'topics.count': subscriptions.filterCount,
    'subscriptions.count': subscriptions.count,
    'subscriptions.shared.count': subscriptions.sharedCount,
    'retained.count': retained.count,
  }
}
