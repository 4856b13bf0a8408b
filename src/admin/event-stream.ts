/**
 * A stream of server-sent events to one who asks. What waits for a client that does not read is bounded; the rest is left out,
 * and whoever writes here is told so that it can be counted.
 *
 * It ends when the client goes, when the API stops, and when the login or the key it was opened with is good no more.
 */
import { type Administration, eventStreamsMax } from './administration.ts'
import { problem } from './problem.ts'
import type { Visit } from './room.ts'

const everyMs = 1000
const heartbeatMs = 15_000
const waitingBytesMax = 1024 * 1024

type StreamVisit = Pick<
  Visit<unknown, unknown, unknown>,
  'administration' | 'doorkeeper' | 'principal' | 'broker' | 'signal'
>

export interface StreamHooks {
  /** Each second while it is open. */
  eachSecond?: () => void
  /** Once, however it ends. */
  ended: () => void
}

export class EventStream {
  readonly response: Response
  readonly #administration: Administration
  readonly #signal: AbortSignal
  readonly #hooks: StreamHooks
  readonly #timer: NodeJS.Timeout
  readonly #end = (): void => this.end()
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null
  #isOpen = true
  #silentMs = 0

  /** @throws HttpProblem if too many are open */
  constructor({ administration, doorkeeper, principal, broker, signal }: StreamVisit, hooks: StreamHooks) {
    if (administration.eventStreams >= eventStreamsMax) {
      const found = `${eventStreamsMax} streams of events that are open`
      throw problem('unavailable', 'the broker', found, 'fewer', 'close one of them')
    }
    this.#administration = administration
    this.#signal = signal
    this.#hooks = hooks
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        cancel: () => this.#release(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: waitingBytesMax }),
    )
    const headers = { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' }
    this.response = new Response(body, { headers })
    administration.eventStreams += 1
    this.#timer = setInterval(() => {
      if (!doorkeeper.isStillIn(principal, broker.nowMs())) this.end()
      else this.#tick()
    }, everyMs)
    this.#timer.unref()
    signal.addEventListener('abort', this.#end)
    this.#write('retry: 2000\n: the broker tells what happens from now on\n\n')
  }

  /**
   * False: there is no room, and it is left out. JSON has no line ends of its own, so nothing a client has chosen can begin another
   * event.
   */
  send(event: { readonly type: string }, atMs: number): boolean {
    if (!this.#hasRoom) return false
    this.#write(`event: ${event.type}\ndata: ${JSON.stringify({ atMs, ...event })}\n\n`)
    return true
  }

  /** What was sent still leaves. */
  end(): void {
    if (!this.#isOpen) return
    this.#release()
    this.#controller?.close()
  }

  get #hasRoom(): boolean {
    return this.#isOpen && (this.#controller?.desiredSize ?? 0) > 0
  }

  #tick(): void {
    this.#hooks.eachSecond?.()
    this.#silentMs += everyMs
    if (this.#silentMs >= heartbeatMs && this.#hasRoom) this.#write(': still here\n\n')
  }

  #write(text: string): void {
    this.#silentMs = 0
    this.#controller?.enqueue(Buffer.from(text))
  }

  #release(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    clearInterval(this.#timer)
    this.#signal.removeEventListener('abort', this.#end)
    this.#administration.eventStreams -= 1
    this.#hooks.ended()
  }
}
