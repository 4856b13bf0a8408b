import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashPassword, PasswordHashError, parsePasswordHash, verifyPassword } from './password-hash.ts'
import { TooBusyError } from './work-gate.ts'

const cheap = { costLog2: 10, blockSize: 8, parallelism: 1 }

test('a password matches its own hash and no other', async () => {
  const hash = await hashPassword('커피는 맥심', cheap)
  assert.equal(await verifyPassword(Buffer.from('커피는 맥심'), hash), true)
  assert.equal(await verifyPassword(Buffer.from('커피는 맥심 '), hash), false)
  assert.equal(await verifyPassword(Buffer.alloc(0), hash), false)
})

test('the default hash names its cost, and two hashes of one password differ', async () => {
  const [first, second] = [await hashPassword('same'), await hashPassword('same')]
  assert.match(first, /^\$scrypt\$ln=15,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  assert.notEqual(first, second)
})

test('the third test vector of RFC 7914 verifies', async () => {
  const key = Buffer.from(
    '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
    'hex',
  )
  const encode = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
  const hash = `$scrypt$ln=14,r=8,p=1$${encode(Buffer.from('SodiumChloride'))}$${encode(key)}`
  assert.equal(await verifyPassword(Buffer.from('pleaseletmein'), hash), true)
  assert.equal(await verifyPassword(Buffer.from('pleaseletmein!'), hash), false)
})

test('what is not a hash, or would cost too little or too much, is refused', () => {
  const tail = '$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
  const cases: [text: string, message: RegExp][] = [
    ['secret', /does not have the form/],
    [`$scrypt$ln=9,r=8,p=1${tail}`, /ln is 9, and may be 10 to 20/],
    [`$scrypt$ln=21,r=8,p=1${tail}`, /ln is 21/],
    [`$scrypt$ln=20,r=8,p=1${tail}`, /more than 256 MiB/],
    [`$scrypt$ln=15,r=8,p=17${tail}`, /p is 17/],
    ['$scrypt$ln=15,r=8,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', /salt bytes is 3/],
    ['$scrypt$ln=15,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA', /hash bytes is 3/],
  ]
  for (const [text, message] of cases) {
    assert.throws(() => parsePasswordHash(text), { name: PasswordHashError.name, message })
  }
})

test('a flood of checks is refused beyond what may wait, and the rest is answered', async () => {
  const hash = await hashPassword('right', cheap)
  const password = Buffer.from('right')
  const outcomes = await Promise.allSettled(Array.from({ length: 400 }, () => verifyPassword(password, hash)))
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
  assert.equal(refused.length, 400 - 258)
  assert.ok(refused.every((outcome) => outcome.reason instanceof TooBusyError))
  assert.ok(outcomes.every((outcome) => outcome.status === 'rejected' || outcome.value))
})
