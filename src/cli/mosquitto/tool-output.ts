/**
 * Where a tool writes: messages and debug lines to standard output, complaints to standard error unless `--quiet`.
 */
import { harmless } from '../terminal-text.ts'
import type { Invocation } from './invocation.ts'

export class ToolOutput {
  readonly #invocation: Invocation
  readonly #isQuiet: boolean
  #onBroken: () => void = () => {}
  #isBroken = false

  constructor(invocation: Invocation, isQuiet: boolean) {
    this.#invocation = invocation
    this.#isQuiet = isQuiet
    process.stdout.on('error', () => {
      // Nobody reads any more, as with `| head -1`.
      if (this.#isBroken) return
      this.#isBroken = true
      this.#onBroken()
    })
  }

  /** Called once if standard output can no longer be written to. */
  whenBroken(action: () => void): void {
    this.#onBroken = action
    if (this.#isBroken) action()
  }

  print(bytes: Uint8Array | string): void {
    if (!this.#isBroken) process.stdout.write(bytes)
  }

  /** Text with its line end. */
  complain(text: string): void {
    if (!this.#isQuiet) process.stderr.write(text)
  }

  /**
   * `pabal pub: …`, in native mode only: drop-in mode has nothing to add to Debian's words. What the server says may be part of
   * the text: it is made harmless.
   */
  remark(text: string): void {
    if (!this.#invocation.isDropIn) this.complain(`${this.#invocation.name}: ${harmless(text)}\n`)
  }
}

/** Resolves when all that was written has left the process. */
export async function flushOutput(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.writableLength === 0 || stream.destroyed) continue
    await new Promise<void>((resolve) => stream.write('', () => resolve()))
  }
}
