/**
 * A store that fails is never overlooked: a program that does not listen for it ends. `law.test.ts` has the one that listens.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

test('a failed store that nobody listens for ends the program with its error', () => {
  const program = join(import.meta.dirname, 'fails-unheard.ts')
  const { status, stderr } = spawnSync(process.execPath, [program], { encoding: 'utf8', timeout: 30_000 })
  assert.equal(status, 1, stderr)
  assert.match(stderr, /the disk is broken, says the test/)
})
