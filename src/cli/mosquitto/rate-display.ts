/**
 * `--message-rate`: in place of the messages, how many came in each second.
 */
import type { ToolOutput } from './tool-output.ts'

export class RateDisplay {
  readonly #output: ToolOutput
  #timer: NodeJS.Timeout | null = null
  #count = 0

  constructor(output: ToolOutput) {
    this.#output = output
  }

  start(): void {
    this.#timer = setInterval(() => this.#show(), 1000)
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
  }

  count(): void {
    this.#count += 1
  }

  #show(): void {
    this.#output.print(`${this.#count} messages/s\n`)
    this.#count = 0
  }
}
