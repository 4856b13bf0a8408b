/**
 * `pabal start` in a process of its own that can be killed at any moment.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export class BrokerProcess {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>
  readonly #exited: Promise<unknown>
  #output = ''
  #wasKilled = false

  constructor(flags: readonly string[]) {
    // Only the store is looked at.
    const listen = ['--listen', 'tcp://127.0.0.1:0', '--admin', 'off']
    this.#child = spawn(process.execPath, [main, 'start', ...listen, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#exited = once(this.#child, 'close')
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
      })
    }
  }

  /** What it printed. */
  get output(): string {
    return this.#output
  }

  get processId(): number {
    return this.#child.pid ?? 0
  }

  /** Ended without having been told to. */
  get hasCrashed(): boolean {
    return !this.#wasKilled && (this.#child.exitCode !== null || this.#child.signalCode !== null)
  }

  /** The port it listens on; null if it ended before it did. */
  async ready(): Promise<number | null> {
    let hasExited = false
    const exited = this.#exited.then(() => {
      hasExited = true
    })
    while (!hasExited) {
      const port = /Listening on tcp:\/\/127\.0\.0\.1:(\d+)\n[\s\S]*Stop with Ctrl-C\.\n/.exec(this.#output)?.[1]
      if (port !== undefined) return Number(port)
      await Promise.race([exited, once(this.#child.stdout, 'data')])
    }
    return null
  }

  /** Resolves when the process is gone. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (!this.hasCrashed) this.#wasKilled = true
    this.#child.kill(signal)
    await this.#exited
  }
}
