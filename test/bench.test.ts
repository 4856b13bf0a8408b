/**
 * What `npm run bench` measures with is right before it measures.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const selftest = fileURLToPath(new URL('../bench/selftest.mjs', import.meta.url))

test('the generator of the benchmark counts packets right however they are cut', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [selftest])
  assert.equal(stdout, 'selftest: 1 passed, 0 failed\n')
})
