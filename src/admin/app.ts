/**
 * Every room at its path, behind one door: who asks is found out, what was sent is read within bounds, and whatever goes wrong
 * leaves as a problem.
 */
import type { IncomingMessage } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import type { BrokerAccess } from '../server/admin-part.ts'
import type { AdminRequestEvent } from '../server/requests/admin-request.ts'
import { FieldFault, InTheWay, NotClear, NotNow, NotThere, RequestFault } from '../server/requests/request-fault.ts'
import type { Administration } from './administration.ts'
import { auditEntry } from './audit.ts'
import { readBody } from './body.ts'
import { serveDashboard } from './dashboard-files.ts'
import { docsPage, docsStyle } from './docs-page.ts'
import { makeOpenApi, type OpenApi } from './openapi.ts'
import { HttpProblem, type ProblemType, problem } from './problem.ts'
import { apiPath, type Reply, type Room } from './room.ts'
import { rooms } from './rooms/rooms.ts'
import { type Doorkeeper, unknown } from './security/doorkeeper.ts'

type Env = { Bindings: HttpBindings }

/** What the rooms need. */
export interface Building {
  readonly broker: BrokerAccess
  readonly administration: Administration
  readonly doorkeeper: Doorkeeper
  /** Aborted when the API stops. */
  readonly closing: AbortSignal
}

export function makeApp(building: Building): Hono<Env> {
  const app = new Hono<Env>()
  const methods = new Map<string, string[]>()
  for (const room of rooms) {
    const path = (room.isOutside === true ? '' : apiPath) + room.path.replace(/\{(\w+)\}/g, ':$1')
    methods.set(path, [...(methods.get(path) ?? []), room.method.toUpperCase()])
    app.on(room.method.toUpperCase(), path, (context) => enter(building, room, context))
  }
  for (const [path, allowed] of methods) {
    app.all(path, ({ req }) => {
      throw notAllowed(req.method, allowed)
    })
  }
  addDocumentation(app, building.broker.version)
  serveDashboard(app)
  app.notFound((context) => problemResponse(notFound(context.req.path)))
  app.onError((error, context) => problemResponse(problemOf(error, building.broker, context.req.path)))
  return app
}

function notAllowed(method: string, allowed: readonly string[]): HttpProblem {
  const headers = { allow: allowed.join(', ') }
  return problem('method-not-allowed', 'the method', method, allowed.join(' or '), 'see /api/docs', headers)
}

/** What there is to read about the API needs no login: it says nothing about this broker but its version. */
function addDocumentation(app: Hono<Env>, version: string): void {
  let made: OpenApi | null = null
  // Only for whoever reads it: it takes a moment.
  const document = (): OpenApi => {
    made ??= makeOpenApi(version)
    return made
  }
  app.get(`${apiPath}/openapi.json`, (context) => context.json(document()))
  app.get('/api/docs', (context) => context.html(docsPage(document())))
  app.get('/api/docs/style.css', () => new Response(docsStyle, { headers: { 'content-type': 'text/css' } }))
}

async function enter(building: Building, room: Room, context: Context<Env>): Promise<Response> {
  const { broker, administration, doorkeeper, closing } = building
  const { incoming } = context.env
  const remoteAddress = remoteAddressOf(incoming)
  let principal = unknown
  let body: unknown
  const tell = (outcome: AdminRequestEvent['outcome'], result: string): void => {
    if (!isAudited(room)) return
    const request = `${room.method.toUpperCase()} ${context.req.path.slice(0, 1000)}`
    broker.audit(auditEntry(principal, remoteAddress, request, body, outcome, result, broker.nowMs()))
  }
  try {
    if (incoming.method === 'HEAD' && room.isStream === true) throw notAllowed('HEAD', ['GET'])
    principal = doorkeeper.recognise(incoming, room)
    doorkeeper.admit(incoming, principal, room)
    if (broker.phase !== 'running' && room.isOutside !== true) throw notRunning(broker)
    if (room.body !== null) body = await readBody(incoming, room.bodyBytesMax)
    const params = context.req.param()
    const query = queryOf(context.req.url)
    const cursors = administration.cursorsOf(principal.id)
    const signal = AbortSignal.any([closing, context.req.raw.signal])
    const { headers } = incoming
    const raw = {
      params,
      query,
      headers,
      body,
      broker,
      administration,
      doorkeeper,
      principal,
      cursors,
      signal,
      remoteAddress,
    }
    const answer = await room.enter(raw)
    tell('done', String(answer.status))
    return answer instanceof Response ? answer : responseOf(answer)
  } catch (error) {
    tell('refused', error instanceof Error ? error.message : String(error))
    throw error
  }
}

/** What changes something, and what hands out everything. Publishing is counted and traced like any other. */
function isAudited({ method, scope, path }: Room): boolean {
  if (path === '/login' || path === '/logout') return true
  return scope === 'admin' && (method !== 'get' || path === '/backup' || path === '/subscribe')
}

export function remoteAddressOf({ socket }: IncomingMessage): string {
  return socket.remoteAddress ?? ''
}

/** Each name once: what is there twice could mean either. @throws HttpProblem */
function queryOf(url: string): Readonly<Record<string, string>> {
  const query: [string, string][] = []
  const seen = new Set<string>()
  for (const [name, value] of new URL(url).searchParams) {
    if (seen.has(name)) {
      const found = `${JSON.stringify(name.slice(0, 100))} more than once`
      throw problem('bad-request', 'query', found, 'each name once', 'remove all but one')
    }
    seen.add(name)
    query.push([name, value])
  }
  return Object.fromEntries(query)
}

function responseOf({ status, json, headers = {} }: Reply): Response {
  if (json === null) return new Response(null, { status, headers })
  return new Response(json, { status, headers: { 'content-type': 'application/json', ...headers } })
}

function problemResponse({ status, problem: body, headers }: HttpProblem): Response {
  const type = { 'content-type': 'application/problem+json' }
  return new Response(JSON.stringify(body), { status, headers: { ...type, ...headers } })
}

function notFound(path: string): HttpProblem {
  const found = JSON.stringify(path.slice(0, 200))
  return problem('not-found', 'the path', found, 'a path of the API', 'see /api/docs')
}

function notRunning({ phase }: BrokerAccess): HttpProblem {
  const found = phase === 'starting' ? 'a broker that is still reading its store' : `a broker that is ${phase}`
  const advice =
    phase === 'starting' ? 'ask again; /readyz says when it is ready' : 'look at what the broker has logged'
  return problem('unavailable', 'the broker', found, 'one that is running', advice, { 'retry-after': '1' })
}

function problemOf(error: unknown, broker: BrokerAccess, path: string): HttpProblem {
  if (error instanceof HttpProblem) return error
  if (error instanceof RequestFault) {
    const { found, expected, advice } = error
    const place = error instanceof FieldFault ? `body.${error.field}` : 'the request'
    return problem(problemTypeOf(error), place, found, expected, advice)
  }
  broker.reportFault(error)
  return problem('broker-fault', path.slice(0, 200), 'a failure', 'an answer', 'look at what the broker has logged')
}

function problemTypeOf(fault: RequestFault): ProblemType {
  if (fault instanceof NotThere) return 'not-found'
  if (fault instanceof NotClear || fault instanceof InTheWay) return 'conflict'
  return fault instanceof NotNow ? 'unavailable' : 'bad-request'
}
