/**
 * What is sent to the HTTP API: bodies and queries, as they are checked.
 */
import { z } from 'zod'

/** So many rows are asked for at most, and usually. */
const limitMax = 10_000
export const limitUsual = 100

/** A whole number in a query, where everything is text. */
export function countInQuery(max: number, description: string) {
  return z
    .string()
    .regex(/^[1-9]\d{0,14}$/, `a whole number from 1 to ${max}`)
    .transform(Number)
    .refine((value) => value <= max, `a whole number from 1 to ${max}`)
    .meta({ description, inQuery: { type: 'integer', minimum: 1, maximum: max } })
}

export const pagingShape = {
  limit: countInQuery(limitMax, `Rows of a page: 1 to ${limitMax}; ${limitUsual} if it is left out`).optional(),
  cursor: z.string().max(100).optional().describe('meta.cursor of the page before'),
}

/** An id that stands in a path or query. */
export const idInPath = countInQuery(Number.MAX_SAFE_INTEGER, 'The id of the message')

const topicName = z.string().min(1).max(65_535)

export const publishSchema = z
  .strictObject({
    topic: topicName.describe('A Topic Name, without wildcards'),
    payload: z.string().optional().describe('Default: empty'),
    payload_encoding: z.enum(['plain', 'base64']).optional().describe('Default: plain'),
    qos: z
      .union([z.literal(0), z.literal(1), z.literal(2)])
      .optional()
      .describe('Default 1: the answer waits until it is durable'),
    retain: z.boolean().optional(),
    properties: z
      .strictObject({
        payload_format_indicator: z.union([z.literal(0), z.literal(1)]).optional(),
        message_expiry_interval: z.int().min(0).max(0xffff_ffff).optional(),
        response_topic: topicName.optional(),
        correlation_data: z.string().optional(),
        content_type: z.string().optional(),
        user_properties: z.record(z.string(), z.union([z.string(), z.array(z.string())])).optional(),
      })
      .optional(),
    receipt: z.boolean().optional().describe('Gives the answer a receipt_id: who has got the message can be asked for'),
  })
  .meta({ id: 'Publish', description: 'A message, in the words of EMQX' })

export const idempotencyShape = {
  'idempotency-key': z
    .string()
    .regex(/^[!-~]{1,200}$/, '1 to 200 characters of ASCII without blanks')
    .optional()
    .describe('A repetition with the same key gets the first answer and publishes nothing; remembered for an hour'),
}

const bulkPublishMax = 1000
export const bulkPublishSchema = z.array(publishSchema).min(1).max(bulkPublishMax).meta({ id: 'BulkPublish' })

export const whichSchema = z
  .strictObject({
    id: z.int().min(1).optional(),
    filter: z.string().min(1).optional().describe('All whose Topic Name it matches'),
    all: z.literal(true).optional(),
  })
  .meta({ id: 'Which', description: 'Exactly one of id, filter and all' })

const flagBit = z.union([z.literal(0), z.literal(1)]).optional()
const upToTwo = z.union([z.literal(0), z.literal(1), z.literal(2)]).optional()

export const subscribeSchema = z
  .strictObject({
    topic: topicName.describe('A Topic Filter; $share/NAME/FILTER for a Shared Subscription'),
    qos: upToTwo.describe('Default 0'),
    nl: flagBit.describe('No Local. Default 0'),
    rap: flagBit.describe('Retain As Published. Default 0'),
    rh: upToTwo.describe('Retain Handling. Default 0: Retained Messages are sent, if the client is connected'),
  })
  .meta({ id: 'Subscribe', description: 'A Subscription, in the words of EMQX' })

export const banSchema = z
  .strictObject({
    as: z
      .enum(['clientid', 'username', 'peerhost', 'peerhost_net'])
      .describe('What who is; peerhost: an address, peerhost_net: a range of addresses'),
    who: z.string().min(1).max(65_535).describe('For example sensor-7, alice, 192.0.2.1 or 192.0.2.0/24'),
    reason: z.string().max(1000).optional().describe('For people; the client is not told'),
    by: z.string().max(256).optional().describe('Default: the name of whoever asks'),
    until: z.string().nullable().optional().describe('A time as in RFC 3339; null, infinity or left out: for ever'),
    forSeconds: z.int().min(1).optional().describe('In place of until, by the clock of the broker'),
  })
  .meta({ id: 'Ban', description: 'Who is to be banned, in the words of EMQX' })

export const loginSchema = z
  .strictObject({ username: z.string().max(256), password: z.string().max(1024) })
  .meta({ id: 'Login' })

export const makeApiKeySchema = z
  .strictObject({
    name: z.string().min(1).max(100),
    scopes: z
      .array(z.enum(['observe', 'publish', 'admin']))
      .min(1)
      .max(3),
    expiresAtMs: z.number().nullable().optional(),
  })
  .meta({ id: 'MakeApiKey' })

export const changePasswordSchema = z
  .strictObject({
    current: z.string().max(1024),
    password: z.string().min(12, 'at least 12 characters').max(1024),
  })
  .meta({ id: 'ChangePassword' })
