import assert from 'node:assert/strict'
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { before, test } from 'node:test'
import { connect, refused } from '../../../test/support/authentication-request.ts'
import { ReasonCode } from '../../protocol/reason-code.ts'
import { defaultAuthenticate } from './default-authenticate.ts'
import { hashPassword } from './password-hash.ts'
import { makeScramCredential, type ScramCredential } from './scram-credential.ts'
import { type User, usersAuthenticate, usersScram } from './users.ts'

const cheap = { costLog2: 10, blockSize: 8, parallelism: 1 }
const users: User[] = []

before(async () => {
  users.push(
    { userName: 'alice', account: null, passwordHash: await hashPassword('tea', cheap), scram: [] },
    { userName: 'bob', account: 'factory', passwordHash: await hashPassword('coffee', cheap), scram: [] },
    { userName: 'scram', account: null, passwordHash: null, scram: [await makeScramCredential('water')] },
  )
})

test('the right password lets a user in, under the account that is configured', async () => {
  const authenticate = usersAuthenticate(users)
  assert.deepEqual(await authenticate(connect('alice', 'tea')), { type: 'accepted', account: 'alice' })
  assert.deepEqual(await authenticate(connect('bob', 'coffee')), { type: 'accepted', account: 'factory' })
})

test('a wrong, missing or foreign password, an unknown user and a user without a hash are refused alike', async () => {
  const authenticate = usersAuthenticate(users, { allowAnonymous: true })
  const attempts: [userName: string | null, password: string | null][] = [
    ['alice', 'coffee'],
    ['alice', ''],
    ['alice', null],
    ['Alice', 'tea'],
    ['nobody', 'tea'],
    ['scram', 'water'],
    [null, 'tea'],
  ]
  for (const [userName, password] of attempts) {
    assert.deepEqual(await authenticate(connect(userName, password)), refused, `${userName}/${password}`)
  }
})

test('a client that names nobody is let in only where anonymous clients are allowed', async () => {
  assert.deepEqual(await usersAuthenticate(users)(connect(null, null)), refused)
  const open = usersAuthenticate(users, { allowAnonymous: true })
  assert.deepEqual(await open(connect(null, null)), { type: 'accepted', account: '' })
})

test('a flood of logins is told that the server is busy', async () => {
  const authenticate = usersAuthenticate(users)
  const verdicts = await Promise.all(Array.from({ length: 300 }, () => authenticate(connect('nobody', 'x'))))
  const busy = verdicts.filter(
    (verdict) => typeof verdict === 'object' && 'reasonCode' in verdict && verdict.reasonCode === ReasonCode.ServerBusy,
  )
  assert.equal(busy.length, 300 - 258)
})

test('SCRAM-SHA-256 knows the users who have a credential', async () => {
  const [method] = usersScram(users)
  assert.ok(method !== undefined)
  assert.equal(method.name, 'SCRAM-SHA-256')
  const challengeOf = async (name: string) => {
    const step = await method.begin(connect(null, null)).step(Buffer.from(`n,,n=${name},r=abc`))
    assert.equal(step.type, 'continue')
    return Buffer.from(step.data).toString()
  }
  const salt = Buffer.from(users[2]?.scram[0]?.salt ?? []).toString('base64')
  assert.ok((await challengeOf('scram')).endsWith(`,s=${salt},i=4096`))
  assert.match(await challengeOf('alice'), /,s=[A-Za-z0-9+/]{22}==,i=4096$/)
})

test('where only Authentication Methods are configured, a CONNECT that names none is refused', async () => {
  const authenticationMethods = usersScram(users)
  const verdict = await defaultAuthenticate({ authenticationMethods })(connect(null, null))
  assert.deepEqual(verdict, {
    type: 'refused',
    reasonCode: ReasonCode.NotAuthorized,
    reasonString: 'this broker asks for an Authentication Method: SCRAM-SHA-256',
  })
  assert.equal(await defaultAuthenticate({ authenticationMethods, allowAnonymous: true })(connect(null, null)), true)
  assert.equal(await defaultAuthenticate({})(connect('anybody', null)), true)
  const authenticate = usersAuthenticate(users)
  assert.equal(defaultAuthenticate({ authenticate, authenticationMethods }), authenticate)
})

test('a password that is empty is one, and none is none', async () => {
  const passwordHash = await hashPassword('', cheap)
  const named = (userName: string) => ({ userName, account: null, passwordHash, scram: [] })
  const authenticate = usersAuthenticate([named('ann'), named('')])
  assert.deepEqual(await authenticate(connect('ann', '')), { type: 'accepted', account: 'ann' })
  assert.deepEqual(await authenticate(connect('', '')), { type: 'accepted', account: '' })
  assert.deepEqual(await authenticate(connect('ann', null)), refused)
  assert.deepEqual(await authenticate(connect(null, '')), refused)
})

test('SCRAM knows a user by the prepared name, under the same account as with a password', async () => {
  const written = 'I\u00adX'
  const credential = await makeScramCredential('tea')
  for (const account of [null, 'factory']) {
    const user = { userName: written, account, passwordHash: await hashPassword('tea', cheap), scram: [credential] }
    const [method] = usersScram([user])
    const wanted = account ?? written
    assert.deepEqual(await usersAuthenticate([user])(connect(written, 'tea')), { type: 'accepted', account: wanted })
    const exchange = method?.begin(connect(null, null))
    const first = await exchange?.step(Buffer.from('n,,n=IX,r=abc'))
    assert.equal(first?.type, 'continue')
    const final = proofOf('tea', credential, 'n=IX,r=abc', Buffer.from(first.data).toString())
    const step = await exchange?.step(Buffer.from(final))
    assert.deepEqual([step?.type, step?.type === 'accepted' && step.account], ['accepted', wanted])
  }
})

/** What a client answers to server-first: RFC 5802 section 3. */
function proofOf(password: string, { salt, iterations }: ScramCredential, bare: string, serverFirst: string): string {
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const key = createHmac('sha256', salted).update('Client Key').digest()
  const withoutProof = `c=biws,${/^r=[^,]+/.exec(serverFirst)?.[0]}`
  const stored = createHash('sha256').update(key).digest()
  const signature = createHmac('sha256', stored).update(`${bare},${serverFirst},${withoutProof}`).digest()
  return `${withoutProof},p=${Buffer.from(key.map((byte, index) => byte ^ (signature[index] ?? 0))).toString('base64')}`
}

test('SCRAM shows a name that nobody has what it shows a user: as many iterations, and a salt as long', async () => {
  const credentials = [
    await makeScramCredential('tea', { iterations: 5000, salt: Buffer.alloc(24, 1) }),
    await makeScramCredential('tea', { iterations: 4096, salt: Buffer.alloc(12, 1) }),
  ]
  const [method] = usersScram(
    credentials.map((credential, index) => {
      return { userName: `user-${index}`, account: null, passwordHash: null, scram: [credential] }
    }),
  )
  const shapes = new Set<string>()
  for (let index = 0; index < 40; index++) {
    const step = await method?.begin(connect(null, null)).step(Buffer.from(`n,,n=nobody-${index},r=abc`))
    assert.equal(step?.type, 'continue')
    const [, salt = '', iterations] = /,s=([^,]+),i=(\d+)$/.exec(Buffer.from(step.data).toString()) ?? []
    shapes.add(`${iterations} ${Buffer.from(salt, 'base64').length}`)
  }
  assert.deepEqual([...shapes].sort(), ['4096 12', '5000 24'])
})
