/**
 * Who gets into the HTTP API, and who does not.
 */
import assert from 'node:assert/strict'
import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BrokerEvents, createBroker, httpAdmin, sqlite } from '../../src/index.ts'
import { startApi, type TestApi, temporaryFolder } from './api.ts'

const needed = { login: 'needed' } as const

interface Login {
  readonly cookie: string
  readonly token: string
}

async function logIn(api: TestApi, password = api.firstPassword ?? ''): Promise<Login> {
  const { status, headers, body } = await api.send('POST', '/login', { username: 'admin', password })
  assert.equal(status, 200)
  const cookie = headers.get('set-cookie') ?? ''
  assert.match(cookie, /^pabal-session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/)
  return { cookie: cookie.split(';')[0] ?? '', token: body.csrfToken }
}

function withToken({ cookie, token }: Login): Record<string, string> {
  return { cookie, 'x-csrf-token': token }
}

test('nothing is shown without a login or a key, but for health and numbers on this machine', async () => {
  await using api = await startApi({}, {}, needed)
  for (const path of [
    '/overview',
    '/clients',
    '/events',
    '/subscribe?filter=a',
    '/config',
    '/backup',
    '/api_key',
    '/me',
  ]) {
    const { status, headers } = await api.get(path)
    assert.deepEqual([path, status, headers.get('www-authenticate')], [path, 401, 'Bearer'])
  }
  assert.equal((await api.send('POST', '/publish', { topic: 'a' })).status, 401)
  for (const path of ['/livez', '/readyz', '/healthz', '/metrics']) assert.equal((await api.get(path)).status, 200)
  assert.equal((await api.get('/metrics', { 'x-forwarded-for': '10.0.0.7' })).status, 401)
  for (const mark of ['x-real-ip', 'x-forwarded-proto', 'via', 'forwarded']) {
    assert.equal((await api.get('/metrics', { [mark]: 'https' })).status, 401, mark)
  }
})

test('the first password lets the administrator in, and a wrong one does not', async () => {
  await using api = await startApi({}, {}, needed)
  for (const body of [
    { username: 'admin', password: 'wrong' },
    { username: 'root', password: api.firstPassword },
  ]) {
    assert.equal((await api.send('POST', '/login', body)).status, 401)
  }
  const { cookie } = await logIn(api)
  const me = (await api.get('/me', { cookie })).body
  assert.deepEqual([me.name, me.kind, me.scopes], ['admin', 'session', ['observe', 'publish', 'admin']])
  assert.equal((await api.get('/overview', { cookie })).status, 200)
  assert.equal((await api.get('/overview', { cookie: `${cookie}x` })).status, 401)
})

test('CSRF: a change needs the token of the login, and must not come from another page', async () => {
  await using api = await startApi({}, {}, needed)
  const login = await logIn(api)
  const publish = (headers: Record<string, string>) => api.send('POST', '/publish', { topic: 'a' }, headers)
  assert.equal((await publish({ cookie: login.cookie })).status, 403)
  assert.equal((await publish({ cookie: login.cookie, 'x-csrf-token': 'x'.repeat(43) })).status, 403)
  assert.equal((await publish({ ...withToken(login), origin: 'http://evil.example' })).status, 403)
  assert.equal((await publish({ ...withToken(login), origin: 'null' })).status, 403)
  for (const site of ['cross-site', 'same-site']) {
    assert.equal((await publish({ ...withToken(login), 'sec-fetch-site': site })).status, 403)
  }
  assert.equal((await publish({ ...withToken(login), 'sec-fetch-site': 'same-origin' })).status, 202)
  assert.equal((await publish(withToken(login))).status, 202)
  assert.equal((await publish({ ...withToken(login), origin: api.url })).status, 202)
})

test('CORS: what another page can send without being asked about first is not taken', async () => {
  await using api = await startApi()
  const send = (headers: Record<string, string>) =>
    fetch(`${api.url}/api/v1/publish`, { method: 'POST', body: '{"topic":"a"}', headers })
  assert.equal((await send({ 'content-type': 'text/plain' })).status, 415)
  assert.equal((await send({ 'content-type': 'application/json', origin: 'http://evil.example' })).status, 403)
  assert.equal((await send({ 'content-type': 'application/json' })).status, 202)
})

