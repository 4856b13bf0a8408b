/**
 * What is kept of a password for SCRAM: its bounds, and what it is made from.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  formatScramCredential,
  makeScramCredential,
  parseScramCredential,
  type ScramCredential,
  ScramCredentialError,
} from './scram-credential.ts'

interface Parts {
  readonly bits: number
  readonly iterations: number
  readonly salt: number
  readonly stored: number
  readonly server: number
}

const usual: Parts = { bits: 256, iterations: 4096, salt: 16, stored: 32, server: 32 }

/** With so many bytes in each part. */
function credential(changed: Partial<Parts>): string {
  const { bits, iterations, salt, stored, server } = { ...usual, ...changed }
  const [saltText, storedText, serverText] = [salt, stored, server].map((size) =>
    Buffer.alloc(size, 1).toString('base64'),
  )
  return `SCRAM-SHA-${bits}$${iterations}:${saltText}$${storedText}:${serverText}`
}

for (const [name, taken, refused, message] of [
  [
    'iterations',
    [{ iterations: 4096 }, { iterations: 10_000_000 }],
    [{ iterations: 4095 }, { iterations: 10_000_001 }],
    /iterations is/,
  ],
  ['bytes of salt', [{ salt: 8 }, { salt: 64 }], [{ salt: 7 }, { salt: 65 }], /the salt has/],
  [
    'bytes of storedKey',
    [{}],
    [{ stored: 31 }, { stored: 33 }, { stored: 64 }],
    /storedKey has \d+ bytes, and must have 32/,
  ],
  [
    'bytes of serverKey',
    [{}],
    [{ server: 31 }, { server: 33 }, { server: 64 }],
    /serverKey has \d+ bytes, and must have 32/,
  ],
  [
    'bytes of keys of SHA-512',
    [{ bits: 512, stored: 64, server: 64 }],
    [{ bits: 512 }, { bits: 512, stored: 64 }, { bits: 512, server: 64 }],
    /Key has 32 bytes, and must have 64/,
  ],
  ['hash', [{ bits: 256 }], [{ bits: 1 }, { bits: 384 }], /does not have the form/],
] as [string, Partial<Parts>[], Partial<Parts>[], RegExp][]) {
  test(`${name}: what is just beyond the bounds is refused`, () => {
    for (const parts of taken)
      assert.equal(formatScramCredential(parseScramCredential(credential(parts))), credential(parts))
    for (const parts of refused) {
      assert.throws(() => parseScramCredential(credential(parts)), { name: ScramCredentialError.name, message })
    }
  })
}

test('a number of iterations that is none, or out of bounds, makes no credential', async () => {
  for (const iterations of [4095, 10_000_001, 4096.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    const made = makeScramCredential('tea', { iterations })
    await assert.rejects(made, { name: ScramCredentialError.name, message: /iterations is/ }, String(iterations))
  }
})

test('each credential has a salt of its own', async () => {
  const [one, other] = [await makeScramCredential('tea'), await makeScramCredential('tea')]
  assert.notDeepEqual(one.salt, other.salt)
  assert.notDeepEqual(one.storedKey, other.storedKey)
  assert.equal(one.salt.length, 16)
})

test('a password is prepared with SASLprep, so that it is the same however it was typed', async () => {
  const salt = Buffer.alloc(16, 1)
  const keys = async (password: string): Promise<ScramCredential> => makeScramCredential(password, { salt })
  assert.deepEqual(await keys('I\u00adX'), await keys('IX'))
  assert.deepEqual(await keys('\u2168'), await keys('IX'))
  assert.notDeepEqual(await keys('ix'), await keys('IX'))
  await assert.rejects(keys('\u00ad'), /SASLprep forbids/)
})
