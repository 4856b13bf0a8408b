import assert from 'node:assert/strict'
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { before, test } from 'node:test'
import { ReasonCode } from '../../protocol/reason-code.ts'
import type { Authenticate, AuthenticationRequest, AuthenticationVerdict } from './authentication.ts'
import { defaultAuthenticate } from './default-authenticate.ts'
import { hashPassword } from './password-hash.ts'
import { makeScramCredential, type ScramCredential } from './scram-credential.ts'
import { hashForStorage, verifyStoredPassword } from './stored-password.ts'
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

test('a password that is empty is one, and none is none', async () => {
  const passwordHash = await hashPassword('', cheap)
  const named = (userName: string) => ({ userName, account: null, passwordHash, scram: [] })
  const authenticate = usersAuthenticate([named('ann'), named('')])
  assert.deepEqual(await authenticate(connect('ann', '')), { type: 'accepted', account: 'ann' })
  assert.deepEqual(await authenticate(connect('', '')), { type: 'accepted', account: '' })
  assert.deepEqual(await authenticate(connect('ann', null)), refused)
  assert.deepEqual(await authenticate(connect(null, '')), refused)
})

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