test('a login ends when it is ended, when nobody uses it for an hour, and after twelve', async () => {
  await using api = await startApi({}, {}, needed)
  const first = await logIn(api)
  assert.equal((await api.send('POST', '/logout', undefined, withToken(first))).status, 204)
  assert.equal((await api.get('/me', { cookie: first.cookie })).status, 401)
  const second = await logIn(api)
  api.at.advanceBy(59 * 60)
  assert.equal((await api.get('/me', { cookie: second.cookie })).status, 200)
  api.at.advanceBy(61 * 60)
  assert.equal((await api.get('/me', { cookie: second.cookie })).status, 401)
  const third = await logIn(api)
  for (let minutes = 0; minutes < 12 * 60; minutes += 30) {
    assert.equal((await api.get('/me', { cookie: third.cookie })).status, 200)
    api.at.advanceBy(30 * 60)
  }
  assert.equal((await api.get('/me', { cookie: third.cookie })).status, 401)
})

test('a stream of events goes on as long as the login it was opened with, and no longer', async () => {
  await using api = await startApi({}, {}, needed)
  const login = await logIn(api)
  const response = await fetch(`${api.url}/api/v1/events`, { headers: { cookie: login.cookie } })
  const reader = response.body?.getReader()
  assert.ok(reader !== undefined)
  const next = async (): Promise<string> => {
    const { done, value } = await reader.read()
    return done ? 'end' : Buffer.from(value).toString()
  }
  assert.match(await next(), /^retry: /)
  // It is looked at each second.
  await sleep(1200)
  await api.send('POST', '/publish', { topic: 'nobody' }, withToken(login))
  assert.match(await next(), /^event: /)
  assert.equal((await api.send('POST', '/logout', undefined, withToken(login))).status, 204)
  let last = await next()
  while (last !== 'end') last = await next()
})

test('login rate limit: who fails ten times within a minute waits, even with the right password', async () => {
  await using api = await startApi({}, {}, needed)
  const password = api.firstPassword ?? ''
  const tries = Array.from({ length: 12 }, (_, index) =>
    api.send('POST', '/login', { username: 'admin', password: `wrong ${index}` }),
  )
  const statuses = (await Promise.all(tries)).map(({ status }) => status).sort()
  assert.deepEqual(statuses, [...Array(10).fill(401), 429, 429])
  const { status, headers } = await api.send('POST', '/login', { username: 'admin', password })
  assert.deepEqual([status, Number(headers.get('retry-after')) > 0], [429, true])
  assert.equal((await api.get('/me', { authorization: 'Bearer guessed' })).status, 429)
  api.at.advanceBy(61)
  await logIn(api)
})

test('who has a key is not locked out by those who have none', async () => {
  await using api = await startApi({}, {}, needed)
  const headers = withToken(await logIn(api))
  const { body } = await api.send('POST', '/api_key', { name: 'prometheus', scopes: ['observe'] }, headers)
  const bearer = (key: string) => ({ authorization: `Bearer ${key}` })
  for (let count = 0; count < 12; count++) await api.get('/me', bearer('guessed'))
  assert.equal((await api.get('/me', bearer('guessed'))).status, 429)
  assert.equal((await api.get('/me', bearer(body.key))).status, 200)
  assert.equal((await api.get('/me', headers)).status, 200)
})

test('a key opens what its scopes say, as Bearer and as the password of Basic, until it is taken back', async () => {
  await using api = await startApi({}, {}, needed)
  const login = withToken(await logIn(api))
  const make = async (...scopes: string[]) =>
    (await api.send('POST', '/api_key', { name: scopes.join('+'), scopes }, login)).body
  const observe = await make('observe')
  const publish = await make('publish')
  const bearer = (key: string) => ({ authorization: `Bearer ${key}` })
  const basic = { authorization: `Basic ${Buffer.from(`prometheus:${observe.key}`).toString('base64')}` }
  assert.equal((await api.get('/overview', bearer(observe.key))).status, 200)
  assert.equal((await api.get('/metrics', { ...basic, 'x-forwarded-for': '10.0.0.7' })).status, 200)
  assert.equal((await api.get('/overview', bearer(publish.key))).status, 403)
  assert.equal((await api.send('POST', '/publish', { topic: 'a' }, bearer(publish.key))).status, 202)
  assert.equal((await api.send('POST', '/publish', { topic: 'a' }, bearer(observe.key))).status, 403)
  for (const path of ['/api_key', '/backup']) assert.equal((await api.get(path, bearer(observe.key))).status, 403)
  const [, id, secret = ''] = observe.key.split('.')
  const others = [
    `pabal.${id}.${secret.replace(/.$/, secret.endsWith('A') ? 'B' : 'A')}`,
    `pabal.${publish.id}.${secret}`,
  ]
  for (const key of [...others, `pabal.${id}.`, `pabal.${id}`, `${observe.key}x`, id, secret]) {
    assert.equal((await api.get('/overview', bearer(key))).status, 401, key)
  }
  const listed = (await api.get('/api_key', login)).body.data
  assert.ok(listed.length === 2 && !JSON.stringify(listed).includes(observe.key.split('.')[2]))
  assert.equal((await api.send('DELETE', `/api_key/${observe.id}`, undefined, login)).status, 204)
  assert.equal((await api.get('/overview', bearer(observe.key))).status, 401)
})

