/**
 * Tokens as passwords, on a running broker, with keys that a server on this machine hands out and changes.
 */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose'
import { accessRules } from '../../src/index.ts'
import { type JwtOptions, jwtAuthenticate, looksLikeToken, tokensOr } from '../../src/server/authentication/jwt.ts'
import { loadConfig } from '../../src/server/config/config.ts'
import { ConfigError } from '../../src/server/config/config-fault.ts'
import { configuredOptions } from '../../src/server/config/configured-options.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startTestBroker } from '../support/test-broker.ts'

const directory = temporaryDirectory()

const nowSeconds = Math.floor(Date.now() / 1000)

interface Signer {
  readonly jwk: JWK
  readonly pem: string
  token(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>
}

async function signer(kid: string, alg = 'ES256'): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair(alg)
  return {
    jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' },
    pem: await exportSPKI(publicKey),
    token: (claims = {}, header = {}) => {
      const usual = { sub: 'sensor', iss: 'https://login.example', aud: 'mqtt', exp: nowSeconds + 600 }
      return new SignJWT({ ...usual, ...claims }).setProtectedHeader({ alg, kid, ...header }).sign(privateKey)
    },
  }
}

function setOf({ jwk }: Signer): JwtOptions['keys'] {
  return { type: 'set', set: { keys: [jwk] } }
}

const options = {
  algorithms: ['ES256'],
  issuer: 'https://login.example',
  audience: 'mqtt',
  accountClaim: 'sub',
  groupsClaim: null,
  clockSkewSeconds: 30,
} as const

/** Reason Codes of CONNACK. */
async function connects(
  given: JwtOptions,
  tokens: readonly (string | null)[],
  userName: string | null = '',
): Promise<number[]> {
  await using running = await startTestBroker({ authenticate: jwtAuthenticate(given) })
  const codes: number[] = []
  for (const token of tokens) {
    const client = await running.open(5)
    const password = token === null ? null : Buffer.from(token)
    codes.push((await client.connect({ userName, password })).reasonCode)
  }
  return codes
}

const wrong = 0x86

test('a token that a key of the set has signed logs in, and its claim is the account', async () => {
  const key = await signer('one')
  const keys = setOf(key)
  const rules = [{ allow: ['publish'], topics: ['%u'], accounts: ['sensor'] }] as const
  const authenticate = jwtAuthenticate({ ...options, keys })
  await using running = await startTestBroker({ authenticate, access: accessRules({ rules }) })
  for (const [version, userName] of [
    [5, null],
    [5, 'sensor'],
    [4, ''],
  ] as const) {
    const client = await running.client(version, {
      userName,
      password: Buffer.from(await key.token()),
      clientIdentifier: 'c',
    })
    client.publish({ topicName: 'sensor', qos: 1, packetId: 1, payload: Buffer.from('x') })
    assert.ok((await client.next('puback')).reasonCode < 0x80)
    await client.leave()
  }
  assert.deepEqual(await connects({ ...options, keys }, [await key.token()], 'somebody else'), [wrong])
})

test('what is expired, not yet valid, endless, of another issuer, audience or key, or changed, is refused', async () => {
  const [key, other] = [await signer('one'), await signer('one')]
  const keys = setOf(key)
  const good = await key.token()
  const [header, payload, signature] = good.split('.')
  const forged = Buffer.from(JSON.stringify({ sub: 'admin', iss: options.issuer, aud: 'mqtt', exp: nowSeconds + 600 }))
  const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url')
  const bad = [
    await key.token({ exp: nowSeconds - 60 }),
    await key.token({ nbf: nowSeconds + 60 }),
    await key.token({ exp: undefined }),
    await key.token({ iss: 'https://evil.example' }),
    await key.token({ aud: 'other' }),
    await key.token({ sub: undefined }),
    await key.token({ sub: '' }),
    await key.token({ sub: 7 }),
    await key.token({ sub: 'a\u0000b' }),
    await other.token(),
    await (await signer('two')).token(),
    `${header}.${forged.toString('base64url')}.${signature}`,
    `${none}.${payload}.`,
    `${header}.${payload}`,
    'x',
    '',
    null,
    'a'.repeat(40_000),
    await key.token({ padding: 'a'.repeat(16 * 1024) }),
  ]
  const codes = await connects({ ...options, keys }, [good, ...bad])
  // U+0000 is no account.
  assert.deepEqual(codes, [0, ...bad.map((_, index) => (index === 8 ? 0x87 : wrong))])
  const skewed = [await key.token({ exp: nowSeconds - 20 }), await key.token({ nbf: nowSeconds + 20 })]
  assert.deepEqual(await connects({ ...options, keys }, skewed), [0, 0])
  assert.deepEqual(await connects({ ...options, keys, clockSkewSeconds: 0 }, skewed), [wrong, wrong])
})

