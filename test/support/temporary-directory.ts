/**
 * Directories for files that tests make.
 *
 * They go when the process does, however it ends short of being killed: after the brokers that have files open there, and also if a
 * test fails before it comes to a hook.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const made: string[] = []
process.once('exit', () => {
  for (const path of made) rmSync(path, { recursive: true, force: true })
})

/** The path of a new, empty one. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'pabal-test-'))
  made.push(path)
  return path
}
