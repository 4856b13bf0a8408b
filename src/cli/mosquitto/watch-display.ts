/**
 * `-w`: each Topic Name keeps a line of the terminal, which shows its latest message.
 */
import type { ToolOutput } from './tool-output.ts'

const clearScreen = '\x1b[2J'

export class WatchDisplay {
  readonly #output: ToolOutput
  readonly #rows = new Map<string, number>()

  constructor(output: ToolOutput) {
    this.#output = output
  }

  /** `line` is cut at its first line end: a second one would write over the next topic. */
  show(topicName: string, line: Buffer): void {
    if (this.#rows.size === 0) this.#output.print(clearScreen)
    let row = this.#rows.get(topicName)
    if (row === undefined) {
      row = this.#rows.size + 1
      this.#rows.set(topicName, row)
    }
    const end = line.indexOf(10)
    const text = end < 0 ? line : line.subarray(0, end)
    const below = `\x1b[${this.#rows.size + 1};1H`
    this.#output.print(Buffer.concat([Buffer.from(`\x1b[${row};1H\x1b[2K`), text, Buffer.from(below)]))
  }
}
