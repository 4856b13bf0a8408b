/**
 * What a host hears of its broker. A listener that throws breaks off nothing that the broker is in the middle of: it is a fault like
 * any other of the host's own functions.
 */
import { EventEmitter } from 'node:events'
import type { BrokerEvent } from '../core/event.ts'
import { eventTopicNames } from '../core/event-topics.ts'
import type { AdminRequestEvent } from './requests/admin-request.ts'
import { WaitingEvents } from './waiting-events.ts'

/** The event of one type, or of several. */
export type EventOf<Type extends BrokerEvent['type']> = Extract<BrokerEvent, { type: Type }>

/** Every event with what its listener is called with. */
export type BrokerEvents = { [Type in BrokerEvent['type']]: [event: EventOf<Type>] } & {
  /**
   * A function of the host has thrown, or answered what is no answer: a callback, which counts as a refusal, or a listener. If nobody
   * listens for it, the first is shown as a warning of the process.
   */
  fault: [error: unknown]
  /** Somebody asked for something that only an administrator may do. */
  adminRequest: [event: AdminRequestEvent]
  /** The store takes no more messages, so that publishers are refused; or it takes them again. */
  storeTakesMessages: [takes: boolean]
  /** The process takes more memory than it may, so that publishers and new clients are refused; or it does no more. */
  memoryIsShort: [
    isShort: boolean,
    use: { readonly rssBytes: number; readonly heapUsedBytes: number; readonly bytesMax: number },
  ]
  /**
   * The store has failed: the broker acknowledges nothing more and has closed every connection. When `stop` resolves it has let go of
   * the store, which another broker may open. If nobody listens for it, it is thrown as an uncaught exception.
   */
  failed: [error: Error]
}

export class HostEvents {
  readonly #emitter = new EventEmitter<BrokerEvents>()
  readonly #loops = new Set<{ end(): void }>()
  /** Somebody listens for the next of these only. */
  readonly #namesOnce = new Set<string>()
  #isOver = false
  #hasWarned = false

  readonly #changed: () => void

  /** `changed` is called when `names` may be others. */
  constructor(changed: () => void) {
    this.#changed = changed
  }

  on<Name extends keyof BrokerEvents>(name: Name, listener: (...values: BrokerEvents[Name]) => void): void {
    // EventEmitter's own type for this is the same, but written in terms it cannot relate to ours.
    this.#emitter.on(name, listener as never)
    this.#changed()
  }

  once<Name extends keyof BrokerEvents>(name: Name, listener: (...values: BrokerEvents[Name]) => void): void {
    // As above.
    this.#emitter.once(name, listener as never)
    this.#namesOnce.add(name)
    this.#changed()
  }

  off<Name extends keyof BrokerEvents>(name: Name, listener: (...values: BrokerEvents[Name]) => void): void {
    // As above.
    this.#emitter.off(name, listener as never)
    this.#changed()
  }

  /** Events as they come from now on. @throws an Error if there are none of such a type. */
  iterate<Type extends BrokerEvent['type']>(types: readonly Type[], signal: AbortSignal | null) {
    const known = Object.keys(eventTopicNames)
    const unknown = types.filter((type) => !known.includes(type))
    if (unknown.length > 0) throw new Error(`there are no events ${unknown.join(', ')}, but ${known.join(', ')}`)
    const abort = (): void => loop.abort(signal?.reason)
    const add = (event: EventOf<Type>): void => loop.add(event)
    const loop = new WaitingEvents<EventOf<Type>>(() => {
      this.#loops.delete(loop)
      signal?.removeEventListener('abort', abort)
      for (const type of types) this.off(type, add as never)
    })
    for (const type of types) this.on(type, add as never)
    this.#loops.add(loop)
    signal?.addEventListener('abort', abort)
    if (this.#isOver) loop.end()
    else if (signal?.aborted === true) abort()
    return loop
  }

  /** Nothing more happens: whoever waits for events is told. */
  end(): void {
    this.#isOver = true
    for (const loop of this.#loops) loop.end()
  }

  /** Those that somebody listens for. */
  get names(): readonly string[] {
    return this.#emitter.eventNames().filter((name) => typeof name === 'string')
  }

  /** False if nobody listens. */
  emit<Name extends keyof BrokerEvents>(name: Name, ...values: BrokerEvents[Name]): boolean {
    // Before it: a listener may listen for the next one again.
    const hadOnce = this.#namesOnce.delete(name)
    try {
      // As above.
      return this.#emitter.emit(name, ...(values as never))
    } catch (error) {
      // Whoever hears of it may throw, too: then it is nobody's any more.
      if (name === 'fault') throwLater(error)
      else this.fault(error)
      return true
    } finally {
      if (hadOnce) this.#changed()
    }
  }

  fault(error: unknown): void {
    if (this.emit('fault', error) || this.#hasWarned) return
    this.#hasWarned = true
    const text =
      'a function that was given to a broker has thrown, and nobody listens for it; further ones are not shown. ' +
      "To hear of all: broker.on('fault', (error) => ...)"
    const detail = error instanceof Error ? error.stack : String(error)
    process.emitWarning(text, { type: 'PabalFault', ...(detail === undefined ? {} : { detail }) })
  }

  failed(error: Error): void {
    // Nobody may overlook it: without a listener it is an uncaught exception.
    if (!this.emit('failed', error)) throwLater(error)
  }
}

function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}
