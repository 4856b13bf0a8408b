/**
 * The broker under fuzzing: `pabal start` in a process of its own, that says what happened to it.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FromWatched } from './watched-start.ts'

const program = fileURLToPath(new URL('watched-start.ts', import.meta.url))

/** What grows until it is full is small, and Sessions end soon: what is alive after a round says whether something leaks. */
const config = `limits:
  sessionExpirySecondsMax: 1
  keepAliveSecondsMax: 60
  clientHistoryEventsMax: 500
  fateLogMessagesMax: 500
  topicsSeenMax: 500
  sysIntervalSeconds: 0
  sessionQueueMessagesMax: 200
  retainedMessagesMax: 200
  topicAliasMaximum: 64
`

const inMemory: readonly string[] = ['--durability', 'memory']

export class FuzzedBroker implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #folder: string
  /** Resolves when it is gone. */
  readonly exited: Promise<unknown>
  #output = ''
  #isStopping = false
  #alive: ((bytes: number) => void) | null = null
  port = 0
  /** The longest it was held since this was last set to 0. */
  heldMs = 0

  private constructor(folder: string, flags: readonly string[], planted: string | null) {
    this.#folder = folder
    const listen = ['--listen', 'tcp://127.0.0.1:0', '--admin', 'off', '--config', join(folder, 'pabal.yaml')]
    this.#child = fork(program, ['start', ...listen, ...flags], {
      execArgv: ['--expose-gc', ...(planted === null ? [] : ['--import', planted])],
      // A test's own variables are no keys of the configuration.
      env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PABAL_'))),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.exited = once(this.#child, 'close')
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        // The end of it says why.
        this.#output = (this.#output + text).slice(-16_384)
      })
    }
    this.#child.on('message', (message: FromWatched) => {
      if (message.type === 'alive') this.#alive?.(message.bytes)
      else this.heldMs = Math.max(this.heldMs, message.milliseconds)
    })
  }

  /** `planted` is a module that it loads first, which does it harm. @throws if it does not come up */
  static async start(flags = inMemory, planted: string | null = null): Promise<FuzzedBroker> {
    const folder = mkdtempSync(join(tmpdir(), 'pabal-fuzz-'))
    writeFileSync(join(folder, 'pabal.yaml'), config)
    const broker = new FuzzedBroker(folder, flags, planted)
    await broker.#ready()
    // It says that it listens before the turn in which it has started is over.
    await broker.aliveBytes()
    broker.heldMs = 0
    return broker
  }

  async #ready(): Promise<void> {
    for (;;) {
      const port = /Listening on tcp:\/\/127\.0\.0\.1:(\d+)\n[\s\S]*Stop with Ctrl-C\.\n/.exec(this.#output)?.[1]
      if (port !== undefined) {
        this.port = Number(port)
        return
      }
      if (this.crash !== null || this.#child.stdout === null) throw new Error(`no broker: ${this.#output}`)
      await Promise.race([this.exited, once(this.#child.stdout, 'data')])
    }
  }

  get processId(): number {
    return this.#child.pid ?? 0
  }

  /** What it last said, if it ended without having been told to. */
  get crash(): string | null {
    const { exitCode, signalCode } = this.#child
    if (this.#isStopping || (exitCode === null && signalCode === null)) return null
    return `exit ${exitCode ?? signalCode}: ${this.#output.slice(-4000)}`
  }

  /** Bytes alive after two collections; -1 if it is not there any more. */
  async aliveBytes(): Promise<number> {
    const answered = new Promise<number>((resolve) => {
      this.#alive = resolve
    })
    if (!this.#child.connected) return -1
    this.#child.send('alive')
    return Promise.race([answered, this.exited.then(() => -1)])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.crash === null) this.#isStopping = true
    this.#child.kill('SIGKILL')
    await this.exited
    rmSync(this.#folder, { recursive: true })
  }
}
