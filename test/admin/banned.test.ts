/**
 * `/banned`: bans are made, looked at and lifted through the HTTP API.
 */
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { sqlite } from '../../src/index.ts'
import { startApi, temporaryFolder } from './api.ts'

test('a ban is made, shown and lifted, in the words of EMQX', async () => {
  using folder = temporaryFolder()
  await using api = await startApi({ store: sqlite(folder.path) })
  const client = await api.at.client(5, { clientIdentifier: 'a/"b"' })
  const made = await api.send('POST', '/banned', { as: 'clientid', who: 'a/"b"', reason: 'it floods', until: null })
  const { at, ...ban } = made.body
  assert.deepEqual(
    [made.status, ban],
    [201, { as: 'clientid', who: 'a/"b"', reason: 'it floods', by: 'anybody on this machine', until: null }],
  )
  assert.ok(Math.abs(Date.parse(at) - Date.now()) < 60_000)
  assert.equal((await client.next('disconnect')).reasonCode, 0x87)
  assert.equal(statSync(join(folder.path, 'banned.jsonl')).mode & 0o777, 0o600)
  const { body } = await api.get('/banned')
  assert.deepEqual([body.data, body.about, body.meta.hasnext], [[made.body], { bans: 1, bansMax: 100_000 }, false])
  const path = `/banned/clientid/${encodeURIComponent('a/"b"')}`
  assert.equal((await api.send('DELETE', path)).status, 204)
  assert.equal((await api.send('DELETE', path)).status, 404)
  assert.equal((await api.get('/banned')).body.data.length, 0)
})

test('a ban ends at the time it was given, or so many seconds from now by the clock of the broker', async () => {
  const nowMs = Date.UTC(2030, 0, 1)
  await using api = await startApi({}, { clock: () => nowMs })
  const untilOf = async (fields: object) => {
    const { status, body } = await api.send('POST', '/banned', { as: 'clientid', who: 'c', ...fields })
    return [status, body.until ?? body.faults?.[0].place ?? null]
  }
  assert.deepEqual(await untilOf({ forSeconds: 60 }), [201, '2030-01-01T00:01:00.000Z'])
  assert.deepEqual(await untilOf({ until: '2030-01-01T02:00:00+01:00' }), [201, '2030-01-01T01:00:00.000Z'])
  assert.deepEqual(await untilOf({ until: '2030-01-01T00:30:00Z' }), [409, 'the request'], 'it ends later already')
  assert.deepEqual(await untilOf({ until: 'infinity' }), [201, null])
  for (const until of ['soon', '2030-13-01T00:00:00Z', '2029-01-01T00:00:00Z', '2031', '1893456000000']) {
    assert.deepEqual(await untilOf({ until }), [400, 'body.until'], until)
  }
  assert.deepEqual(await untilOf({ until: '2030-02-01T00:00:00Z', forSeconds: 1 }), [400, 'body.until'])
})

test('what cannot be banned is a problem that names the field', async () => {
  await using api = await startApi({ limits: { bansMax: 1 } })
  const placeOf = async (sent: object) => {
    const { status, body } = await api.send('POST', '/banned', sent)
    return [status, ...body.faults.map(({ place }: { place: string }) => place)]
  }
  assert.deepEqual(await placeOf({ as: 'clientid_re', who: 'c' }), [400, 'body.as'])
  assert.deepEqual(await placeOf({ as: 'clientid' }), [400, 'body.who'])
  assert.deepEqual(await placeOf({ as: 'peerhost', who: 'a host' }), [400, 'body.who'])
  assert.deepEqual(await placeOf({ as: 'peerhost_net', who: '10.0.0.1' }), [400, 'body.who'])
  assert.deepEqual(await placeOf({ as: 'username', who: 'a\u0000b' }), [400, 'body.who'])
  assert.deepEqual(await placeOf({ as: 'username', who: 'u', reason: 'x'.repeat(1001) }), [400, 'body.reason'])
  assert.deepEqual(await placeOf({ as: 'username', who: 'u', forSeconds: 0 }), [400, 'body.forSeconds'])
  assert.deepEqual(await placeOf({ as: 'username', who: 'u', untill: null }), [400, 'body'])
  assert.equal((await api.send('POST', '/banned', { as: 'username', who: 'u' })).status, 201)
  const { status, body } = await api.send('POST', '/banned', { as: 'username', who: 'v' })
  assert.deepEqual([status, body.found, body.expected], [409, '1 bans already (limits.bansMax)', 'at most 1'])
  assert.match((await api.get('/metrics')).body, /limit="bans_max"\} 1/)
})

