/**
 * A room of the HTTP API: one method of one path, with what may be sent to it, who may enter and what it answers. The routes, the
 * checks, the OpenAPI document and the page about it are made from the same rooms.
 */
import { z } from 'zod'
import type { AdminAnswer, BrokerAccess } from '../server/admin-part.ts'
import { describeValue } from '../server/config/reading.ts'
import type { Cursors } from '../server/requests/cursors.ts'
import type { Administration } from './administration.ts'
import type { Fault } from './api-types.ts'
import { expectedValue } from './expected-value.ts'
import { HttpProblem } from './problem.ts'
import { limitUsual } from './schemas/bodies.ts'
import type { Doorkeeper } from './security/doorkeeper.ts'
import type { Principal, Scope } from './security/principal.ts'

export const apiPath = '/api/v1'

export type Method = 'get' | 'post' | 'delete'

/** What a handler knows of who asks and of what is asked about. */
export interface Visit<Params, Query, Body, Headers = unknown> {
  readonly params: Params
  readonly query: Query
  readonly headers: Headers
  readonly body: Body
  readonly broker: BrokerAccess
  readonly administration: Administration
  readonly doorkeeper: Doorkeeper
  readonly principal: Principal
  readonly cursors: Cursors
  /** Aborted when whoever asks has gone. */
  readonly signal: AbortSignal
  /** Where the request came from: `127.0.0.1`. */
  readonly remoteAddress: string
}

export interface Reply {
  readonly status: number
  /** JSON, ready to be sent; null for none. */
  readonly json: string | null
  readonly headers?: Readonly<Record<string, string>>
}

/** One answer there may be, for the document. */
export interface AnswerForm {
  readonly description: string
  readonly schema: z.ZodType | null
  /** Default `application/json`. */
  readonly contentType?: string
}

type Shape = Readonly<Record<string, z.ZodType>>
type Output<S extends Shape> = z.output<z.ZodObject<S>>

interface RoomDefinition<P extends Shape, Q extends Shape, B extends z.ZodType, H extends Shape> {
  readonly method: Method
  /** Behind `/api/v1`, with `{name}` for each parameter. */
  readonly path: string
  /** The path stands alone, and the room is open whatever the broker does at the moment. */
  readonly isOutside?: boolean
  /** Programs of this machine need no login. */
  readonly opensForThisMachine?: boolean
  /** Its answer goes on, or is a whole file: nobody would read it after HEAD, and nothing would end it. */
  readonly isStream?: boolean
  readonly tag: string
  /** A sentence. */
  readonly summary: string
  readonly description?: string
  /** What whoever enters must have; `any`: be known; null: not even that. */
  readonly scope: Scope | 'any' | null
  /** A scope that does as well. */
  readonly alsoFor?: Scope
  readonly params?: P
  readonly query?: Q
  /** Header fields that mean something here, in lower case. */
  readonly headers?: H
  readonly body?: B
  /** Bytes of the body. Default 64 KiB. */
  readonly bodyBytesMax?: number
  readonly answers: Readonly<Record<number, AnswerForm>>
  readonly handle: (
    visit: Visit<Output<P>, Output<Q>, z.output<B>, Output<H>>,
  ) => Reply | Response | Promise<Reply | Response>
}

/** As it was sent. */
export type RawVisit = Visit<unknown, unknown, unknown>

export interface Room
  extends Omit<RoomDefinition<Shape, Shape, z.ZodType, Shape>, 'handle' | 'params' | 'query' | 'headers' | 'body'> {
  readonly params: z.ZodObject
  readonly query: z.ZodObject
  readonly headers: z.ZodObject
  /** Null: it takes none. */
  readonly body: z.ZodType | null
  /** Checks what was sent, then answers. @throws HttpProblem */
  enter(raw: RawVisit): Promise<Reply | Response>
}

// biome-ignore lint/complexity/noBannedTypes: no fields is what is meant.
type None = {}

