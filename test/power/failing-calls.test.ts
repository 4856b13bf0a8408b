/**
 * One write or sync of the process fails, the first or a later one: nothing acknowledged is lost, none is repeated at QoS 2,
 * and the broker stops unless the disk was only full. `npm run prove` does it for each of the first forty.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { killBrokers } from './broker-process.ts'
import {
  reopenAfterFailure,
  stopAtInterval,
  surviveFailure,
  whyNoFailingCalls,
  withFailingCalls,
} from './failing-calls.ts'

const skip = whyNoFailingCalls() ?? false
afterEach(killBrokers)

for (const [what, call, errno, outcome] of [
  ['a write that fails with an input/output error', 'write', 5, 'stopped'],
  ['a sync that fails', 'sync', 5, 'stopped'],
  ['a write that finds no space, once', 'write', 28, 'went on'],
] as const) {
  test(`${what}: the broker ${outcome}, and nothing acknowledged is lost`, { skip }, async () => {
    await withFailingCalls(async (library) => {
      for (const at of [2, 20]) assert.equal(await surviveFailure(library, { call, at, errno }), outcome, `call ${at}`)
    })
  })
}

test('a sync of a password file that fails, or of its directory, is told, and before the first the old file stays', {
  skip,
}, async () => {
  await withFailingCalls(async (library) => {
    const module = JSON.stringify(new URL('../../src/server/authentication/password-file.ts', import.meta.url).href)
    for (const [at, content] of [
      [1, 'old\n'],
      [2, 'new\n'],
    ] as const) {
      // Calls on files with such a path are those that fail.
      const directory = mkdtempSync(join(tmpdir(), 'pabal.db-'))
      const file = join(directory, 'users')
      writeFileSync(file, 'old\n')
      const script = `const { writePasswordFile } = await import(${module})
        try { writePasswordFile(${JSON.stringify(file)}, 'new\\n') } catch (error) { console.log(error.code) }`
      const failing = {
        LD_PRELOAD: library,
        FAILING_CALL: 'sync',
        FAILING_CALL_AT: String(at),
        FAILING_CALL_ERRNO: '5',
      }
      const env = { ...process.env, ...failing }
      const words = ['--input-type=module', '-e', script]
      assert.equal(execFileSync(process.execPath, words, { env, encoding: 'utf8' }), 'EIO\n')
      assert.deepEqual([readFileSync(file, 'utf8'), readdirSync(directory)], [content, ['users']])
      rmSync(directory, { recursive: true })
    }
  })
})

test('a sync that fails at durability interval stops the broker too', { skip }, async () => {
  await withFailingCalls(stopAtInterval)
})

for (const [durability, call, at] of [
  ['fsync', 'sync', 24],
  ['fsync', 'write', 80],
  ['interval', 'sync', 16],
  ['interval', 'write', 120],
] as const) {
  test(`a program whose broker has failed (${call}, durability ${durability}) makes another on the same directory`, {
    skip,
  }, async () => {
    await withFailingCalls((library) => reopenAfterFailure(library, { call, at, errno: 5 }, durability))
  })
}
