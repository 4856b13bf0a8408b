/**
 * The rooms of the HTTP API, loaded at the first request, or else a moment after the broker has started: loading them takes as long as
 * everything else of a start, and no client of MQTT has to wait for it.
 *
 * A moment after, and not only when somebody asks: by then the files may be those of another version.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Building } from './app.ts'
import { type HttpProblem, problem } from './problem.ts'
import type { RequestHandler } from './request-handler.ts'
import { answerProblem } from './security/first-look.ts'

/** Who has waited for the broker to start is let in by then. */
const momentMs = 1000

export class LateHandler {
  readonly #building: Building
  readonly #loadHandler: (building: Building) => Promise<RequestHandler>
  #handler: Promise<RequestHandler> | null = null
  #timer: NodeJS.Timeout | null = null

  constructor(building: Building, loadHandler = loadInSteps) {
    this.#building = building
    this.#loadHandler = loadHandler
  }

  async answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    let handle: RequestHandler
    try {
      handle = await this.#load()
    } catch {
      // Reported when it happened.
      return answerProblem(outgoing, notLoaded())
    }
    await handle(incoming, outgoing)
  }

  loadSoon(): void {
    // Whoever asks is told what came of it.
    this.#timer = setTimeout(() => void this.#load().catch(() => {}), momentMs).unref()
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  #load(): Promise<RequestHandler> {
    this.#handler ??= this.#loadHandler(this.#building).catch((error: unknown) => {
      this.#building.broker.reportFault(error)
      throw error
    })
    return this.#handler
  }
}

/**
 * What the rooms are made of, in parts of some milliseconds each. The client behind `fetch`, which defines what Hono answers with, is one
 * file of Node's; what else it needs of Node comes first.
 */
const parts: readonly (() => unknown)[] = [
  () => process.getBuiltinModule('node:stream/web'),
  () => process.getBuiltinModule('node:http2'),
  () => globalThis.Response,
  () => import('hono'),
  () => import('@hono/node-server'),
  () => import('./schemas/bodies.ts'),
  () => import('./schemas/rows.ts'),
  () => import('./schemas/answers.ts'),
  () => import('./rooms/overview.ts'),
  () => import('./rooms/access.ts'),
  () => import('./rooms/rooms.ts'),
]

/** Packets are served between two steps. */
async function loadInSteps(building: Building): Promise<RequestHandler> {
  for (const load of parts) {
    await load()
    await nextTurn()
  }
  const { makeRequestHandler } = await import('./request-handler.ts')
  await nextTurn()
  return makeRequestHandler(building)
}

function notLoaded(): HttpProblem {
  const advice = 'look at what the broker has logged; if it was updated while it ran, start it again'
  return problem('broker-fault', 'the HTTP API', 'a failure', 'an answer', advice)
}
