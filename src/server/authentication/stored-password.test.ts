/**
 * Stored passwords of every form: what made them is known, and what is none is said without repeating it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PasswordHashError } from './password-hash.ts'
import {
  decoyOf,
  hashForStorage,
  hashKinds,
  isWeak,
  parseStoredPassword,
  verifyStoredPassword,
} from './stored-password.ts'

const bytes = (text: string): Buffer => Buffer.from(text)

/** Made by mosquitto_passwd 2.0.11 of "secret" and "new". */
const pbkdf2 =
  '$7$101$XGsUuu4NafndT54M$2EPYhXgfgkkxfAiI000oEoLLwI+zT8DGGLQfJrheXI717oXD+oMT3BAfuODbdiFLmcl9jRsTu2r66Agaa771Fw=='
const sha512 =
  '$6$a5eGfLTF5usTcrmP$mcrVeBcIwSfZ6Mk8/94P08xotTZdwUPXtFaAWGf+M4pCwawDzDswqJ3i6abMVnu5/HAQhU4t/8jIt8Yg3+VfSQ=='

test('hashes of mosquitto_passwd are checked as they are', async () => {
  assert.deepEqual(
    [await verifyStoredPassword(bytes('secret'), pbkdf2), await verifyStoredPassword(bytes('Secret'), pbkdf2)],
    [true, false],
  )
  assert.deepEqual(
    [await verifyStoredPassword(bytes('new'), sha512), await verifyStoredPassword(bytes(''), sha512)],
    [true, false],
  )
})

test('every kind is made with a salt of its own, checks right and wrong, and has a decoy that costs the same', async () => {
  for (const kind of hashKinds) {
    const [one, other] = [await hashForStorage('커피', kind), await hashForStorage('커피', kind)]
    assert.notEqual(one, other, kind)
    assert.deepEqual(
      [await verifyStoredPassword(bytes('커피'), one), await verifyStoredPassword(bytes('커'), one)],
      [true, false],
      kind,
    )
    assert.equal(isWeak(one), kind === 'sha512' || kind === 'sha512-pbkdf2', kind)
    const decoy = decoyOf(one)
    assert.notEqual(decoy, one)
    const cost = (text: string) => text.replace(/[A-Za-z0-9+/=]{16,}/g, ({ length }) => `${length}`)
    assert.equal(cost(decoy), cost(one), kind)
    assert.equal(await verifyStoredPassword(bytes('커피'), decoy), false)
  }
  assert.equal(isWeak(await hashForStorage('x', 'sha512-pbkdf2', 210_000)), false)
})

test('what is no hash, or would cost too much, is refused without being repeated', () => {
  const salt = 'AAAAAAAAAAAAAAAA'
  const hash = `${'A'.repeat(86)}==`
  const refused = [
    'plain',
    '$5$a$b',
    `$6$${salt}$${hash}x`,
    `$6$AAAA$${hash}`,
    `$7$0$${salt}$${hash}`,
    `$7$99999999$${salt}$${hash}`,
    `$7$101$${salt}$AAAA`,
    `$argon2id$v=19$m=9999999,t=1,p=1$${salt}$${salt}${salt}`,
    `$argon2id$v=19$m=47104,t=1000,p=1$${salt}$${salt}${salt}`,
    `$argon2id$v=16$m=47104,t=1,p=1$${salt}$${salt}${salt}`,
    `$argon2i$v=19$m=47104,t=1,p=1$${salt}$${salt}${salt}`,
  ]
  for (const text of refused) {
    assert.throws(
      () => parseStoredPassword(text),
      (error) =>
        error instanceof PasswordHashError && !error.message.includes(salt) && !error.message.includes('plain'),
      text,
    )
  }
})
