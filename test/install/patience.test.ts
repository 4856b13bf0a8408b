/**
 * Where npm does not get through, whoever waits for it is told, and once it has failed nothing of it is left.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { checkout } from './fresh-machine.ts'

/** Installs where npm is `npm`, with a patience of a second instead of 45. */
function install(directory: string, npm: string) {
  const script = readFileSync(join(checkout, 'scripts/install.sh'), 'utf8')
  const hasty = script.replace('install_patience_seconds=45', 'install_patience_seconds=1')
  assert.notEqual(hasty, script)
  writeFileSync(join(directory, 'install.sh'), `set -eu\ncheckout=${directory}\n${hasty}`)
  writeFileSync(join(directory, 'package-lock.json'), '{}')
  mkdirSync(join(directory, 'bin'))
  writeFileSync(join(directory, 'bin/npm'), `#!/bin/sh\n${npm}\n`, { mode: 0o755 })
  const env = { PATH: `${join(directory, 'bin')}:${process.env.PATH}` }
  return spawnSync('sh', [join(directory, 'install.sh')], { env, encoding: 'utf8', timeout: 30_000 })
}

const patient = /^pabal: npm has not finished after 1 s; .*: npm ping --loglevel=http$/m

test('whoever waits for npm is told that it goes on trying, and then that it has failed', () => {
  const directory = temporaryDirectory()
  const { status, stderr } = install(directory, "sleep 3; echo 'no network' >&2; exit 7")
  assert.equal(status, 1, stderr)
  assert.match(stderr, patient)
  assert.match(stderr, /^no network\npabal: npm ci failed with exit code 7; /m)
  assert.equal(existsSync(join(directory, '.install-lock')), false)
})

test('nothing is said where npm answers soon', () => {
  const { status, stderr } = install(temporaryDirectory(), 'exit 7')
  assert.equal(status, 1, stderr)
  assert.doesNotMatch(stderr, patient)
  assert.match(stderr, /^pabal: npm ci failed with exit code 7; /m)
})
