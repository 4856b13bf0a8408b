/**
 * The command as a user runs it from a checkout, against a broker of the test.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../../bin/pabal', import.meta.url))

export function startPabal(words: readonly string[]): ChildProcess {
  return spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Runs a verb that asks the broker at `url`; what it printed, and its exit code. */
export async function pabal({ url }: { readonly url: string }, ...words: string[]) {
  const { port } = new URL(url)
  const child = startPabal([...words, '-h', '127.0.0.1', '-p', port])
  const { stdout, stderr } = child
  assert.ok(stdout !== null && stderr !== null)
  const [out, faults, [code]] = await Promise.all([text(stdout), text(stderr), once(child, 'close')])
  return { out, faults, code }
}
