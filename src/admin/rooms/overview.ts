/**
 * The room that shows everything at a glance. Nothing in it costs more than looking at a counter: a page may ask every second.
 */

import { overviewOf } from '../overview.ts'
import { type Room, reply, room } from '../room.ts'
import { overviewSchema } from '../schemas/answers.ts'

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
]
