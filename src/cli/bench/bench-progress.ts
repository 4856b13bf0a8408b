/**
 * How a run goes on, on standard error: one line that is written anew on a terminal, a line each second elsewhere.
 */
import { count } from '../../server/counted.ts'
import type { RunWatch, Tally } from './bench-run.ts'

/** The part of a stream that is needed. */
export interface ProgressStream {
  readonly isTTY?: boolean
  write(text: string): unknown
}

const everyMs = 1000
const redrawnEveryMs = 200

export class BenchProgress implements RunWatch {
  readonly #stream: ProgressStream
  readonly #clients: number
  readonly #nowMs: () => number
  readonly #startMs: number
  #lastMs: number
  #last: Tally = { connected: 0, sent: 0, received: 0 }
  #isDrawn = false

  constructor(stream: ProgressStream, clients: number, nowMs: () => number) {
    this.#stream = stream
    this.#clients = clients
    this.#nowMs = nowMs
    this.#startMs = nowMs()
    this.#lastMs = this.#startMs
  }

  progress(phase: 'connecting' | 'running' | 'draining', tally: Tally): void {
    const now = this.#nowMs()
    const passedMs = now - this.#lastMs
    if (passedMs < (this.#stream.isTTY === true ? redrawnEveryMs : everyMs)) return
    const text = this.#text(phase, tally, passedMs / 1000)
    this.#lastMs = now
    this.#last = tally
    if (this.#stream.isTTY !== true) {
      this.#stream.write(`${text}\n`)
      return
    }
    this.#isDrawn = true
    this.#stream.write(`\r\u001b[K${text}`)
  }

  /** Leaves the terminal as it was. */
  end(): void {
    if (this.#isDrawn) this.#stream.write('\r\u001b[K')
  }

  #text(phase: string, { connected, sent, received }: Tally, seconds: number): string {
    const at = `${((this.#nowMs() - this.#startMs) / 1000).toFixed(0)} s`
    if (phase === 'connecting') return `${at}  connected ${count(connected)} of ${count(this.#clients)}`
    const rate = (now: number, before: number) => count(Math.round((now - before) / seconds))
    const parts = [`${at}  ${phase === 'draining' ? 'waiting for the rest' : `${count(connected)} clients`}`]
    if (sent > 0) parts.push(`sent ${count(sent)} (${rate(sent, this.#last.sent)}/s)`)
    if (received > 0) parts.push(`received ${count(received)} (${rate(received, this.#last.received)}/s)`)
    return parts.join('  ')
  }
}
