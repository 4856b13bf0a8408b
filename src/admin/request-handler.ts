/**
 * What answers a request: the rooms. Loaded apart from the server they are reached by: see late-handler.ts.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { type Building, makeApp } from './app.ts'

export type RequestHandler = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>

export function makeRequestHandler(building: Building): RequestHandler {
  const app = makeApp(building)
  return getRequestListener((request, env) => app.fetch(request, env), { overrideGlobalObjects: false })
}
