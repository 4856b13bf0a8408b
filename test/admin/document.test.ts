/**
 * The OpenAPI document: every room is in it, every room answers as it says, and the page about it can be read.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathOf } from '../../src/admin/openapi.ts'
import { rooms } from '../../src/admin/rooms/rooms.ts'
import { sqlite } from '../../src/index.ts'
import { startApi, temporaryFolder } from './api.ts'
import { mustBeDocumented, openApi, seen } from './documented.ts'
import { schemaFaults } from './json-schema.ts'

const operations = Object.entries(openApi.paths).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => `${method} ${path}`),
)

test('every room is in the document, and nothing else', () => {
  assert.deepEqual(operations.sort(), rooms.map((room) => `${room.method} ${pathOf(room)}`).sort())
  const ids = Object.values(openApi.paths).flatMap((methods) => Object.values(methods).map((each) => each.operationId))
  assert.equal(new Set(ids).size, rooms.length)
})

test('NATS 2026-28: in every list a limit that is none is refused', async () => {
  await using api = await startApi()
  await api.at.client(5, { clientIdentifier: 'one' })
  const lists = rooms.filter(({ query }) => 'limit' in query.shape).map(({ path }) => path.replace(/\{\w+\}/, 'one'))
  assert.ok(lists.length > 10, `${lists.length}`)
  for (const path of lists) {
    assert.equal((await api.get(`${path}?limit=1`)).status, 200, path)
    for (const limit of ['-1', '0', '1e99', '10001', '1.5', 'all']) {
      const { status, body } = await api.get(`${path}?limit=${limit}`)
      assert.deepEqual([status, body.faults[0].place], [400, 'query.limit'], `${path} ${limit}`)
    }
  }
})

test('every reference in the document leads somewhere', () => {
  const references = new Set(JSON.stringify(openApi).match(/"#\/[^"]+"/g))
  assert.ok(references.size > 20)
  for (const reference of references) schemaFaults(openApi, { $ref: JSON.parse(reference) }, null)
})

test('every room answers as the document says', async () => {
  using folder = temporaryFolder()
  const topics = [
    { filter: 'h/#', whenNobody: 'hold' },
    { filter: 'd/#', whenNobody: 'dead-letter' },
  ] as const
  await using api = await startApi({ store: sqlite(folder.path), topics })
  const client = await api.at.client(5, { clientIdentifier: 'one', properties: { sessionExpiryInterval: 9 } })
  await client.subscribe('a/#')
  await client.subscribe('$share/g/a/#')
  const publish = (topic: string, more: object = {}) => api.send('POST', '/publish', { topic, ...more })
  for (const topic of ['a/1', 'h/1', 'h/2', 'd/1', 'd/2', 'nobody']) await publish(topic, { payload: 'x' })
  const { body } = await publish('a/2', { receipt: true })
  await publish('r', { retain: true, payload: 'x' })
  await api.send('POST', '/publish/bulk', [{ topic: 'a/3' }])
  const [heldId, deadId] = await Promise.all(
    ['/held', '/dead'].map(async (path) => (await api.get(path)).body.data[0].id),
  )
  const lists = [
    '/overview',
    '/stats',
    '/clients',
    '/sessions',
    '/subscriptions',
    '/subscriptions?filter=a%2F%23',
    '/topics',
    '/shared_groups',
  ]
  const more = [
    '/topics/a%2F1/listeners',
    '/listeners',
    '/ledger',
    '/trace',
    '/config',
    '/me',
    '/api_key',
    '/access/test?action=publish&topic=a',
    '/banned',
  ]
  const single = ['/clients/one', `/held/${heldId}`, `/dead/${deadId}`, `/receipts/${body.receipt_id}`]
  const copies = [
    '/clients/one/subscriptions',
    '/clients/one/history',
    '/clients/one/inflight_messages',
    '/clients/one/mqueue_messages',
  ]
  const others = ['/retainer/messages', '/retainer/message/r', '/livez', '/readyz', '/healthz', '/metrics', '/backup']
  for (const path of [...lists, ...more, ...single, ...copies, ...others])
    assert.equal((await api.get(path)).status, 200, path)
  const acts: [string, string, unknown?][] = [
    ['DELETE', `/held/${heldId}`],
    ['DELETE', `/dead/${deadId}`],
    ['POST', '/held/release', { filter: '#' }],
    ['POST', '/held/drop', { all: true }],
    ['POST', '/dead/requeue', { filter: '#' }],
    ['POST', '/dead/drop', { all: true }],
    ['DELETE', '/retainer/message/r'],
    ['POST', '/clients/one/subscribe', { topic: 'x/+', qos: 1 }],
    ['DELETE', '/clients/one/subscriptions/x%2F%2B'],
    ['DELETE', '/clients/one/mqueue_messages'],
    ['DELETE', '/clients/one'],
    ['DELETE', '/sessions/one'],
    ['POST', '/banned', { as: 'clientid', who: 'two' }],
    ['DELETE', '/banned/clientid/two'],
    ['DELETE', '/banned'],
    ['POST', '/config/reload'],
    ['POST', '/login', { username: 'admin', password: 'wrong' }],
    ['POST', '/logout'],
    ['POST', '/password', { current: 'wrong', password: 'a new password' }],
    ['POST', '/api_key', { name: 'k', scopes: ['observe'] }],
  ]
  for (const [method, path, sent] of acts) await api.send(method, path, sent)
  const { body: keys } = await api.get('/api_key')
  await api.send('DELETE', `/api_key/${keys.data[0].id}`)
  for (const [path, query] of [
    ['/api/v1/events', ''],
    ['/api/v1/subscribe', '?filter=a'],
  ] as const) {
    const { status, headers, body } = await fetch(api.url + path + query)
    mustBeDocumented('GET', path, status, headers.get('content-type') ?? '', undefined)
    await body?.cancel()
  }
  const unanswered = operations.filter((operation) => !seen.has(operation))
  // What these need is tested in start.test.ts and security.test.ts.
  assert.deepEqual(unanswered, ['post /api/v1/config/reload', 'post /api/v1/login', 'post /api/v1/password'])
})

test('the document and the page are served without a login, and the page loads nothing from elsewhere', async () => {
  await using api = await startApi({}, {}, { login: 'needed' })
  const document = await fetch(`${api.url}/api/v1/openapi.json`)
  assert.match(await document.text(), /^\{"openapi":"3\.1\.1"/)
  const page = await fetch(`${api.url}/api/docs`)
  const html = await page.text()
  assert.match(page.headers.get('content-type') ?? '', /^text\/html/)
  for (const room of rooms) assert.ok(html.includes(pathOf(room)), pathOf(room))
  assert.doesNotMatch(html, /<script|<style|style=|(?:src|href)="(?!\/|#)/)
  assert.equal((await fetch(`${api.url}/api/docs/style.css`)).headers.get('content-type'), 'text/css')
})
