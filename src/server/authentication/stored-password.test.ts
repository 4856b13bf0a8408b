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
import { TooBusyError } from './work-gate.ts'

const bytes = (text: string): Buffer => Buffer.from(text)

/** Made by mosquitto_passwd 2.0.11 of "secret" and "new". */
const pbkdf2 =
  '$7$101$XGsUuu4NafndT54M$2EPYhXgfgkkxfAiI000oEoLLwI+zT8DGGLQfJrheXI717oXD+oMT3BAfuODbdiFLmcl9jRsTu2r66Agaa771Fw=='
const sha512 =
  '$6$a5eGfLTF5usTcrmP$mcrVeBcIwSfZ6Mk8/94P08xotTZdwUPXtFaAWGf+M4pCwawDzDswqJ3i6abMVnu5/HAQhU4t/8jIt8Yg3+VfSQ=='

/** So many bytes, in base64 without padding. */
const sized = (count: number): string => Buffer.alloc(count, 1).toString('base64').replace(/=+$/, '')
const sizedWhole = (count: number): string => Buffer.alloc(count, 1).toString('base64')
const argon2 = (m: number, t: number, p: number, salt = 16, hash = 32) =>
  `$argon2id$v=19$m=${m},t=${t},p=${p}$${sized(salt)}$${sized(hash)}`

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
  const iterated = (iterations: number) => pbkdf2.replace('$101$', `$${iterations}$`)
  assert.deepEqual([isWeak(iterated(209_999)), isWeak(iterated(210_000))], [true, false])
})

test('a decoy has the cost of what it stands for, whatever that is, and is another each time', () => {
  const costly = [
    pbkdf2.replace('$101$', '$5000$'),
    '$scrypt$ln=12,r=4,p=2$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA',
  ]
  if (hashKinds.includes('argon2id')) costly.push(argon2(1024, 3, 2, 20, 40))
  for (const text of costly) {
    const [one, other] = [decoyOf(text), decoyOf(text)]
    const settings = (hash: string) => hash.split('$').slice(1, -2)
    assert.deepEqual([settings(one), settings(other)], [settings(text), settings(text)])
    assert.notEqual(one.split('$').at(-1), other.split('$').at(-1))
    assert.notEqual(one.split('$').at(-2), other.split('$').at(-2))
  }
})

test('of one password two hashes have salts that nobody foresees', async () => {
  for (const kind of hashKinds) {
    const salts = [await hashForStorage('tea', kind), await hashForStorage('tea', kind)].map((hash) =>
      hash.split('$').at(-2),
    )
    assert.notEqual(salts[0], salts[1], kind)
    assert.ok(Buffer.from(salts[0] ?? '', 'base64').length >= 12, kind)
  }
})

test('however it was hashed, a flood of checks is turned away', async () => {
  const hashes = [sha512, pbkdf2, ...(hashKinds.includes('argon2id') ? [argon2(8, 1, 1)] : [])]
  for (const hash of hashes) {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 300 }, () => verifyStoredPassword(bytes('new'), hash)),
    )
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
    assert.equal(refused.length, 300 - 258, hash)
    assert.ok(refused.every((reason) => reason instanceof TooBusyError))
  }
})

test('the whole hash must be right', async () => {
  const last = (text: string, at: number) => text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)
  // The last letter that has bits of the hash: in front of the padding.
  for (const [password, hash] of [
    ['secret', pbkdf2],
    ['new', sha512],
  ] as const) {
    assert.equal(await verifyStoredPassword(bytes(password), last(hash, hash.length - 4)), false)
  }
  for (const kind of hashKinds) {
    const hash = await hashForStorage('tea', kind)
    assert.equal(await verifyStoredPassword(bytes('tea'), last(hash, hash.length - 4)), false, kind)
  }
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

/** The lowest and the highest of each that is taken: one less and one more are not. */
const bounds: [name: string, lowest: number, highest: number, form: (value: number) => string, named: RegExp][] = [
  ['salt of $6$', 8, 64, (size) => `$6$${sizedWhole(size)}$${sizedWhole(64)}`, /salt bytes/],
  ['hash of $6$', 64, 64, (size) => `$6$${sizedWhole(12)}$${sizedWhole(size)}`, /hash bytes/],
  ['salt of $7$', 8, 64, (size) => `$7$101$${sizedWhole(size)}$${sizedWhole(64)}`, /salt bytes/],
  ['hash of $7$', 64, 64, (size) => `$7$101$${sizedWhole(12)}$${sizedWhole(size)}`, /hash bytes/],
  ['iterations of $7$', 1, 10_000_000, (count) => `$7$${count}$${sizedWhole(12)}$${sizedWhole(64)}`, /iterations/],
  ...(hashKinds.includes('argon2id')
    ? ([
        ['parallelism of argon2id', 1, 16, (p) => argon2(47_104, 1, p), /^p is/],
        ['memory of argon2id', 8, 188_416, (m) => argon2(m, 1, 1), /^m is/],
        ['memory of argon2id for 16 lanes', 128, 188_416, (m) => argon2(m, 1, 16), /^m is/],
        ['passes of argon2id', 1, 100, (t) => argon2(47_104, t, 1), /^t is/],
        ['salt of argon2id', 8, 64, (size) => argon2(47_104, 1, 1, size), /salt bytes/],
        ['hash of argon2id', 16, 64, (size) => argon2(47_104, 1, 1, 16, size), /hash bytes/],
      ] satisfies typeof bounds)
    : []),
]

for (const [name, lowest, highest, form, named] of bounds) {
  test(`${name}: from ${lowest} to ${highest}`, () => {
    for (const value of [lowest, highest]) assert.doesNotThrow(() => parseStoredPassword(form(value)), form(value))
    for (const value of [lowest - 1, highest + 1]) {
      assert.throws(
        () => parseStoredPassword(form(value)),
        { name: PasswordHashError.name, message: named },
        form(value),
      )
    }
  })
}

test('what does not have the form of its kind is told the form', () => {
  for (const [text, form] of [
    ['$6$salt', '$6$salt$hash'],
    ['$7$x$y$z', '$7$iterations$salt$hash'],
    ...(hashKinds.includes('argon2id')
      ? [['$argon2id$v=19$m=1', '$argon2id$v=19$m=47104,t=1,p=1$salt$hash'] as const]
      : []),
  ] as const) {
    assert.throws(() => parseStoredPassword(text), { message: `it does not have the form ${form}` })
  }
})
