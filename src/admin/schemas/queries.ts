/**
 * What stands in the queries of the HTTP API, as it is checked. Everything is text there; the types are those of what it means.
 */
import { z } from 'zod'
import { pagingShape } from './bodies.ts'

const flag = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .optional()
const filter = z.string().optional().describe('A Topic Filter: only those it matches')
const account = z.string().optional().describe('Of the Session; needed where accounts share Client Identifiers')

export const pagingQuery = pagingShape
export const accountQuery = { account }
export const sessionsQuery = {
  presence: z.enum(['online', 'offline']).optional().describe('Only those; all if it is left out'),
  like_clientid: z
    .string()
    .optional()
    .describe('Only those with this somewhere in the Client Identifier; letter case does not count'),
  account: z.string().optional().describe('Only those of this account'),
  ...pagingShape,
}
export const sessionQuery = { account, ...pagingShape }
export const queueQuery = {
  account,
  payload: flag.describe('true: with what they say, 64 KiB of each at most'),
  ...pagingShape,
}
export const historyQuery = {
  account: z.string().optional().describe('Only of this account, and refusals'),
  ...pagingShape,
}
export const subscriptionsQuery = {
  filter: z.string().optional().describe('A Topic Filter'),
  exact: flag.describe('true: only those to this very Topic Filter'),
  ...pagingShape,
}
export const filterQuery = { filter, ...pagingShape }
export const retainedQuery = {
  filter: z
    .string()
    .optional()
    .describe('A Topic Filter; # if it is left out, which no Topic Name with $ in front matches'),
  ...pagingShape,
}
export const heldQuery = {
  filter,
  client: z.string().optional().describe('A Client Identifier: only those it has published'),
  ...pagingShape,
}
export const deadQuery = {
  filter,
  client: z.string().optional().describe('A Client Identifier: only those it has published, or went without'),
  ...pagingShape,
}
export const traceQuery = {
  topic: z.string().optional().describe('A Topic Filter; # if it is left out'),
  after: z
    .string()
    .regex(/^\d{1,15}$/, 'a whole number')
    .transform(Number)
    .optional()
    .meta({ description: 'Only entries with a higher id', inQuery: { type: 'integer', minimum: 0 } }),
  client: z.string().optional().describe('A Client Identifier: only what it published, or has had a copy of'),
  fate: z.string().optional().describe('Fates of messages or copies, with commas between them: only what met one'),
  ...pagingShape,
}
export const statsQuery = { aggregate: flag.describe('true: the sum of all nodes, as one object') }
