/**
 * That nothing a test file makes in the system's directory for temporary files outlives it.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { test } from 'node:test'

test('a temporary directory is gone when the process is over, also if a test fails on the way', () => {
  const helper = new URL('temporary-directory.ts', import.meta.url).href
  const script = `import { writeFileSync } from 'node:fs'
    import { temporaryDirectory } from '${helper}'
    const path = temporaryDirectory()
    writeFileSync(path + '/file', path)
    console.log(path)
    throw new Error('before any hook')`
  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  assert.equal(status, 1)
  assert.match(stdout, /pabal-test-\w+\n$/)
  assert.equal(existsSync(stdout.trim()), false)
})
