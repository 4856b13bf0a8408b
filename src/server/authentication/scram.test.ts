import assert from 'node:assert/strict'
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { test } from 'node:test'
import { ReasonCode } from '../../protocol/reason-code.ts'
import type {
  AuthenticationRequest,
  EnhancedAuthenticationExchange,
  EnhancedAuthenticationStep,
} from './authentication.ts'
import { prepareUserName, type ScramOptions, scramSha256, scramSha512 } from './scram.ts'
import {
  formatScramCredential,
  makeScramCredential,
  parseScramCredential,
  type ScramCredential,
  ScramCredentialError,
} from './scram-credential.ts'
import { ScramSyntaxError } from './scram-message.ts'
import { usersScram } from './users.ts'

const request: AuthenticationRequest = {
  clientIdentifier: 'test',
  userName: null,
  password: null,
  protocolVersion: 5,
  remoteAddress: '127.0.0.1:50312',
  listener: 'tcp://127.0.0.1:1883',
  userProperties: [],
}

const rfcSalt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
const rfcNonce = '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
const pencil = await makeScramCredential('pencil', { salt: rfcSalt })

function begin(options: ScramOptions = {}, userName: string | null = null): EnhancedAuthenticationExchange {
  const users = new Map<string, ScramCredential>([
    ['user', pencil],
    ['a,b=c', pencil],
    ['IX', pencil],
  ])
  return scramSha256((name) => users.get(name) ?? null, options).begin({ ...request, userName })
}

/** The other side, written from RFC 5802 alone. */
class ScramClient {
  readonly nonce = 'rOprNGfwEbeRWgbNEkqO'
  readonly first: string
  private readonly header: string
  private readonly password: string
  private serverSignature = ''

  private readonly hash: 'sha256' | 'sha512'

  constructor(userName: string, password: string, header = 'n,,', hash: 'sha256' | 'sha512' = 'sha256') {
    this.hash = hash
    this.password = password
    this.header = header
    this.first = `${header}n=${userName},r=${this.nonce}`
  }

  answer(serverFirst: string, change: (withoutProof: string) => string = (text) => text): string {
    const [, nonce = '', salt = '', iterations] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(serverFirst) ?? []
    assert.ok(nonce.startsWith(this.nonce) && nonce.length > this.nonce.length)
    const { hash } = this
    const size = hash === 'sha256' ? 32 : 64
    const salted = pbkdf2Sync(this.password, Buffer.from(salt, 'base64'), Number(iterations), size, hash)
    const clientKey = hmac(salted, 'Client Key', hash)
    const withoutProof = change(`c=${Buffer.from(this.header).toString('base64')},r=${nonce}`)
    const authMessage = `${this.first.slice(this.header.length)},${serverFirst},${withoutProof}`
    const signature = hmac(createHash(hash).update(clientKey).digest(), authMessage, hash)
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)))
    this.serverSignature = hmac(hmac(salted, 'Server Key', hash), authMessage, hash).toString('base64')
    return `${withoutProof},p=${proof.toString('base64')}`
  }

  acceptsServer(serverFinal: string): boolean {
    return serverFinal === `v=${this.serverSignature}`
  }
}

function hmac(key: Uint8Array, text: string, hash = 'sha256'): Buffer {
  return createHmac(hash, key).update(text).digest()
}

async function send(exchange: EnhancedAuthenticationExchange, text: string): Promise<EnhancedAuthenticationStep> {
  return exchange.step(Buffer.from(text))
}

async function challenge(exchange: EnhancedAuthenticationExchange, clientFirst: string): Promise<string> {
  const step = await send(exchange, clientFirst)
  assert.equal(step.type, 'continue', JSON.stringify(step))
  return Buffer.from(step.data).toString()
}

function assertRefused(step: EnhancedAuthenticationStep, reasonCode: number, reason: RegExp): void {
  assert.equal(step.type, 'refused')
  assert.equal(step.reasonCode, reasonCode)
  assert.match(step.reasonString ?? '', reason)
}