test('only the algorithms that were named are taken: a public key is no shared secret', async () => {
  const rsa = await signer('rsa', 'RS256')
  const keys = setOf(rsa)
  const [, payload] = (await rsa.token()).split('.')
  const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid: 'rsa' })).toString('base64url')
  const confused = `${header}.${payload}`
  const mac = createHmac('sha256', rsa.pem).update(confused).digest('base64url')
  const rs = { ...options, keys, algorithms: ['RS256'] }
  assert.deepEqual(await connects(rs, [await rsa.token(), `${confused}.${mac}`]), [0, wrong])
  assert.deepEqual(await connects({ ...rs, algorithms: ['PS256', 'ES256'] }, [await rsa.token()]), [wrong])
})

test('keys rotate at their address without a restart; while they cannot be had nobody gets in', async (context) => {
  const [one, two] = [await signer('one'), await signer('two')]
  let [status, keys, fetched] = [200, [one.jwk], 0]
  const server = createServer((_, response) => {
    fetched += 1
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ keys }))
  }).listen(0, '127.0.0.1')
  context.after(() => server.close())
  await once(server, 'listening')
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/jwks`
  const given: JwtOptions = { ...options, keys: { type: 'url', url } }
  const ask = async (authenticate: ReturnType<typeof jwtAuthenticate>, token: string) => {
    const request = {
      clientIdentifier: 'c',
      userName: null,
      protocolVersion: 5,
      remoteAddress: '',
      listener: '',
    } as const
    const verdict = await authenticate({ ...request, userProperties: [], password: Buffer.from(token) })
    return typeof verdict === 'object' && verdict.type === 'refused' ? verdict.reasonCode : 0
  }
  const authenticate = jwtAuthenticate(given)
  assert.deepEqual([await ask(authenticate, await one.token()), fetched], [0, 1])
  assert.deepEqual([await ask(authenticate, await two.token()), fetched], [wrong, 1], 'it was fetched a moment ago')
  keys = [two.jwk]
  context.mock.timers.enable({ apis: ['Date'], now: Date.now() + 11_000 })
  assert.deepEqual([await ask(authenticate, await two.token()), fetched], [0, 2])
  assert.deepEqual([await ask(authenticate, await one.token()), fetched], [wrong, 2])
  context.mock.timers.reset()
  status = 500
  assert.equal(await ask(jwtAuthenticate(given), await two.token()), 0x88)
  server.close()
  server.closeAllConnections()
  await once(server, 'close')
  assert.equal(await ask(jwtAuthenticate(given), await two.token()), 0x88)
})

test('tokens stand beside users: what has the form of a token is checked as one', async () => {
  const key = await signer('one')
  const form = (text: string) => looksLikeToken({ password: Buffer.from(text) })
  assert.deepEqual(
    [form(await key.token()), form('e.y'), form('secret'), form('a.b.c'), form('eyJ.x.ü')],
    [true, false, false, false, false],
  )
  const others = ['e..', 'eyJhb.xyz', 'eyJhb.x.y.z', `e${'a'.repeat(16 * 1024)}.x.y`]
  assert.deepEqual(others.map(form), [false, false, false, false])
  assert.equal(looksLikeToken({ password: null }), false)
  const authenticate = tokensOr(
    jwtAuthenticate({ ...options, keys: setOf(key) }),
    ({ userName, password }) => userName === 'ann' && Buffer.from(password ?? []).toString() === 'tea',
  )
  await using running = await startTestBroker({ authenticate })
  const code = async (userName: string, password: string) =>
    (await (await running.open(5)).connect({ userName, password: Buffer.from(password) })).reasonCode
  assert.deepEqual([await code('ann', 'tea'), await code('ann', 'x'), await code('', await key.token())], [0, wrong, 0])
})

test('in the configuration keys and algorithms are explicit, and what is wrong has its place', async () => {
  const key = await signer('one')
  const file = join(directory, 'pabal.yaml')
  const set = join(directory, 'jwks.json')
  const faultsOf = (jwt: string): string[] => {
    writeFileSync(file, `authentication:\n  jwt: ${jwt}\n`)
    try {
      loadConfig(file)
      return []
    } catch (error) {
      assert.ok(error instanceof ConfigError)
      return error.faults.map(({ line, column, key: name, found }) => `${line}:${column} ${name}: ${found}`)
    }
  }
  assert.match(
    faultsOf('{keys: file:jwks.json, algorithms: [ES256]}').join(),
    /^2:15 authentication\.jwt\.keys: .*no such file/,
  )
  writeFileSync(set, '{"keys": []}')
  assert.match(faultsOf('{keys: file:jwks.json, algorithms: [ES256]}').join(), /which holds no keys$/)
  writeFileSync(set, JSON.stringify({ keys: [key.jwk] }))
  assert.deepEqual(faultsOf('{keys: file:jwks.json, algorithms: [HS256, none]}'), [
    '2:44 authentication.jwt.algorithms[0]: "HS256"',
    '2:51 authentication.jwt.algorithms[1]: "none"',
  ])
  assert.equal(faultsOf('{keys: http://login.example/jwks, algorithms: [ES256]}').length, 1)
  assert.equal(faultsOf('{keys: file:jwks.json, algorithms: []}').length, 1)
  assert.equal(faultsOf('{algorithms: [ES256]}').length, 1)
  assert.deepEqual(
    faultsOf('{keys: file:jwks.json, algorithms: [ES256], clockSkew: 1min, accountClaim: email, groupsClaim: roles}'),
    [],
  )
  const { authenticate } = await configuredOptions(loadConfig(file))
  assert.ok(authenticate !== undefined)
  await using running = await startTestBroker({ authenticate })
  const client = await running.open(5)
  const password = Buffer.from(await key.token({ email: 'ann@example.com' }))
  assert.equal((await client.connect({ userName: 'ann@example.com', password })).reasonCode, 0)
  const verdict = await authenticate({
    ...{ clientIdentifier: 'c', userName: null, protocolVersion: 5, remoteAddress: '', listener: '' },
    userProperties: [],
    password: Buffer.from(await key.token({ email: 'a', roles: ['r'] })),
  })
  const expiresAtMs = (nowSeconds + 660) * 1000
  assert.deepEqual(verdict, { type: 'accepted', account: 'a', groups: ['r'], expiresAtMs })
})

test('the groups of a token are those of its claim, by its whole name or within another, and rules name them', async () => {
  const key = await signer('one')
  const access = accessRules({
    rules: [{ allow: ['publish'], topics: ['a'], groups: ['ops'] }],
    groups: [{ name: 'ops' }],
  })
  const code = async (groupsClaim: string, claims: Record<string, unknown>): Promise<number> => {
    const authenticate = jwtAuthenticate({ ...options, keys: setOf(key), groupsClaim })
    await using running = await startTestBroker({ authenticate, access })
    const client = await running.open(5)
    const { reasonCode } = await client.connect({ userName: null, password: Buffer.from(await key.token(claims)) })
    if (reasonCode !== 0) return reasonCode
    client.publish({ topicName: 'a', qos: 1, packetId: 1, payload: Buffer.from('x') })
    return (await client.next('puback')).reasonCode
  }
  assert.deepEqual(
    [
      await code('groups', { groups: ['dev', 'ops'] }),
      await code('realm_access.roles', { realm_access: { roles: ['ops'] } }),
      await code('https://login.example/groups', { 'https://login.example/groups': ['ops'] }),
      await code('scope', { scope: 'mqtt ops' }),
    ],
    [0x10, 0x10, 0x10, 0x10],
  )
  const without = [{}, { groups: [] }, { groups: 'opsx' }, { roles: ['ops'] }]
  for (const claims of without) assert.equal(await code('groups', claims), 0x87, JSON.stringify(claims))
  for (const groups of [7, null, { ops: true }, ['ops', 7], [['ops']]]) {
    assert.equal(await code('groups', { groups }), wrong, JSON.stringify(groups))
  }
})

test('what is no claim within a claim gives no group, also what every object or text has', async () => {
  const key = await signer('one')
  const groups = async (groupsClaim: string, realm: unknown): Promise<unknown> => {
    const verdict = await jwtAuthenticate({ ...options, keys: setOf(key), groupsClaim })({
      ...{ clientIdentifier: 'c', userName: null, protocolVersion: 5, remoteAddress: '', listener: '' },
      userProperties: [],
      password: Buffer.from(await key.token({ realm })),
    })
    return typeof verdict === 'object' && verdict.type === 'accepted' ? verdict.groups : verdict
  }
  for (const realm of [null, 7, 'roles', {}, [], { roles: null }]) {
    for (const path of ['realm.constructor.name', 'realm.__proto__.constructor.name', 'realm.roles.a', 'realm.0.a']) {
      assert.deepEqual(await groups(path, realm), [], `${path} of ${JSON.stringify(realm)}`)
    }
  }
  for (const path of ['__proto__', 'constructor', 'toString']) {
    assert.deepEqual(await groups(path, 'x'), [], path)
    assert.deepEqual(await connects({ ...options, keys: setOf(key), accountClaim: path }, [await key.token()]), [wrong])
  }
  assert.deepEqual(await groups('realm.roles', { roles: ['ops'] }), ['ops'])
})

test('a connection does not outlive its token: it ends at exp, and the clock skew later', async () => {
  const key = await signer('one')
  await using running = await startTestBroker({ authenticate: jwtAuthenticate({ ...options, keys: setOf(key) }) })
  const password = Buffer.from(await key.token({ exp: nowSeconds + 600 }))
  const client = await running.client(5, { password })
  const secondsLeft = nowSeconds + 630 - Date.now() / 1000
  running.advanceBy(secondsLeft - 5)
  await client.quiet()
  running.advanceBy(5)
  await client.refused(0xa0)
})
