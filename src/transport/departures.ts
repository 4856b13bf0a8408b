/**
 * Shares out the closing of sockets: so many in each turn of the event loop, in the order in which they came to their end.
 *
 * The operating system may report thousands that have ended in one go, as when a network fails or a gateway is switched off. Each costs
 * system calls and the end of what the broker did for its client; between two turns everybody else is served.
 */
import type { Socket } from 'node:net'

/** What is to be closed. */
export interface Departing {
  /** Called once, in a later turn. */
  depart(): void
}

/** A millisecond or two of them. */
const perTurn = 64

export class Departures {
  #waiting: Departing[] = []
  #done = 0

  add(departing: Departing): void {
    if (this.#waiting.push(departing) === 1) setImmediate(this.#go)
  }

  readonly #go = (): void => {
    const waiting = this.#waiting
    const end = Math.min(waiting.length, this.#done + perTurn)
    try {
      while (this.#done < end) waiting[this.#done++]?.depart()
    } finally {
      // Also if one has failed: the others are not to wait for ever.
      if (this.#done < waiting.length) setImmediate(this.#go)
      else {
        this.#waiting = []
        this.#done = 0
      }
    }
  }
}

/** Those of all channels. */
export const departures = new Departures()

/** From now on a socket that Node would destroy because it is broken is destroyed in its turn. */
export function breakInTurn(socket: Socket): void {
  socket.destroy = destroyInTurn
}

/** The same, and one that is read as a stream is told of the peer's end in its turn. */
export function endInTurn(socket: Socket): void {
  breakInTurn(socket)
  socket.push = pushInTurn
}

// What stands in for the methods of a socket's class: one function each for all of them.

function methodsOf(socket: Socket): Socket {
  return Object.getPrototypeOf(socket)
}

function destroyInTurn(this: Socket, error?: Error): Socket {
  if (error === undefined) return methodsOf(this).destroy.call(this)
  departures.add({ depart: () => void methodsOf(this).destroy.call(this, error) })
  return this
}

function pushInTurn(this: Socket, chunk: unknown, encoding?: BufferEncoding): boolean {
  if (chunk !== null) return methodsOf(this).push.call(this, chunk, encoding)
  departures.add({
    depart: () => {
      methodsOf(this).push.call(this, null)
      // As Node does: the end of a stream is seen by reading.
      this.read(0)
    },
  })
  return false
}