test('a key ends at the time it was given', async () => {
  await using api = await startApi({}, {}, needed)
  const login = withToken(await logIn(api))
  const expiresAtMs = Date.now() + 60_000
  const { body } = await api.send('POST', '/api_key', { name: 'k', scopes: ['observe'], expiresAtMs }, login)
  const headers = { authorization: `Bearer ${body.key}` }
  assert.equal((await api.get('/overview', headers)).status, 200)
  api.at.advanceBy(61)
  assert.equal((await api.get('/overview', headers)).status, 401)
})

test('password and keys are kept hashed, for the owner alone, and outlast the process', async () => {
  using folder = temporaryFolder()
  let password = ''
  let key = ''
  // Where it is written before it gets its name.
  const victim = join(folder.path, 'victim')
  writeFileSync(victim, 'as it was', { mode: 0o666 })
  symlinkSync(victim, join(folder.path, 'admin.json.partial'))
  {
    await using api = await startApi({ store: sqlite(folder.path) }, {}, needed)
    password = api.firstPassword ?? ''
    const login = withToken(await logIn(api))
    key = (await api.send('POST', '/api_key', { name: 'k', scopes: ['observe'] }, login)).body.key
  }
  const file = join(folder.path, 'admin.json')
  assert.equal(readFileSync(victim, 'utf8'), 'as it was')
  const text = readFileSync(file, 'utf8')
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.ok(!text.includes(password) && !text.includes(key.split('.')[2] ?? ''))
  await using api = await startApi({ store: sqlite(folder.path) }, {}, needed)
  assert.equal(api.firstPassword, null)
  assert.equal((await api.get('/me', { authorization: `Bearer ${key}` })).status, 200)
  await logIn(api, password)
})

test('the password is changed by whoever knows it, and other logins end', async () => {
  await using api = await startApi({}, {}, needed)
  const current = api.firstPassword ?? ''
  const other = await logIn(api)
  const login = await logIn(api)
  const change = (body: object) => api.send('POST', '/password', body, withToken(login))
  assert.equal((await change({ current: 'wrong', password: 'long enough, too' })).status, 401)
  const short = await change({ current, password: 'short' })
  assert.deepEqual([short.status, short.body.found], [400, 'a value'])
  assert.equal((await change({ current, password: 'long enough, too' })).status, 204)
  assert.equal((await api.get('/me', { cookie: other.cookie })).status, 401)
  assert.equal((await api.get('/me', { cookie: login.cookie })).status, 200)
  await logIn(api, 'long enough, too')
})

test('a file of keys that cannot be used stops the start, with what to do', async () => {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'admin.json'), '{"version":1}')
  const admin = httpAdmin({ listen: 'http://127.0.0.1:0' })
  const broker = createBroker({ admin, listen: [], store: sqlite(folder.path) })
  await assert.rejects(broker.start(), /admin\.json cannot be used[\s\S]*remove it/)
})

