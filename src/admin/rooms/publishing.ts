/**
 * Rooms in which messages are published, and in which it is asked who has got them.
 */
import { z } from 'zod'
import { problem } from '../problem.ts'
import { publishMessage, readMessage, statusOf } from '../publishing.ts'
import { type Reply, type Room, reply, room, type Visit } from '../room.ts'
import { bulkPublishedSchema, publishedSchema, receiptSchema } from '../schemas/answers.ts'
import { bulkPublishSchema, idempotencyShape, publishSchema } from '../schemas/bodies.ts'
import { mayEnter } from '../security/principal.ts'

const messageBytesMax = 3 * 1024 * 1024
const bulkBytesMax = 8 * 1024 * 1024

export const publishingRooms: readonly Room[] = [
  room({
    method: 'post',
    path: '/publish',
    tag: 'Messages',
    summary: 'Publishes a message; the answer comes when it is durable for everybody who must have it.',
    scope: 'publish',
    body: publishSchema,
    headers: idempotencyShape,
    bodyBytesMax: messageBytesMax,
    answers: {
      200: { description: 'Somebody gets it', schema: publishedSchema },
      202: { description: 'Nobody listened (reason_code 16), or it waits for a listener', schema: publishedSchema },
      409: { description: 'Its rule refused it', schema: publishedSchema },
      503: { description: 'There is no room for it', schema: publishedSchema },
    },
    handle: (visit) => {
      const { broker, administration, body } = visit
      const packet = readMessage(broker, body, 'body')
      return once(visit, 'publish', async () => {
        const published = await publishMessage(broker, administration.receipts, packet, body.receipt === true)
        return reply(published, statusOf(published))
      })
    },
  }),
  room({
    method: 'post',
    path: '/publish/bulk',
    tag: 'Messages',
    summary: 'Publishes many messages, in order.',
    description: 'If one of them is no message, none is published. The answer has what became of each.',
    scope: 'publish',
    body: bulkPublishSchema,
    headers: idempotencyShape,
    bodyBytesMax: bulkBytesMax,
    answers: {
      200: { description: 'Somebody gets each of them', schema: bulkPublishedSchema },
      202: { description: 'Nobody listened for some, or they were refused', schema: bulkPublishedSchema },
    },
    handle: (visit) => {
      const { broker, administration, body } = visit
      const packets = body.map((written, index) => readMessage(broker, written, `body.${index}`))
      return once(visit, 'bulk', async () => {
        // Handed over in order, all of them before the first is durable.
        const published = await Promise.all(
          packets.map((packet, index) =>
            publishMessage(broker, administration.receipts, packet, body[index]?.receipt === true),
          ),
        )
        return reply(published, published.every((each) => statusOf(each) === 200) ? 200 : 202)
      })
    },
  }),
  room({
    method: 'get',
    path: '/receipts/{id}',
    tag: 'Messages',
    summary: 'Who has got a message that was published with `receipt: true`.',
    description: 'The names of clients are there for whoever may observe.',
    scope: 'publish',
    alsoFor: 'observe',
    params: { id: z.string().max(64) },
    answers: { 200: { description: 'What is known at this moment', schema: receiptSchema } },
    handle: ({ params, broker, administration, principal }) => {
      const withNames = mayEnter(principal, 'observe')
      const receipt = administration.receipts.get(broker.state, params.id, withNames, broker.nowMs())
      if (receipt !== null) return reply(receipt)
      const expected = 'a receipt_id of the last 10,000 messages published with receipt: true'
      throw problem('not-found', 'path.id', 'no such receipt', expected, 'publish the message with receipt: true')
    },
  }),
]

type Keyed = Pick<
  Visit<unknown, unknown, unknown, { 'idempotency-key'?: string | undefined }>,
  'broker' | 'administration' | 'principal' | 'body' | 'headers'
>

/** As often as it arrives with one key it is done once. */
function once(visit: Keyed, what: string, work: () => Promise<Reply>): Promise<Reply> {
  const { broker, administration, principal, body, headers } = visit
  const key = headers['idempotency-key']
  if (key === undefined) return work()
  return administration.idempotency.once(`${principal.id}\0${what}`, key, body, broker.nowMs(), work)
}
