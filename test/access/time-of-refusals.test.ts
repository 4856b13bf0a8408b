/**
 * What can be told about the names of users by the time that it takes to refuse them, and when a hash is made anew.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Authenticate } from '../../src/server/authentication/authentication.ts'
import { hashPassword } from '../../src/server/authentication/password-hash.ts'
import { hashForStorage, verifyStoredPassword } from '../../src/server/authentication/stored-password.ts'
import { type User, usersAuthenticate } from '../../src/server/authentication/users.ts'
import { connect, refused } from '../support/authentication-request.ts'

/** Logins with a weak and with a strong hash, and whom `rehashed` was told about. */
async function rehashing(isKept: boolean) {
  const weak = { userName: 'weak', account: null, passwordHash: await hashForStorage('tea', 'sha512'), scram: [] }
  const strong = { ...weak, userName: 'strong', passwordHash: await hashForStorage('tea') }
  const told: { name: string; passwordHash: string }[] = []
  let wake: () => void = () => {}
  const rehashed = ({ userName }: User, passwordHash: string) => {
    told.push({ name: userName, passwordHash })
    wake()
    return isKept
  }
  const authenticate = usersAuthenticate([weak, strong], { rehashed })
  const hears = new Promise<void>((resolve) => {
    wake = resolve
  })
  return { authenticate, told, hears }
}

test('a hash is made anew if it is weak, after its password was right, and once, kept or not', async () => {
  for (const isKept of [true, false]) {
    const { authenticate, told, hears } = await rehashing(isKept)
    assert.deepEqual(await authenticate(connect('weak', 'coffee')), refused)
    for (const name of ['strong', 'weak']) {
      assert.deepEqual(await authenticate(connect(name, 'tea')), { type: 'accepted', account: name })
    }
    await hears
    for (let count = 0; count < 3; count++) {
      assert.deepEqual(await authenticate(connect('weak', 'tea')), { type: 'accepted', account: 'weak' })
      assert.deepEqual(await authenticate(connect('weak', 'coffee')), refused)
    }
    // Whatever was begun before this is done before it.
    for (let count = 0; count < 3; count++) await hashForStorage('tea')
    assert.deepEqual(
      told.map(({ name }) => name),
      ['weak'],
    )
    assert.equal(await verifyStoredPassword(Buffer.from('tea'), told[0]?.passwordHash ?? ''), true)
  }
})

/** Which of the names cost much to refuse, in CPU time: `f` for fast, `s` for slow, also if it is done again: V8 works beside it. */
async function costs(authenticate: Authenticate, names: readonly string[]): Promise<string> {
  let found = ''
  for (const name of names) {
    found += (await isSlow(authenticate, name)) && (await isSlow(authenticate, name)) ? 's' : 'f'
  }
  return found
}

async function isSlow(authenticate: Authenticate, name: string): Promise<boolean> {
  const begun = process.cpuUsage()
  assert.deepEqual(await authenticate(connect(name, 'wrong')), refused)
  const { user, system } = process.cpuUsage(begun)
  return user + system > 12_000
}

test('names cannot be guessed by time: one that nobody has costs what some user does, the same each time, and which is not to be known', async () => {
  const slow = await hashPassword('tea', { costLog2: 14, blockSize: 8, parallelism: 1 })
  const fast = await hashForStorage('tea', 'sha512')
  const mixed = [
    { userName: 'slow', account: null, passwordHash: slow, scram: [] },
    { userName: 'none', account: null, passwordHash: null, scram: [] },
    { userName: 'fast', account: null, passwordHash: fast, scram: [] },
  ]
  const names = Array.from({ length: 24 }, (_, index) => `nobody-${index}`)
  const authenticate = usersAuthenticate(mixed)
  assert.equal(await costs(authenticate, ['slow', 'fast']), 'sf')
  const found = await costs(authenticate, names)
  assert.match(found, /s.*f|f.*s/)
  assert.equal(await costs(authenticate, names), found)
  assert.notEqual(await costs(usersAuthenticate(mixed), names), found)
  assert.equal(await costs(usersAuthenticate(mixed.slice(1)), names), 'f'.repeat(24))
  assert.equal(await costs(usersAuthenticate(mixed.slice(1, 2)), ['nobody']), 's')
})

test('names cannot be guessed by time: when a hash has been made anew, unknown names cost as much as the one that is kept', async () => {
  const names = Array.from({ length: 24 }, (_, index) => `nobody-${index}`)
  for (const isKept of [true, false]) {
    const { authenticate, hears } = await rehashing(isKept)
    const before = await costs(authenticate, ['weak', ...names])
    assert.match(before, /^f.*f/)
    await authenticate(connect('weak', 'tea'))
    await hears
    assert.equal(await costs(authenticate, ['weak', ...names]), isKept ? 's'.repeat(25) : before)
  }
})