/** What a room is defined with, its types worked out from its schemas. */
export function room<
  P extends Shape = None,
  Q extends Shape = None,
  B extends z.ZodType = z.ZodType<undefined>,
  H extends Shape = None,
>(definition: RoomDefinition<P, Q, B, H>): Room {
  const { handle, params: paramsShape, query: queryShape, headers: headersShape, body, ...rest } = definition
  const params = z.strictObject(paramsShape ?? {})
  const query = z.strictObject(queryShape ?? {})
  // Others may be there and mean nothing.
  const headers = z.object(headersShape ?? {})
  const enter: Room['enter'] = async (raw) => {
    const faults: Fault[] = []
    const visit = {
      ...raw,
      params: check('path', params, raw.params, faults),
      query: check('query', query, raw.query, faults),
      headers: check('header', headers, raw.headers, faults),
      body: body === undefined ? undefined : check('body', body, raw.body, faults),
    }
    if (faults.length > 0) throw new HttpProblem('bad-request', faults)
    // What the schemas have let through has the types they say.
    return handle(visit as Visit<Output<P>, Output<Q>, z.output<B>, Output<H>>)
  }
  return { ...rest, params, query, headers, body: body ?? null, enter }
}

function check(place: string, schema: z.ZodType, value: unknown, faults: Fault[]): unknown {
  const result = schema.safeParse(value, { reportInput: true })
  if (result.success) return result.data
  faults.push(...result.error.issues.map((issue) => faultOf(place, issue)))
  return undefined
}

function faultOf(place: string, issue: z.core.$ZodIssue): Fault {
  const path = [place, ...issue.path.map(String)].join('.')
  if (issue.code === 'unrecognized_keys') {
    const expected = 'only what the documentation names'
    const found = `the unknown ${issue.keys.map((key) => describeValue(key)).join(', ')}`
    return { place: path, found, expected, advice: 'remove it, or see /api/docs' }
  }
  // What may be a secret is not repeated.
  const found = /password|current/i.test(path) && issue.input !== undefined ? 'a value' : describeValue(issue.input)
  return { place: path, found, expected: expectedValue(issue), advice: 'correct it; see /api/docs' }
}

/** A promise is no value: whoever has one awaits it first. */
export function reply<Value>(
  value: Value extends PromiseLike<unknown> ? never : Value,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return { status, json: JSON.stringify(value), headers }
}

export const nothing: Reply = Object.freeze({ status: 204, json: null })

const pageBytesMax = 4 * 1024 * 1024

interface Paging {
  readonly limit?: number | undefined
  readonly cursor?: string | undefined
}

/** Asks what `$pabal/NAME` answers, for a page of it. @throws RequestFault */
export function askPage(
  { broker, principal, cursors }: Pick<RawVisit, 'broker' | 'principal' | 'cursors'>,
  name: string,
  fields: Readonly<Record<string, unknown>>,
  { limit = limitUsual, cursor }: Paging,
): Promise<AdminAnswer> {
  const given = Object.entries({ ...fields, cursor }).filter(([, value]) => value !== undefined)
  const bounds = { rowsMax: limit, bytesMax: pageBytesMax }
  return broker.ask({ name, fields: Object.fromEntries(given), askedBy: principal.name, cursors, bounds })
}

/** The rows are JSON already: they are put together, not read again. */
export function pageReply({ atMs, facts, rows, cursor }: AdminAnswer): Reply {
  const list = rows ?? []
  const meta = JSON.stringify({ cursor, hasnext: cursor !== null, count: list.length, atMs })
  const about = Object.keys(facts).length === 0 ? '' : `,"about":${JSON.stringify(facts)}`
  return { status: 200, json: `{"data":[${list.join(',')}],"meta":${meta}${about}}` }
}

/** A list that is short and is sent at once. */
export function listReply(rows: readonly unknown[], atMs: number): Reply {
  return reply({ data: rows, meta: { cursor: null, hasnext: false, count: rows.length, atMs } })
}