test('a list of bans goes on with its cursor, and all are lifted at once', async () => {
  await using api = await startApi()
  for (let index = 0; index < 5; index++) await api.send('POST', '/banned', { as: 'username', who: `u${index}` })
  const first = await api.get('/banned?limit=3')
  const second = await api.get(`/banned?limit=3&cursor=${first.body.meta.cursor}`)
  const names = [...first.body.data, ...second.body.data].map(({ who }: { who: string }) => who)
  assert.deepEqual(
    [names, first.body.meta.hasnext, second.body.meta.cursor],
    [['u0', 'u1', 'u2', 'u3', 'u4'], true, null],
  )
  assert.equal((await api.send('DELETE', '/banned')).status, 204)
  assert.equal((await api.get('/banned')).body.about.bans, 0)
})

test('only the scope admin changes bans, and every change is in the audit log with who asked for it', async () => {
  await using api = await startApi({}, {}, { login: 'needed' })
  const audited: string[] = []
  api.at.broker.on('adminRequest', ({ account, request, outcome, fields }) => {
    audited.push(`${account} ${request} ${outcome}${fields === null ? '' : ` ${fields.who}`}`)
  })
  const login = await api.send('POST', '/login', { username: 'admin', password: api.firstPassword })
  const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? ''
  const session = { cookie, 'x-csrf-token': login.body.csrfToken }
  const keyOf = async (scope: string) => {
    const { body } = await api.send('POST', '/api_key', { name: `a-${scope}`, scopes: [scope] }, session)
    return { authorization: `Bearer ${body.key}` }
  }
  const [observe, publish, admin] = await Promise.all(['observe', 'publish', 'admin'].map(keyOf))
  audited.length = 0
  const ban = { as: 'clientid', who: 'c' }
  assert.equal((await api.send('POST', '/banned', ban)).status, 401)
  for (const key of [observe, publish]) {
    assert.equal((await api.send('POST', '/banned', ban, key)).status, 403)
    assert.equal((await api.send('DELETE', '/banned', undefined, key)).status, 403)
    assert.equal((await api.send('DELETE', '/banned/clientid/c', undefined, key)).status, 403)
  }
  assert.equal((await api.get('/banned', publish)).status, 403)
  assert.equal((await api.get('/banned', observe)).status, 200)
  assert.ok(audited.every((line) => line.includes(' refused')))
  audited.length = 0
  assert.equal((await api.send('POST', '/banned', ban, admin)).body.by, 'a-admin')
  assert.equal((await api.send('POST', '/banned', { ...ban, by: 'the night shift' }, admin)).body.by, 'the night shift')
  await api.send('DELETE', '/banned/clientid/c', undefined, admin)
  await api.send('DELETE', '/banned', undefined, admin)
  assert.deepEqual(audited, [
    'a-admin POST /api/v1/banned done c',
    'a-admin POST /api/v1/banned done c',
    'a-admin DELETE /api/v1/banned/clientid/c done',
    'a-admin DELETE /api/v1/banned done',
  ])
})

test('a ban that cannot be written down does not hold, and the answer says why', async () => {
  using folder = temporaryFolder()
  await using api = await startApi({ store: sqlite(folder.path) })
  // Whatever is to be written anew first lies here.
  const inTheWay = join(folder.path, 'banned.jsonl.partial')
  mkdirSync(inTheWay)
  const { status, body } = await api.send('POST', '/banned', { as: 'clientid', who: 'c' })
  assert.equal(status, 503)
  assert.match(body.found, /^banned\.jsonl cannot be written: /)
  assert.equal((await api.get('/banned')).body.about.bans, 0)
  using client = await api.at.client(5, { clientIdentifier: 'c' })
  rmSync(inTheWay, { recursive: true })
  assert.equal((await api.send('POST', '/banned', { as: 'clientid', who: 'c' })).status, 201)
  assert.equal((await client.next('disconnect')).reasonCode, 0x87)
})

test('clients that are refused are counted among the others, by why', async () => {
  await using api = await startApi()
  await api.send('POST', '/banned', { as: 'peerhost', who: '127.0.0.1' })
  for (const version of [4, 5] as const) {
    using client = await api.at.open(version)
    assert.equal((await client.connect({})).reasonCode, version === 5 ? 0x8a : 5)
  }
  assert.match((await api.get('/metrics')).body, /pabal_connections_refused_total\{reason="banned"\} 2/)
})
