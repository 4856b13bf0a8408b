/**
 * A password file on the disk: what is written into it is whole, private and its owner's, and nothing takes the place of a password that
 * somebody else has set meanwhile.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { originalHash, parsePasswordFile, strengthenHash, writePasswordFile } from './password-file.ts'

const hash = (letter: string) => `$7$101$AAAAAAAAAAAAAAAA$${letter.repeat(86)}==`
let directory = ''
let file = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pabal-password-file-'))
  file = join(directory, 'users')
})
afterEach(() => rmSync(directory, { recursive: true }))

test('every line that is neither a comment nor a user is a fault, with its place, and adds nobody', () => {
  const lines = [
    '# comment',
    `ann:${hash('A')}`,
    ' # none',
    ' \t',
    'bob',
    `:${hash('A')}`,
    `ann:${hash('E')}`,
    'eve:tea',
  ]
  const { entries, faults } = parsePasswordFile(`${lines.join('\r\n')}\n\n`)
  assert.deepEqual(entries, [{ userName: 'ann', passwordHash: hash('A') }])
  assert.deepEqual(
    faults.map(({ line, column, found }) => `${line}:${column} ${found}`),
    [
      '3:1 a line without a colon',
      '4:1 a blank line',
      '5:1 a line without a colon',
      '6:1 a line without a name',
      '7:1 a name that stands on line 2 already',
      '8:5 a text that is no hash',
      '9:1 a blank line',
    ],
  )
})

test('a name whose hash is broken cannot stand a second time either', () => {
  const { entries, faults } = parsePasswordFile(`ann:$7$x\nann:${hash('A')}\n`)
  assert.deepEqual(entries, [])
  assert.deepEqual(
    faults.map(({ line }) => line),
    [1, 2],
  )
})

test('a hash takes the place of the one it was made from, and of no other', () => {
  const ann = { userName: 'ann', passwordHash: hash('A') }
  for (const end of ['\n', '\r\n']) {
    writeFileSync(file, [`ann2:${hash('A')}`, `ann:${hash('A')}`, `bob:${hash('A')}`, ''].join(end))
    assert.equal(strengthenHash(file, ann, hash('E')), true)
    const { entries } = parsePasswordFile(readFileSync(file, 'utf8'))
    assert.deepEqual(
      entries.map(({ userName, passwordHash }) => [userName, passwordHash === hash('E')]),
      [
        ['ann2', false],
        ['ann', true],
        ['bob', false],
      ],
    )
  }
})

test('a password that was changed, or a user who was removed, meanwhile stays so', () => {
  const ann = { userName: 'ann', passwordHash: hash('A') }
  for (const text of [`ann:${hash('I')}\n`, `bob:${hash('A')}\n`, `#ann:${hash('A')}\n`, '']) {
    writeFileSync(file, text)
    assert.equal(strengthenHash(file, ann, hash('M')), false)
    assert.equal(readFileSync(file, 'utf8'), text)
  }
  assert.equal(originalHash(hash('M')), hash('M'), 'they do not count as one')
})

test('a hash that was made anew counts as the one that stood there first, also the second time', () => {
  const [first, second, third] = [hash('Q'), hash('U'), hash('Y')]
  writeFileSync(file, `ann:${first}\n`)
  strengthenHash(file, { userName: 'ann', passwordHash: first }, second)
  strengthenHash(file, { userName: 'ann', passwordHash: second }, third)
  assert.deepEqual([second, third, hash('c')].map(originalHash), [first, first, hash('c')])
  assert.equal(readFileSync(file, 'utf8'), `ann:${third}\n`)
})

test('it is written for its owner alone, and stays that of whoever it belongs to', () => {
  writeFileSync(file, 'old\n')
  chmodSync(file, 0o666)
  // Whoever is not root can give nothing away.
  const isRoot = process.getuid?.() === 0
  if (isRoot) chownSync(file, 1, 2)
  writePasswordFile(file, 'new\n')
  const { mode, uid, gid } = statSync(file)
  assert.equal(mode & 0o777, 0o600)
  assert.equal(readFileSync(file, 'utf8'), 'new\n')
  if (isRoot) assert.deepEqual([uid, gid], [1, 2])
})

test('a link to it stays one, and what it leads to is what is written', () => {
  const link = join(directory, 'link')
  writeFileSync(file, 'old\n')
  symlinkSync(file, link)
  writePasswordFile(link, 'new\n')
  assert.equal(readlinkSync(link), file)
  assert.equal(readFileSync(file, 'utf8'), 'new\n')
  assert.deepEqual(readdirSync(directory), ['link', 'users'])
})

test('where there is no room for the new one, the old one stays as it was, and nothing is left beside it', () => {
  writeFileSync(file, `ann:${hash('A')}\n`)
  const module = JSON.stringify(new URL('./password-file.ts', import.meta.url).href)
  const script = `const { writePasswordFile } = await import(${module})
    try { writePasswordFile(${JSON.stringify(file)}, 'x'.repeat(100_000)) } catch (error) { console.log(error.code) }`
  // As many blocks as a file may have: a disk that is full for this process alone.
  const words = ['-c', 'ulimit -f 1; exec "$@"', 'sh', process.execPath, '--input-type=module', '-e', script]
  assert.equal(execFileSync('/bin/sh', words, { encoding: 'utf8' }), 'EFBIG\n')
  assert.equal(readFileSync(file, 'utf8'), `ann:${hash('A')}\n`)
  assert.deepEqual(readdirSync(directory), ['users'])
})
