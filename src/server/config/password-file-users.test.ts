/**
 * Users of a password file: all of them or none, and nobody twice.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parseConfig } from './config.ts'
import { ConfigError } from './config-fault.ts'
import { usersOfPasswordFile } from './password-file-users.ts'

const directory = mkdtempSync(join(tmpdir(), 'pabal-password-file-users-'))
after(() => rmSync(directory, { recursive: true }))
const file = join(directory, 'users')
const hash = `$7$101$AAAAAAAAAAAAAAAA$${'A'.repeat(86)}==`

function foundIn(work: () => unknown): string[] {
  try {
    work()
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.faults.map(({ line, found }) => `${line} ${found}`)
  }
  return assert.fail('it was accepted')
}

test('who stands in a password file may log in with its hash, and nothing more', () => {
  writeFileSync(file, `# shop\nann:${hash}\n`)
  const ann = { userName: 'ann', account: null, passwordHash: hash, password: null, scram: null, permissions: [] }
  assert.deepEqual(usersOfPasswordFile(file, []), [{ ...ann, isInPasswordFile: true }])
})

test('who stands under users and in the file as well is a fault, reported with the lines that are none', () => {
  writeFileSync(file, `ann:${hash}\nbob:tea\n`)
  const text = `authentication:\n  passwordFile: ${file}\n  users: [{userName: ann, passwordHash: '${hash}'}]\n`
  assert.deepEqual(
    foundIn(() => parseConfig(text, 'pabal.yaml')),
    ['2 a text that is no hash', 'null "ann", who stands under authentication.users, too'],
  )
})

test('one line that is none is enough to refuse the file', () => {
  writeFileSync(file, `ann:${hash}\nbob:tea\n`)
  assert.deepEqual(
    foundIn(() => usersOfPasswordFile(file, [])),
    ['2 a text that is no hash'],
  )
})

test('a password file that cannot be read lets nobody start', () => {
  assert.deepEqual(
    foundIn(() => usersOfPasswordFile(join(directory, 'missing'), [])),
    ['null a file that cannot be read: no such file or directory'],
  )
})
