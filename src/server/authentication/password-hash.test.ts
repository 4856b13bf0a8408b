import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  checkGate,
  hashPassword,
  makeDecoyHash,
  PasswordHashError,
  parsePasswordHash,
  verifyPassword,
} from './password-hash.ts'
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

/** Of so many bytes. */
const sized = (count: number): string => Buffer.alloc(count, 1).toString('base64').replace(/=+$/, '')
const scrypt = (ln: number, r: number, p: number, salt = 16, hash = 32) =>
  `$scrypt$ln=${ln},r=${r},p=${p}$${sized(salt)}$${sized(hash)}`

/** The lowest and the highest of each that is taken: one less and one more are not. */
const bounds: [name: string, lowest: number, highest: number, form: (value: number) => string, named: RegExp][] = [
  ['cost', 10, 20, (ln) => scrypt(ln, 1, 1), /^ln is/],
  ['block size', 1, 32, (r) => scrypt(15, r, 1), /^r is/],
  ['parallelism', 1, 16, (p) => scrypt(15, 8, p), /^p is/],
  ['salt', 8, 64, (size) => scrypt(15, 8, 1, size), /salt bytes/],
  ['hash', 16, 64, (size) => scrypt(15, 8, 1, 16, size), /hash bytes/],
  ['memory, by block size', 15, 15, (r) => scrypt(17, r, 1), /256 MiB/],
]

for (const [name, lowest, highest, form, named] of bounds) {
  test(`${name}: from ${lowest} to ${highest}`, () => {
    for (const value of [lowest, highest]) assert.doesNotThrow(() => parsePasswordHash(form(value)), form(value))
    const outside = name.startsWith('memory') ? [highest + 1] : [lowest - 1, highest + 1]
    for (const value of outside) {
      assert.throws(() => parsePasswordHash(form(value)), { name: PasswordHashError.name, message: named }, form(value))
    }
  })
}

test('the whole hash must be right, and no password is right for a decoy', async () => {
  const hash = await hashPassword('tea', cheap)
  const at = hash.length - 4
  const other = hash.slice(0, at) + (hash[at] === 'A' ? 'B' : 'A') + hash.slice(at + 1)
  assert.equal(await verifyPassword(Buffer.from('tea'), other), false)
  const [one, two] = [makeDecoyHash(cheap), makeDecoyHash(cheap)].map(parsePasswordHash)
  assert.ok(one !== undefined && two !== undefined)
  assert.ok(!one.salt.equals(two.salt) && !one.hash.equals(two.hash))
})

test('two hashes of one password have salts of their own', async () => {
  const [one, two] = [await hashPassword('tea', cheap), await hashPassword('tea', cheap)].map(parsePasswordHash)
  assert.ok(one !== undefined && two !== undefined && !one.salt.equals(two.salt))
})

test('two checks run at a time, and the next when one of them has ended', async () => {
  const ends: (() => void)[] = []
  const work = () => new Promise<void>((resolve) => ends.push(resolve))
  const checks = [1, 2, 3].map(() => checkGate.pass(work))
  assert.equal(ends.length, 2)
  ends[0]?.()
  await checks[0]
  assert.equal(ends.length, 3)
  for (const end of ends) end()
  await Promise.all(checks)
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
