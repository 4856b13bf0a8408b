/**
 * Events as they happen, over connections that may break: then another one is opened.
 *
 * Nobody keeps events: what happened while there was no connection is missed, so that is told as an event of its own.
 */
import type { ServerEvent, SubscribeEvent } from '../admin/api-types.ts'
import { ApiError, errorOf } from './api-error.ts'
import type { Connection, RequestOptions } from './connection.ts'

/** Not from the broker: what happens from now on is told. */
export interface StreamOpened extends ServerEvent {
  readonly type: 'streamOpened'
  /** It was broken: what happened meanwhile was missed. */
  readonly isAgain: boolean
}

/** Which events, and how long. */
export interface EventsOptions extends RequestOptions {
  /** Only these: `connected`, `messageHeld` … Default: all. */
  readonly types?: readonly string[]
}

const retryUsualMs = 2000
const retryMaxMs = 30_000
/** The broker is never silent for so long: the connection is dead. */
const silentMsMax = 60_000

/**
 * Ends when the signal says so, or with whoever iterates.
 *
 * @throws if it cannot be opened at first, or, later, an ApiError if another attempt would end the same.
 */
export async function* openEvents(
  connection: Connection,
  { types, signal }: EventsOptions,
): AsyncGenerator<ServerEvent | StreamOpened, void> {
  const query = types === undefined ? {} : { types: types.join(',') }
  const end = new AbortController()
  const whenAborted = (): void => end.abort(signal?.reason)
  signal?.addEventListener('abort', whenAborted)
  if (signal?.aborted === true) whenAborted()
  let wasOpen = false
  let failures = 0
  const pause = { ms: retryUsualMs }
  try {
    while (!end.signal.aborted) {
      try {
        const call = { path: '/events', query, headers: { accept: 'text/event-stream' }, signal: end.signal }
        const response = await connection.send('GET', call)
        if (!response.ok || response.body === null) throw await errorOf(response, 'GET /events')
        failures = 0
        yield { type: 'streamOpened', isAgain: wasOpen, atMs: Date.now() }
        wasOpen = true
        yield* eventsOf<ServerEvent>(response.body, pause)
      } catch (error) {
        if (end.signal.aborted) return
        if (!wasOpen || (error instanceof ApiError && !isPassing(error))) throw error
        failures += 1
      }
      await rest(Math.min(retryMaxMs, pause.ms * 2 ** Math.max(0, failures - 1)), end.signal)
    }
  } finally {
    signal?.removeEventListener('abort', whenAborted)
    end.abort()
  }
}

/** How messages are received that match a Topic Filter, and how long. */
export interface TryOutOptions extends RequestOptions {
  /** Highest QoS. Default 0. */
  readonly qos?: 0 | 1 | 2
  /** Messages a second that are told, 1 to 1,000. Default 100. */
  readonly rate?: number
}

/**
 * A Subscription as a stream, which ends with whoever iterates, with the signal, or when the broker ends it. It is not made again: that
 * would be another Session.
 *
 * @throws if it cannot be opened, or if the connection breaks.
 */
export async function* openTryOut(
  connection: Connection,
  filter: string,
  { qos = 0, rate, signal }: TryOutOptions,
): AsyncGenerator<SubscribeEvent, void> {
  const query = { filter, qos: String(qos), ...(rate === undefined ? {} : { rate }) }
  const call = { path: '/subscribe', query, headers: { accept: 'text/event-stream' } }
  try {
    const response = await connection.send('GET', signal === undefined ? call : { ...call, signal })
    if (!response.ok || response.body === null) throw await errorOf(response, 'GET /subscribe')
    yield* eventsOf<SubscribeEvent>(response.body, { ms: 0 })
  } catch (error) {
    if (signal?.aborted !== true) throw error
  }
}

/** The broker starts, stops, or has too much to do; or a proxy does not reach it. */
function isPassing({ status }: ApiError): boolean {
  return status === 429 || status === 502 || status === 503 || status === 504
}

async function* eventsOf<Event>(body: ReadableStream<Uint8Array>, pause: { ms: number }): AsyncGenerator<Event, void> {
  const decoder = new TextDecoder()
  const reader = body.getReader()
  let text = ''
  const giveUp = (): void => void reader.cancel().catch(() => {})
  try {
    for (;;) {
      // Not while whoever iterates is busy: it would keep a program alive that has done with us.
      const timer = setTimeout(giveUp, silentMsMax)
      const { done, value } = await reader.read().finally(() => clearTimeout(timer))
      if (done) return
      text += decoder.decode(value, { stream: true })
      // One event, or comment, ends with an empty line. The broker's own line ends are all that stand in it.
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const lines = text.slice(0, end).split('\n')
        text = text.slice(end + 2)
        const event = readEvent<Event>(lines, pause)
        if (event !== null) yield event
      }
    }
  } finally {
    giveUp()
  }
}

function readEvent<Event>(lines: readonly string[], pause: { ms: number }): Event | null {
  let data = ''
  for (const line of lines) {
    if (line.startsWith('data: ')) data += line.slice('data: '.length)
    else if (/^retry: \d+$/.test(line)) pause.ms = Number(line.slice('retry: '.length))
  }
  // The broker sends what its own types say.
  return data === '' ? null : (JSON.parse(data) as Event)
}

function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}
