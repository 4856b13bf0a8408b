/**
 * `pabal start` of this checkout as a process of its own, in a directory of its own, with what it prints and logs.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { type LogLine, logLines } from '../support/log-lines.ts'

const program = fileURLToPath(new URL('../../bin/pabal', import.meta.url))

export class StartedPabal implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'pabal-started-'))
  readonly child: ChildProcessByStdio<null, Readable, Readable>
  readonly exited: Promise<number | null>
  stdout = ''
  stderr = ''

  /** `wrapper`: a program, with its first words, that is to start it. */
  constructor(
    flags: readonly string[],
    prepare: (directory: string) => void = () => {},
    wrapper: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
  ) {
    prepare(this.directory)
    const [command = program, ...words] = [...wrapper, program, 'start', ...flags]
    const env = { ...process.env, ...environment }
    this.child = spawn(command, words, { cwd: this.directory, stdio: ['ignore', 'pipe', 'pipe'], env })
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
    })
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.exited = once(this.child, 'close').then(([exitCode]) => exitCode)
  }

  /** Resolves when what it has logged so far, or printed, matches. @throws an Error with all of it if it ends instead. */
  async shown(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.stderr + this.stdout)) {
      const { stdout, stderr } = this.child
      const more = Promise.race([once(stdout, 'data'), once(stderr, 'data')]).then(() => 'more')
      if ((await Promise.race([this.exited, more])) !== 'more')
        throw new Error(`it ended: ${this.stdout}${this.stderr}`)
    }
  }

  /** Where it listens, on the loopback. */
  get url(): string {
    return /tcp:\/\/127\.0\.0\.1:\d+/.exec(this.stdout + this.stderr)?.[0] ?? ''
  }

  get lines(): LogLine[] {
    return logLines(this.stderr)
  }

  /** The lines about one kind of event. */
  about(event: string): LogLine[] {
    return this.lines.filter((line) => line.event === event)
  }

  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM')
    return this.exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL')
    await this.exited
    rmSync(this.directory, { recursive: true })
  }
}

/** One that listens on a free port, and does. */
export async function startedPabal(
  flags: readonly string[] = [],
  prepare?: (directory: string) => void,
  environment?: Readonly<Record<string, string>>,
) {
  const started = new StartedPabal(['--listen', 'tcp://127.0.0.1:0', ...flags], prepare, [], environment)
  await started.shown(/Stop with Ctrl-C|"event":"started"/)
  return started
}