test('the exchange of RFC 7677 section 3 is reproduced byte for byte', async () => {
  const exchange = begin({ nonce: () => rfcNonce })
  assert.equal(
    await challenge(exchange, 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO'),
    'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
  )
  const final =
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ='
  assert.deepEqual(await send(exchange, final), {
    type: 'accepted',
    account: 'user',
    data: Buffer.from('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='),
  })
})

test('SCRAM-SHA-512 is the same with the longer hash; a credential of the other is none', async () => {
  const credential = await makeScramCredential('pencil', { hash: 'sha512' })
  assert.match(formatScramCredential(credential), /^SCRAM-SHA-512\$4096:/)
  assert.deepEqual(parseScramCredential(formatScramCredential(credential)), {
    ...credential,
    salt: Buffer.from(credential.salt),
  })
  for (const [password, stored, isRight] of [
    ['pencil', credential, true],
    ['pen', credential, false],
    ['pencil', pencil, false],
  ] as const) {
    const method = scramSha512(() => stored)
    assert.equal(method.name, 'SCRAM-SHA-512')
    const exchange = method.begin(request)
    const client = new ScramClient('user', password, 'n,,', 'sha512')
    const step = await send(exchange, client.answer(await challenge(exchange, client.first)))
    assert.equal(step.type, isRight ? 'accepted' : 'refused')
    if (step.type === 'accepted') assert.ok(client.acceptsServer(Buffer.from(step.data ?? []).toString()))
  }
})

test('with both credentials both methods are offered, the stronger first', async () => {
  const both = [await makeScramCredential('x'), await makeScramCredential('x', { hash: 'sha512' })]
  const user = { userName: 'ann', account: null, passwordHash: null, scram: both }
  assert.deepEqual(
    usersScram([user]).map(({ name }) => name),
    ['SCRAM-SHA-512', 'SCRAM-SHA-256'],
  )
  assert.deepEqual(
    usersScram([{ ...user, scram: both.slice(1) }]).map(({ name }) => name),
    ['SCRAM-SHA-512'],
  )
})

for (const [header, meaning] of [
  ['n,,', 'without channel binding'],
  ['y,,', 'that thinks the server has no channel binding'],
  ['n,a=user,', 'that acts for itself by name'],
]) {
  test(`a client ${meaning} logs in, and can check the server`, async () => {
    const client = new ScramClient('user', 'pencil', header)
    const exchange = begin({ account: (name) => `account of ${name}` })
    const step = await send(exchange, client.answer(await challenge(exchange, client.first)))
    assert.equal(step.type, 'accepted')
    assert.equal(step.account, 'account of user')
    assert.ok(client.acceptsServer(Buffer.from(step.data ?? []).toString()))
  })
}

test('a client that waits for the server to speak first gets an empty challenge, once', async () => {
  const client = new ScramClient('user', 'pencil')
  const exchange = begin()
  assert.deepEqual(await exchange.step(null), { type: 'continue', data: Buffer.alloc(0) })
  const step = await send(exchange, client.answer(await challenge(exchange, client.first)))
  assert.equal(step.type, 'accepted')
  assert.deepEqual(await begin().step(Buffer.alloc(0)), { type: 'continue', data: Buffer.alloc(0) })
  const silent = begin()
  await silent.step(null)
  assertRefused(await silent.step(null), ReasonCode.ProtocolError, /Authentication Data is missing/)
})

test('user names are unescaped and prepared with SASLprep', async () => {
  for (const userName of ['a=2Cb=3Dc', 'I\u00adX']) {
    const client = new ScramClient(userName, 'pencil')
    const exchange = begin()
    assert.equal((await send(exchange, client.answer(await challenge(exchange, client.first)))).type, 'accepted')
  }
})

test('a client acts for itself by whatever name it gives itself, if that is prepared to the same', async () => {
  for (const [header, userName, account] of [
    ['n,a=I\u00adX,', 'IX', 'IX'],
    ['n,a=IX,', 'I\u00adX', 'IX'],
    ['n,a=a=2Cb=3Dc,', 'a=2Cb=3Dc', 'a,b=c'],
  ] as const) {
    const client = new ScramClient(userName, 'pencil', header)
    const exchange = begin()
    const step = await send(exchange, client.answer(await challenge(exchange, client.first)))
    assert.deepEqual([step.type, step.type === 'accepted' && step.account], ['accepted', account])
  }
})

test('a User Name that is empty is prepared to nothing that could be looked up', () => {
  assert.throws(() => prepareUserName(''), { name: ScramSyntaxError.name, message: /the user name is empty/ })
})

test('while a user is looked up no second message is taken', async () => {
  const found = Promise.withResolvers<ScramCredential>()
  const exchange = scramSha256(() => found.promise).begin(request)
  const client = new ScramClient('user', 'pencil')
  const first = send(exchange, client.first)
  const second = send(exchange, client.first)
  found.resolve(pencil)
  assertRefused(await second, ReasonCode.ProtocolError, /the exchange is over/)
  assert.equal((await first).type, 'continue')
})

test('the salts of unknown users are those of this broker alone', async () => {
  const salts = []
  for (const decoySecret of [Buffer.alloc(32, 1), Buffer.alloc(32, 2), undefined, undefined]) {
    const options = decoySecret === undefined ? {} : { decoySecret }
    salts.push(/s=([^,]+)/.exec(await challenge(begin(options), new ScramClient('nobody', 'x').first))?.[1])
  }
  assert.equal(new Set(salts).size, 4)
})

test('a wrong password is refused with 0x87, which re-authentication can use as well', async () => {
  const client = new ScramClient('user', 'pen')
  const exchange = begin()
  const step = await send(exchange, client.answer(await challenge(exchange, client.first)))
  assertRefused(step, ReasonCode.NotAuthorized, /the user name or the password is wrong/)
})

test('an unknown user sees the same salt each time and the refusal of a wrong password', async () => {
  const options = { shapes: [{ iterations: 5000, saltBytes: 24 }], decoySecret: Buffer.alloc(32, 1) }
  const challenges: string[] = []
  for (const userName of ['nobody', 'nobody', 'somebody']) {
    const client = new ScramClient(userName, 'pencil')
    const exchange = begin(options)
    const serverFirst = await challenge(exchange, client.first)
    challenges.push(serverFirst.replace(/^r=[^,]*/, ''))
    const step = await send(exchange, client.answer(serverFirst))
    assertRefused(step, ReasonCode.NotAuthorized, /^SCRAM: the user name or the password is wrong$/)
  }
  const [first, second, third] = challenges
  assert.equal(first, second)
  assert.notEqual(first, third)
  assert.match(first ?? '', /^,s=[A-Za-z0-9+/]{32},i=5000$/)
})

test('a proof for another nonce or another channel binding is refused, although its signature is right', async () => {
  const changes: ((withoutProof: string) => string)[] = [
    (text) => `${text}x`,
    (text) => text.replace('c=biws', `c=${Buffer.from('y,,').toString('base64')}`),
  ]
  for (const change of changes) {
    const client = new ScramClient('user', 'pencil')
    const exchange = begin()
    const step = await send(exchange, client.answer(await challenge(exchange, client.first), change))
    assertRefused(step, ReasonCode.NotAuthorized, /wrong/)
  }
})

test('extensions that are not mandatory are signed and otherwise ignored', async () => {
  const client = new ScramClient('user', 'pencil')
  const exchange = begin()
  const final = client.answer(await challenge(exchange, client.first), (text) => `${text},x=later`)
  assert.equal((await send(exchange, final)).type, 'accepted')
})

test('each server nonce is new, and each exchange takes one proof', async () => {
  const client = new ScramClient('user', 'pencil')
  const exchange = begin()
  const serverFirst = await challenge(exchange, client.first)
  assert.notEqual(serverFirst, await challenge(begin(), client.first))
  const final = client.answer(serverFirst)
  assert.equal((await send(exchange, final)).type, 'accepted')
  assertRefused(await send(exchange, final), ReasonCode.ProtocolError, /the exchange is over/)
  const replay = begin()
  await challenge(replay, client.first)
  assertRefused(await send(replay, final), ReasonCode.NotAuthorized, /wrong/)
})

const nonce = 'r=rOprNGfwEbeRWgbNEkqO'
const refusedFirst: [name: string, text: string, reasonCode: number, reason: RegExp][] = [
  ['a text that is no SCRAM message', '-', ReasonCode.ProtocolError, /must begin with/],
  ['a first message without header', `n=user,${nonce}`, ReasonCode.ProtocolError, /must begin with/],
  ['channel binding', `p=tls-exporter,,n=user,${nonce}`, ReasonCode.BadAuthenticationMethod, /channel binding/],
  ['acting for another user', `n,a=admin,n=user,${nonce}`, ReasonCode.NotAuthorized, /another user/],
  ['an empty user name', `n,,n=,${nonce}`, ReasonCode.ProtocolError, /user name is empty/],
  ['a user name of which nothing is left', `n,,n=\u00ad,${nonce}`, ReasonCode.ProtocolError, /SASLprep forbids/],
  ['a bad escape', `n,,n=a=2Db,${nonce}`, ReasonCode.ProtocolError, /must be written =3D/],
  ['a forbidden character', `n,,n=a\u0007,${nonce}`, ReasonCode.ProtocolError, /SASLprep forbids/],
  ['U+0000', `n,,n=a\0,${nonce}`, ReasonCode.ProtocolError, /U\+0000/],
  ['a missing nonce', 'n,,n=user', ReasonCode.ProtocolError, /r= is missing/],
  ['an empty nonce', 'n,,n=user,r=', ReasonCode.ProtocolError, /nonce is empty/],
  ['a nonce with a space', 'n,,n=user,r=a b', ReasonCode.ProtocolError, /nonce is empty or not printable/],
  ['a long nonce', `n,,n=user,r=${'x'.repeat(513)}`, ReasonCode.ProtocolError, /longer than 512/],
  ['a mandatory extension', `n,,m=1,n=user,${nonce}`, ReasonCode.ProtocolError, /m= is not supported/],
  ['a mandatory extension at the end', `n,,n=user,${nonce},m=1`, ReasonCode.ProtocolError, /m= is not supported/],
  ['an attribute without value', `n,,n=user,${nonce},x`, ReasonCode.ProtocolError, /letter=value/],
  ['a message of 5000 bytes', `n,,n=user,${nonce},x=${'y'.repeat(5000)}`, ReasonCode.ProtocolError, /longer than 4096/],
]
for (const [name, text, reasonCode, reason] of refusedFirst) {
  test(`${name} is refused in the first message`, async () => {
    assertRefused(await send(begin(), text), reasonCode, reason)
  })
}

const refusedFinal: [name: string, change: (final: string) => string, reason: RegExp][] = [
  ['no proof', (final) => final.replace(/,p=.*/, ''), /must end in p=/],
  ['an empty proof', (final) => final.replace(/,p=.*/, ',p='), /p= is not base64/],
  ['a proof that is not base64', (final) => final.replace(/,p=./, ',p=*'), /p= is not base64/],
  ['a short proof', (final) => final.replace(/,p=.*/, ',p=AAAA'), /must have 32 bytes/],
  [
    'attributes in another order',
    (final) => final.replace(/^(c=biws),(r=[^,]*)/, '$2,$1'),
    /c= is missing|r= is missing/,
  ],
  ['a mandatory extension', (final) => final.replace(',p=', ',m=1,p='), /m= is not supported/],
]
for (const [name, change, reason] of refusedFinal) {
  test(`${name} in the final message is refused with 0x82`, async () => {
    const client = new ScramClient('user', 'pencil')
    const exchange = begin()
    const final = change(client.answer(await challenge(exchange, client.first)))
    assertRefused(await send(exchange, final), ReasonCode.ProtocolError, reason)
    assertRefused(await send(exchange, final), ReasonCode.ProtocolError, /the exchange is over/)
  })
}

test('bytes that are not UTF-8 are refused', async () => {
  assertRefused(await begin().step(Buffer.from([0x6e, 0x2c, 0x2c, 0xff])), ReasonCode.ProtocolError, /not UTF-8/)
})

test('the User Name of CONNECT must be absent or the one that is proved', async () => {
  const client = new ScramClient('user', 'pencil')
  const same = begin({}, 'user')
  assert.equal((await send(same, client.answer(await challenge(same, client.first)))).type, 'accepted')
  assertRefused(
    await send(begin({}, 'admin'), client.first),
    ReasonCode.NotAuthorized,
    /another one than that of SCRAM/,
  )
})

test('a credential survives being written and read, and broken ones are refused', async () => {
  const credential = await makeScramCredential('비밀번호', { iterations: 5000 })
  assert.deepEqual(parseScramCredential(formatScramCredential(credential)), credential)
  const key = Buffer.alloc(32).toString('base64')
  const cases: [text: string, message: RegExp][] = [
    ['pencil', /does not have the form/],
    [`SCRAM-SHA-256$4095:AAAAAAAAAAAAAAAA$${key}:${key}`, /iterations is 4095/],
    [`SCRAM-SHA-256$4096:AAAA$${key}:${key}`, /the salt has 3 bytes/],
    [`SCRAM-SHA-256$4096:AAAAAAAAAAAAAAAA$AAAA:${key}`, /storedKey has 3 bytes/],
  ]
  for (const [text, message] of cases) {
    assert.throws(() => parseScramCredential(text), { name: ScramCredentialError.name, message })
  }
  await assert.rejects(makeScramCredential(''), /password is empty/)
  await assert.rejects(makeScramCredential('a\u0007'), /SASLprep forbids/)
  await assert.rejects(makeScramCredential('a', { iterations: 1 }), /iterations is 1/)
})
