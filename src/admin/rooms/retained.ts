/**
 * Rooms for Retained Messages.
 */
import { z } from 'zod'
import { publish } from '../../protocol/packets/publish.ts'
import { askPage, nothing, pageReply, type Room, reply, room } from '../room.ts'
import { retainedPageSchema } from '../schemas/answers.ts'
import { retainedQuery } from '../schemas/queries.ts'
import { retainedMessageSchema } from '../schemas/rows.ts'

const topic = { topic: z.string().describe('The Topic Name, percent-encoded: / is %2F') }

export const retainedRooms: readonly Room[] = [
  room({
    method: 'get',
    path: '/retainer/messages',
    tag: 'Retained',
    summary: 'The Retained Messages, in no particular order.',
    scope: 'observe',
    query: retainedQuery,
    answers: { 200: { description: 'A page of Retained Messages', schema: retainedPageSchema } },
    handle: async (visit) => pageReply(await askPage(visit, 'retained', { filter: visit.query.filter }, visit.query)),
  }),
  room({
    method: 'get',
    path: '/retainer/message/{topic}',
    tag: 'Retained',
    summary: 'A Retained Message with what it says.',
    scope: 'observe',
    params: topic,
    answers: { 200: { description: 'The message', schema: retainedMessageSchema } },
    handle: async (visit) => {
      const { facts } = await askPage(visit, 'retained', { topic: visit.params.topic }, {})
      return reply(Reflect.get(facts, 'message'))
    },
  }),
  room({
    method: 'delete',
    path: '/retainer/message/{topic}',
    tag: 'Retained',
    summary: 'Removes a Retained Message, as a client does: subscribers get an empty one.',
    scope: 'admin',
    params: topic,
    answers: { 204: { description: 'It is gone', schema: null } },
    handle: async (visit) => {
      const topicName = visit.params.topic
      await askPage(visit, 'retained', { topic: topicName }, {})
      await visit.broker.publish(publish({ topicName, qos: 1, retain: true }), null)
      return nothing
    },
  }),
]
