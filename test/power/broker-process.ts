/**
 * A broker in a process of its own, that can be killed.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export const running = new Set<BrokerProcess>()

/** Ends what a test that failed has left running. */
export async function killBrokers(): Promise<void> {
  await Promise.all([...running].map((broker) => broker.kill()))
}

export class BrokerProcess {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>
  readonly exited: Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>
  stdout = ''
  stderr = ''

  /** `command` is the program and its arguments. */
  constructor(command: readonly [string, ...string[]]) {
    const [program, ...words] = command
    this.#child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
    })
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    running.add(this)
    this.exited = once(this.#child, 'close').then(([exitCode, signal]) => {
      running.delete(this)
      return { exitCode, signal }
    })
  }

  /** Resolves when it listens. @throws an Error with its complaints if it ends instead. */
  async ready(): Promise<this> {
    while (!this.stdout.includes('Stop with Ctrl-C.\n')) {
      const ended = await Promise.race([this.exited, once(this.#child.stdout, 'data').then(() => null)])
      if (ended !== null) throw new Error(`the broker ended: ${this.stdout}${this.stderr}`)
    }
    return this
  }

  get port(): number {
    return Number(/Listening on tcp:\/\/127\.0\.0\.1:(\d+)/.exec(this.stdout)?.[1])
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.#child.kill(signal)
    await this.exited
  }
}

/** `pabal start` on a data directory, without the HTTP API, which has a file of its own there. */
export function startCommand(directory: string, ...flags: string[]): [string, ...string[]] {
  const listen = ['--listen', 'tcp://127.0.0.1:0', '--admin', 'off']
  return [process.execPath, main, 'start', '--data', directory, ...listen, ...flags]
}

export function startBroker(directory: string, ...flags: string[]): Promise<BrokerProcess> {
  return new BrokerProcess(startCommand(directory, ...flags)).ready()
}
