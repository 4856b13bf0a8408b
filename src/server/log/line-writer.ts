/**
 * Writes lines to a file descriptor behind the back of the event loop: one write at a time, and the next takes all that has
 * come meanwhile. A reader that is slow never holds up the broker: what there is no room for is dropped, counted and told.
 */
import { write, writeSync } from 'node:fs'
import { count } from '../counted.ts'

const retryMs = 50
/** The same at the end, to a reader that reads. */
const retrySoonMs = 5
/** At the end what waits has so long from the last byte that was taken, and so long in all: a reader may be late, and slow. */
const unreadMsMax = 1300
const waitingMsMax = 1350
/** Then the last words have so long, and their stack, where it is a text of its own. All of it is less than a process may take to end. */
const lastMsMax = 300

export class LineWriter {
  readonly #fileDescriptor: number
  readonly #waitingBytesMax: number
  /** The line that says how many are missing. */
  readonly #missing: (lines: number, text: string) => string
  #waiting: string[] = []
  #waitingBytes = 0
  #dropped = 0
  #isWriting = false
  /** Of what is being written, while it waits to be tried again. */
  #rest: Buffer | null = null
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
    const rest = this.#rest ?? Buffer.alloc(0)
    this.#rest = null
    let begin = ''
    if (this.#isWriting && !this.#isLast && rest.length === 0) {
      // What is under way has its own thread, but nobody will hear any more how far it got.
      pause(retryMs)
      begin = '\n'
    }
    this.#isLast = true
    const before = [...this.#waiting.splice(0), ...this.#missingLine()]
    const lines = before.length > 0 ? begin + before.join('') : ''
    this.#writeNow(Buffer.concat([rest, Buffer.from(lines)]), waitingMsMax)
    // By itself, so that not even a slow reader gets it in pieces with something between them.
    this.#writeNow(Buffer.from(begin + text), lastMsMax)
  }

  #writeNow(bytes: Buffer, msMax: number): void {
    const beganMs = performance.now()
    let left = bytes
    for (let takenMs = beganMs; left.length > 0; ) {
      const written = writtenNow(this.#fileDescriptor, left)
      left = left.subarray(written)
      const nowMs = performance.now()
      if (written > 0) takenMs = nowMs
      if (left.length === 0 || nowMs - takenMs > unreadMsMax || nowMs - beganMs > msMax) return
      pause(written > 0 ? retrySoonMs : retryMs)
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
      else {
        this.#rest = rest
        setTimeout(() => {
          this.#rest = null
          this.#writeAll(rest)
        }, retryMs)
      }
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
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
