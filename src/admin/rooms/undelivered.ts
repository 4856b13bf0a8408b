/**
 * Rooms for the messages nobody has received: those that wait for a listener, and dead letters.
 */
import type { z } from 'zod'
import { askPage, nothing, pageReply, type RawVisit, type Reply, type Room, reply, room } from '../room.ts'
import { deadPageSchema, doneSchema, heldPageSchema } from '../schemas/answers.ts'
import { idInPath, whichSchema } from '../schemas/bodies.ts'
import { deadQuery, heldQuery } from '../schemas/queries.ts'
import { deadMessageSchema, heldMessageSchema } from '../schemas/rows.ts'

/** `held` and `dead` differ in their names only. */
interface Kind {
  readonly name: 'held' | 'dead'
  readonly what: string
  /** What publishes one again is called, in the path and in the request. */
  readonly again: 'release' | 'requeue'
  readonly query: typeof heldQuery
  readonly page: z.ZodType
  readonly message: z.ZodType
}

const kinds: readonly Kind[] = [
  {
    name: 'held',
    what: 'held messages',
    again: 'release',
    query: heldQuery,
    page: heldPageSchema,
    message: heldMessageSchema,
  },
  {
    name: 'dead',
    what: 'dead letters',
    again: 'requeue',
    query: deadQuery,
    page: deadPageSchema,
    message: deadMessageSchema,
  },
]

export const undeliveredRooms: readonly Room[] = kinds.flatMap((kind) => [...lookRooms(kind), ...actRooms(kind)])

function lookRooms({ name, what, query, page, message }: Kind): Room[] {
  return [
    room({
      method: 'get',
      path: `/${name}`,
      tag: 'Undelivered',
      summary: `The ${what}, oldest first.`,
      scope: 'observe',
      query,
      answers: { 200: { description: `A page of ${what}`, schema: page } },
      handle: async (visit) => {
        const { filter, client } = visit.query
        return pageReply(await askPage(visit, name, { filter, client }, visit.query))
      },
    }),
    room({
      method: 'get',
      path: `/${name}/{id}`,
      tag: 'Undelivered',
      summary: `One of the ${what}, with what it says.`,
      scope: 'observe',
      params: { id: idInPath },
      answers: { 200: { description: 'The message', schema: message } },
      handle: async (visit) => {
        const { facts } = await askPage(visit, name, { id: visit.params.id }, {})
        return reply(Reflect.get(facts, 'message'))
      },
    }),
  ]
}

function actRooms({ name, what, again }: Kind): Room[] {
  const answers = { 200: { description: 'How many it was done with', schema: doneSchema } }
  return [
    room({
      method: 'post',
      path: `/${name}/${again}`,
      tag: 'Undelivered',
      summary: `Publishes ${what} again, each with a new fate.`,
      scope: 'admin',
      body: whichSchema,
      answers,
      handle: (visit) => act(visit, `${name}-${again}`, visit.body),
    }),
    room({
      method: 'post',
      path: `/${name}/drop`,
      tag: 'Undelivered',
      summary: `Gives ${what} up.`,
      scope: 'admin',
      body: whichSchema,
      answers,
      handle: (visit) => act(visit, `${name}-drop`, visit.body),
    }),
    room({
      method: 'delete',
      path: `/${name}/{id}`,
      tag: 'Undelivered',
      summary: `Gives one of the ${what} up.`,
      scope: 'admin',
      params: { id: idInPath },
      answers: { 204: { description: 'It is gone', schema: null } },
      handle: async (visit) => {
        await act(visit, `${name}-drop`, { id: visit.params.id })
        return nothing
      },
    }),
  ]
}

/** @throws RequestFault */
async function act(
  visit: Pick<RawVisit, 'broker' | 'principal' | 'cursors'>,
  name: string,
  which: object,
): Promise<Reply> {
  const { facts } = await askPage(visit, name, { ...which }, {})
  return reply(facts)
}
