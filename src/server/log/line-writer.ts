/**
 * Writes lines to a file descriptor behind the back of the event loop: one write at a time, and the next takes all that has
 * come meanwhile. A reader that is slow never holds up the broker: what there is no room for is dropped, counted and told.
 */
import { write, writeSync } from 'node:fs'
import { count } from '../counted.ts'

const retryMs = 50
/** How often the last words are tried again, and how long what is under way has before them. */
const lastTries = 20

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
  #isLast = false
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

  /** At the end of the process: when this returns, it and all that waits before it have left, or nobody takes it. */
  writeLast(text: string): void {
    if (this.#isGone) return
    let begin = ''
    if (this.#isWriting && !this.#isLast) {
      // What is under way has its own thread, but nobody will hear any more how far it got.
      pause()
      begin = '\n'
    }
    this.#isLast = true
    const before = [...this.#waiting.splice(0), ...this.#missingLine()]
    if (before.length > 0) this.#writeNow(begin + before.join(''))
    // By itself, so that not even a slow reader gets it in pieces with something between them.
    this.#writeNow(begin + text)
  }

  #writeNow(text: string): void {
    let bytes = Buffer.from(text)
    for (let tries = 0; bytes.length > 0 && tries < lastTries; tries++) {
      bytes = bytes.subarray(writtenNow(this.#fileDescriptor, bytes))
      if (bytes.length > 0) pause()
    }
  }

  #missingLine(): string[] {
    if (this.#dropped === 0) return []
    const text = `whoever reads this log is too slow: ${count(this.#dropped)} lines are missing here`
    const line = this.#missing(this.#dropped, text)
    this.#dropped = 0
    return [line]
  }

  #writeWaiting(): void {
    const lines = [...this.#waiting, ...this.#missingLine()]
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

/** How many bytes went out; none if the reader has no room, all of them if there is nobody to read. */
function writtenNow(fileDescriptor: number, bytes: Buffer): number {
  try {
    return writeSync(fileDescriptor, bytes)
  } catch (error) {
    const hasNoRoom = error instanceof Error && 'code' in error && error.code === 'EAGAIN'
    return hasNoRoom ? 0 : bytes.length
  }
}

/** Holds the whole process, which has nothing else to do any more. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs)
}
