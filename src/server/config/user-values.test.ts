/**
 * The values of a user: names that can be sent, and secrets that are neither weak by mistake nor repeated.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts'
import { formatScramCredential, makeScramCredential } from '../authentication/scram-credential.ts'
import { hashForStorage, hashKinds } from '../authentication/stored-password.ts'
import type { Reading } from './reading.ts'
import { SecretText } from './secret.ts'
import {
  type Password,
  readAccount,
  readPassword,
  readPasswordFile,
  readPasswordHash,
  readScram,
  readUserName,
} from './user-values.ts'

const hash = '$scrypt$ln=10,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
const places = (variable: string) => ({ directory: '.', environment: { P: variable } })

function plain(password: string): Reading<Password> {
  return { type: 'value', value: { type: 'plain', password } }
}

function faultOf(reading: Reading<unknown>): string {
  assert.equal(reading.type, 'fault')
  return `${reading.found ?? ''} ${reading.expected} ${reading.advice}`
}

test('a User Name has as many bytes as CONNECT can carry, and characters that SCRAM can', () => {
  for (const name of ['a', 'x'.repeat(65_535), '한'.repeat(21_845)]) {
    assert.deepEqual(readUserName(name), { type: 'value', value: name })
  }
  for (const name of ['', 'x'.repeat(65_536), '한'.repeat(21_846), 'a\u0007', 5, true, null, undefined, {}]) {
    assert.match(faultOf(readUserName(name)), /a User Name of 1 to 65,535 bytes/)
  }
})

test('what to do about a User Name depends on what is wrong with it', () => {
  for (const [value, advice] of [
    [5, /put it in quotation marks: '5'$/],
    [true, /put it in quotation marks: 'true'$/],
    [null, /add a line userName: NAME$/],
    ['', /write the name the client sends$/],
    ['x'.repeat(65_536), /write the name the client sends$/],
    ['a\u0007', /choose another name: /],
  ] as const) {
    assert.match(faultOf(readUserName(value)), advice)
  }
})

test('an account has a name', () => {
  assert.deepEqual(readAccount('kitchen'), { type: 'value', value: 'kitchen' })
  for (const value of ['', 5, null]) assert.match(faultOf(readAccount(value)), /the name of an account/)
})

test('a password does not stand in the file itself, and is not repeated', () => {
  for (const value of ['hunter2', 5, null, '', ['hunter2']]) {
    assert.match(faultOf(readPassword(value, places('tea'))), /where the password stands/)
    assert.doesNotMatch(faultOf(readPassword(value, places('tea'))), /hunter2/)
  }
  assert.deepEqual(readPassword(new SecretText('tea'), places('')), plain('tea'))
})

test('what was found where a password should be is said by its kind', () => {
  for (const [value, found] of [
    ['hunter2', /^a password that stands here itself /],
    ['', /^an empty text /],
    [5, /^a number /],
    [null, /^nothing /],
    [['hunter2'], /^no text /],
    [`\${P:-hunter2}`, /^more or less than one name in braces /],
    [`\${Q}`, /^\$\{Q\}, and that variable is not set /],
    ['file:missing', /^\S*missing, which cannot be read: no such file or directory /],
  ] as const) {
    assert.match(faultOf(readPassword(value, places('tea'))), found)
  }
  assert.match(faultOf(readScram(`\${Q}`, places(''))), /that variable is not set/)
  assert.match(faultOf(readPasswordHash(`\${Q}`, places(''))), /that variable is not set/)
})

test('a password is read from the file that is named, by a key of its own or behind file:', () => {
  const directory = temporaryDirectory()
  writeFileSync(join(directory, 'p'), 'green tea\n')
  const there = { ...places(''), directory }
  assert.deepEqual(readPassword('file:p', there), plain('green tea'))
  assert.deepEqual(readPasswordFile('p', there), plain('green tea'))
  for (const value of [5, null, ['p']])
    assert.match(faultOf(readPasswordFile(value, there)), /write the path of the file/)
  assert.match(faultOf(readPasswordFile('missing', there)), /cannot be read/)
  writeFileSync(join(directory, 'p'), 'a\u0007hunter2\n')
  assert.match(faultOf(readPasswordFile('p', there)), /^p: .*SASLprep forbids/)
})

test('a password that is read from elsewhere is one that can be typed, or a whole hash', () => {
  const read = (secret: string) => readPassword(`\${P}`, places(secret))
  assert.deepEqual(read('green tea'), plain('green tea'))
  assert.deepEqual(read(hash), { type: 'value', value: { type: 'hash', hash } })
  assert.match(faultOf(read('a\u0007hunter2')), /SASLprep forbids/)
  assert.match(faultOf(read('$scrypt$hunter2')), /a text that is no hash/)
  for (const secret of ['a\u0007hunter2', '$scrypt$hunter2']) assert.doesNotMatch(faultOf(read(secret)), /hunter2/)
})

test('a hash is never taken for the password itself, whatever it was made with', async () => {
  const read = (secret: string) => readPassword(`\${P}`, places(secret))
  for (const kind of hashKinds) {
    const made = await hashForStorage('tea', kind)
    assert.deepEqual(read(made), { type: 'value', value: { type: 'hash', hash: made } })
  }
  for (const broken of ['$scrypt$', '$argon2id$v=19$m=1$hunter2']) {
    assert.match(faultOf(read(broken)), /a text that is no hash/)
    assert.doesNotMatch(faultOf(read(broken)), /hunter2/)
  }
  for (const password of ['$6$ for tea', '$7$1$a$b', '$5$a$b']) {
    assert.deepEqual(read(password), plain(password))
  }
})

test('a hash or a credential that is none is refused, and not repeated', async () => {
  const credential = formatScramCredential(await makeScramCredential('tea'))
  assert.deepEqual(readPasswordHash(hash, places('')), { type: 'value', value: hash })
  assert.equal(readScram(credential, places('')).type, 'value')
  for (const text of ['hunter2', `${hash}!hunter2`, '$7$101$hunter2$hunter2', `${credential}!hunter2`]) {
    for (const reading of [readPasswordHash(text, places('')), readScram(text, places(''))]) {
      assert.match(faultOf(reading), /a text that is no (?:hash|credential)/)
      assert.doesNotMatch(faultOf(reading), /hunter2/)
    }
  }
})
