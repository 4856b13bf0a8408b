/**
 * The `pabal` command of this checkout against a broker of the test's own.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../../bin/pabal', import.meta.url))

export interface Ended {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number | null
}

export interface Running {
  readonly process: ChildProcessByStdio<null, Readable, Readable>
  readonly ended: Promise<Ended>
  /** Resolves when it has printed something that matches. */
  printed(pattern: RegExp): Promise<void>
}

export function startPabal(brokerUrl: string, verb: string, ...args: string[]): Running {
  const { port } = new URL(brokerUrl)
  const child = spawn(program, [verb, '-h', '127.0.0.1', '-p', port, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]).then(
    ([stdout, stderr, [exitCode]]) => ({ stdout, stderr, exitCode }),
  )
  let seen = ''
  const printed = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (pattern.test(seen)) resolve()
      }
      child.stdout.on('data', (chunk) => {
        seen += chunk
        look()
      })
      child.on('exit', () => reject(new Error(`it ended without having printed ${pattern}:\n${seen}`)))
      look()
    })
  return { process: child, ended, printed }
}

export function runPabal(brokerUrl: string, verb: string, ...args: string[]): Promise<Ended> {
  return startPabal(brokerUrl, verb, ...args).ended
}
