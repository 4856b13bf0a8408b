import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { ReasonCode } from '../../protocol/reason-code.ts'
import type { AuthenticationRequest, AuthenticationVerdict } from './authentication.ts'
import { defaultAuthenticate } from './default-authenticate.ts'
import { hashPassword } from './password-hash.ts'
import { makeScramCredential } from './scram-credential.ts'
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

function connect(userName: string | null, password: string | null): AuthenticationRequest {
  return {
    clientIdentifier: 'test',
    userName,
    password: password === null ? null : Buffer.from(password),
    protocolVersion: 5,
    remoteAddress: '127.0.0.1:50312',
    listener: 'tcp://127.0.0.1:1883',
    userProperties: [],
  }
}

const refused: AuthenticationVerdict = {
  type: 'refused',
  reasonCode: ReasonCode.BadUserNameOrPassword,
  reasonString: 'the user name or the password is wrong',
}

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