test('it does not listen where other machines can reach it without TLS, unless it is told to', () => {
  assert.throws(() => httpAdmin({ listen: 'http://0.0.0.0:18083' }), /expected TLS.*\?tls=off/s)
  assert.throws(() => httpAdmin({ listen: 'http://[::]:18083' }), /expected TLS/)
  assert.throws(() => httpAdmin({ listen: 'http://broker.example:18083' }), /expected TLS/)
  assert.throws(() => httpAdmin({ listen: 'https://0.0.0.0:18083' }), /without a certificate/)
  assert.throws(() => httpAdmin({ listen: 'http://0.0.0.0:1?tls=off', login: 'off' }), /this machine only/)
  assert.throws(() => httpAdmin({ listen: 'ftp://127.0.0.1' }), /expected http:/)
  assert.throws(() => httpAdmin({ listen: 'http://127.0.0.1:1/path' }), /Leave out path/)
  for (const listen of ['http://127.0.0.1:1', 'http://[::1]:1', 'http://localhost:1', 'http://0.0.0.0:1?tls=off']) {
    httpAdmin({ listen })
  }
})

test('who has changed something is told before the answer leaves, without passwords', async () => {
  const entries: BrokerEvents['adminRequest'][0][] = []
  await using api = await startApi({}, {}, needed)
  api.at.broker.on('adminRequest', (entry) => entries.push(entry))
  await api.send('POST', '/login', { username: 'admin', password: 'a wrong secret' })
  const login = withToken(await logIn(api))
  await api.send('POST', '/held/drop', { all: true }, login)
  await api.send('POST', '/held/drop', { id: 7 }, login)
  await api.send('DELETE', '/clients/nobody', undefined, login)
  await api.send('POST', '/held/drop', { all: true })
  await api.get('/overview', login)
  await api.send('POST', '/publish', { topic: 'a' }, login)
  assert.deepEqual(
    entries.map(({ account, request, outcome }) => [account, request, outcome]),
    [
      ['unknown', 'POST /api/v1/login', 'refused'],
      ['unknown', 'POST /api/v1/login', 'done'],
      ['admin', 'POST /api/v1/held/drop', 'done'],
      ['admin', 'POST /api/v1/held/drop', 'refused'],
      ['admin', 'DELETE /api/v1/clients/nobody', 'refused'],
      ['unknown', 'POST /api/v1/held/drop', 'refused'],
    ],
  )
  assert.deepEqual(entries[2]?.fields, { all: true })
  assert.doesNotMatch(JSON.stringify(entries), /secret/)
})

test('who has logged out is told with who it was, and so is who could not', async () => {
  const entries: BrokerEvents['adminRequest'][0][] = []
  await using api = await startApi({}, {}, needed)
  const login = withToken(await logIn(api))
  api.at.broker.on('adminRequest', (entry) => entries.push(entry))
  const statuses: number[] = []
  for (const headers of [{ cookie: login.cookie ?? '' }, login, login]) {
    statuses.push((await api.send('POST', '/logout', undefined, headers)).status)
  }
  assert.deepEqual(statuses, [403, 204, 401])
  const told = entries.map(({ account, request, outcome, fields, result }) => {
    return [account, request, outcome, fields, String(result).split(':')[0]]
  })
  const request = 'POST /api/v1/logout'
  assert.deepEqual(told, [
    ['admin', request, 'refused', null, 'header.x-csrf-token'],
    ['admin', request, 'done', null, '204'],
    ['unknown', request, 'refused', null, 'the request'],
  ])
  const [tried, ended] = entries
  assert.match(ended?.remoteAddress ?? '', /127\.0\.0\.1$/)
  assert.equal(ended?.clientIdentifier, tried?.clientIdentifier)
  assert.notEqual(ended?.clientIdentifier, entries[2]?.clientIdentifier)
})

test('a receipt is for whoever may publish, without names, and for whoever may observe, with them', async () => {
  await using api = await startApi({}, {}, needed)
  const cookie = withToken(await logIn(api))
  const keyOf = async (scope: string) => {
    const made = await api.send('POST', '/api_key', { name: scope, scopes: [scope] }, cookie)
    return { authorization: `Bearer ${made.body.key}` }
  }
  const [publisher, observer] = [await keyOf('publish'), await keyOf('observe')]
  const published = await api.send('POST', '/publish', { topic: 'a', receipt: true }, publisher)
  const path = `/receipts/${published.body.receipt_id}`
  const [told, seen] = [await api.get(path, publisher), await api.get(path, observer)]
  assert.deepEqual([told.status, 'deliveredTo' in told.body.receipt], [200, false])
  assert.deepEqual([seen.status, 'deliveredTo' in seen.body.receipt], [200, true])
  assert.equal((await api.send('POST', '/publish', { topic: 'a' }, observer)).status, 403)
  assert.equal((await api.get('/clients', publisher)).status, 403)
})
