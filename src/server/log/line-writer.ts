/**
 * Writes lines to a file descriptor behind the back of the event loop: one write at a time, and the next takes all that has
 * come meanwhile. A reader that is slow never holds up the broker: what there is no room for is dropped, counted and told.
 */
import { write } from 'node:fs'
import { count } from '../counted.ts'

const retryMs = 50

export class LineWriter {
  readonly #fileDescriptor: number
  readonly #waitingBytesMax: number
  /** The line that says how many are missing. */
  readonly #missing: (lines: number, text: string) => string
  #waiting: string[] = []
  #waitingBytes = 0
  #dropped = 0
  #isWriting = false
  /** Nobody reads any more. */
  #isGone = false
  #whenIdle: (() => void)[] = []

  constructor(fileDescriptor: number, waitingBytesMax: number, missing: (lines: number, text: string) => string) {
    this.#fileDescriptor = fileDescriptor
    this.#waitingBytesMax = waitingBytesMax
    this.#missing = missing
  }

  write(line: string): void {
    if (this.#isGone) return
    if (this.#waitingBytes + line.length > this.#waitingBytesMax) {
      this.#dropped += 1
      return
    }
    this.#waiting.push(line)
    this.#waitingBytes += line.length
    if (!this.#isWriting) this.#writeWaiting()
  }

  /** Resolves when everything has left, or the time is over. */
  idle(withinMs: number): Promise<void> {
    if (!this.#isWriting) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs)
      this.#whenIdle.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  #writeWaiting(): void {
    const lines = this.#waiting
    if (this.#dropped > 0) {
      const text = `whoever reads this log is too slow: ${count(this.#dropped)} lines are missing here`
      lines.push(this.#missing(this.#dropped, text))
      this.#dropped = 0
    }
    this.#waiting = []
    this.#waitingBytes = 0
    this.#isWriting = lines.length > 0
    if (this.#isWriting) this.#writeAll(Buffer.from(lines.join('')))
    else for (const resolve of this.#whenIdle.splice(0)) resolve()
  }

  #writeAll(bytes: Buffer): void {
    write(this.#fileDescriptor, bytes, (error, written) => {
      if (error !== null && error.code !== 'EAGAIN') {
        // The reader is gone, or the disk it is written to is full; there is nowhere to say so.
        this.#isGone = true
        this.#waiting = []
        this.#writeWaiting()
        return
      }
      const rest = bytes.subarray(error === null ? written : 0)
      if (rest.length === 0) this.#writeWaiting()
      else if (error === null) this.#writeAll(rest)
      else setTimeout(() => this.#writeAll(rest), retryMs)
    })
  }
}
