/**
 * What an operator does to the Session of a client over the HTTP API: subscribe it, unsubscribe it, give up what waits for it.
 */
import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { test } from 'node:test'
import { createBroker, sqlite } from '../../src/index.ts'
import { startApi, type TestApi, temporaryFolder } from './api.ts'

const stays = { properties: { sessionExpiryInterval: 1000 } }

async function leaveReader(api: TestApi, filter = 'a/#'): Promise<void> {
  const reader = await api.at.client(5, { clientIdentifier: 'reader', ...stays })
  await reader.subscribe(filter, { qos: 2 })
  await api.at.lose(reader)
}

async function publish(api: TestApi, count: number, fields: object = {}) {
  const messages = Array.from({ length: count }, (_, index) => ({ topic: `a/${index % 3}`, payload: 'x', ...fields }))
  return (await api.send('POST', '/publish/bulk', messages)).body
}

const queue = '/clients/reader/mqueue_messages'

for (const store of ['memory', 'disk'] as const) {
  test(`what waits for a client is given up, each copy with its fate (${store})`, async () => {
    using folder = temporaryFolder()
    await using api = await startApi(store === 'disk' ? { store: sqlite(folder.path) } : {})
    await leaveReader(api)
    const [first] = await publish(api, 10, { receipt: true })
    const purged = await api.send('DELETE', queue)
    assert.deepEqual([purged.status, purged.body], [200, { client: 'reader', account: '', messages: 10, bytes: 40 }])
    assert.deepEqual((await api.get(queue)).body.data, [])
    const { copies } = (await api.get('/ledger')).body
    assert.deepEqual([copies.fates.droppedByOperator, copies.queued, copies.addsUp], [10, 0, true])
    const { receipt, isFinal } = (await api.get(`/receipts/${first.receipt_id}`)).body
    assert.deepEqual([isFinal, receipt.reasons], [true, { 'dropped-by-operator': 1 }])
    const { data } = (await api.get('/trace')).body
    assert.partialDeepStrictEqual(data[0].copies, [{ clientIdentifier: 'reader', fate: 'droppedByOperator' }])
    assert.equal((await api.get('/overview')).body.undelivered.dropped.byOperator, 10)
    assert.partialDeepStrictEqual((await api.get('/clients/reader/history')).body.data[0], {
      type: 'queuePurged',
      messages: 10,
      bytes: 40,
    })
    // What comes later is delivered.
    await publish(api, 1)
    const back = await api.at.client(5, { clientIdentifier: 'reader', cleanStart: false, ...stays })
    assert.equal((await back.message()).topicName, 'a/0')
    await back.quiet()
  })
}

test('what was given up is gone when the answer comes, even if the broker dies then', async () => {
  using folder = temporaryFolder()
  using copy = temporaryFolder()
  await using api = await startApi({ store: sqlite(folder.path) })
  await leaveReader(api)
  await publish(api, 5)
  await api.send('DELETE', queue)
  await publish(api, 1, { topic: 'a/later' })
  await api.send('POST', '/clients/reader/subscribe', { topic: 'b', qos: 1 })
  await api.send('DELETE', '/clients/reader/subscriptions/a%2F%23')
  cpSync(folder.path, copy.path, { recursive: true })
  const broker = createBroker({ store: sqlite(copy.path), listen: [] })
  await broker.start()
  try {
    const [subscriber] = await broker.subscribers('b')
    assert.deepEqual([subscriber?.clientIdentifier, subscriber?.backlog.messages], ['reader', 1])
    assert.deepEqual(await broker.subscribers('a/1'), [])
  } finally {
    await broker.stop()
  }
})

test('what is in flight is not given up, nor what comes while it is being done', async () => {
  using folder = temporaryFolder()
  await using api = await startApi({ store: sqlite(folder.path) })
  const properties = { receiveMaximum: 1, ...stays.properties }
  const reader = await api.at.client(5, { clientIdentifier: 'reader', properties })
  await reader.subscribe('a/#', { qos: 1 })
  // More than is given up in one turn of the event loop.
  for (let count = 0; count < 5; count++) await publish(api, 1000)
  const { packetId } = await reader.next('publish')
  const purging = api.send('DELETE', queue)
  const [later] = await Promise.all([publish(api, 1, { topic: 'a/later' }), purging])
  assert.equal(later[0].matched, 1)
  const { body } = await purging
  assert.ok(body.messages === 4999 || body.messages === 5000, `${body.messages}`)
  reader.acknowledge('puback', packetId)
  if (body.messages === 4999) assert.equal((await reader.message()).topicName, 'a/later')
  const { copies } = (await api.get('/ledger')).body
  assert.equal(copies.fates.droppedByOperator, body.messages)
})

test('what is queued in memory for a client with a full window is given up, too', async () => {
  await using api = await startApi()
  const reader = await api.at.client(5, { clientIdentifier: 'reader', properties: { receiveMaximum: 1 } })
  await reader.subscribe('a/#', { qos: 1 })
  await publish(api, 4)
  const { packetId } = await reader.next('publish')
  assert.equal((await api.send('DELETE', queue)).body.messages, 3)
  reader.acknowledge('puback', packetId)
  await reader.quiet()
  assert.equal((await api.send('DELETE', queue)).body.messages, 0)
})

test('a client is subscribed and unsubscribed on its behalf', async () => {
  const topics = [{ filter: 'h/#', whenNobody: 'hold' }] as const
  await using api = await startApi({ topics })
  const reader = await api.at.client(5, { clientIdentifier: 'reader', ...stays })
  await api.send('POST', '/publish', { topic: 'r/1', payload: 'retained', retain: true })
  await api.send('POST', '/publish', { topic: 'h/1', payload: 'held' })
  const made = await api.send('POST', '/clients/reader/subscribe', { topic: 'r/+', qos: 1, rap: 1 })
  assert.partialDeepStrictEqual(made.body, { clientIdentifier: 'reader', topicFilter: 'r/+', qos: 1, noLocal: false })
  const retained = await reader.message()
  assert.deepEqual([retained.text, retained.retain], ['retained', true])
  await api.send('POST', '/clients/reader/subscribe', { topic: 'h/#', qos: 1, rh: 2 })
  assert.equal((await reader.message()).text, 'held')
  // Changed in place: no second Subscription.
  await api.send('POST', '/clients/reader/subscribe', { topic: 'r/+', qos: 2, rh: 1 })
  assert.equal((await api.get('/overview')).body.subscriptions, 2)
  assert.equal((await api.send('DELETE', '/clients/reader/subscriptions/r%2F%2B')).status, 204)
  assert.equal((await api.send('POST', '/publish', { topic: 'r/1' })).body.matched, 0)
  const again = await api.send('DELETE', '/clients/reader/subscriptions/r%2F%2B')
  assert.deepEqual([again.status, again.body.found], [404, 'no Subscription of "reader" to "r/+"'])
  const { data } = (await api.get('/clients/reader/history?limit=2')).body
  assert.deepEqual(
    data.map(({ type, by, topicFilter }: Record<string, string>) => [type, by, topicFilter]),
    [
      ['unsubscribed', 'operator', 'r/+'],
      ['subscribed', 'operator', 'r/+'],
    ],
  )
})

test('a client that is away is subscribed, too, also to a share', async () => {
  const topics = [{ filter: 'h/#', whenNobody: 'hold' }] as const
  await using api = await startApi({ topics })
  await leaveReader(api)
  await api.send('POST', '/publish', { topic: 'h/1', payload: 'held' })
  await api.send('POST', '/clients/reader/subscribe', { topic: '$share/g/h/#', qos: 1 })
  assert.equal((await api.get(queue)).body.data[0].topic, 'h/1')
  const path = `/clients/reader/subscriptions/${encodeURIComponent('$share/g/h/#')}`
  assert.equal((await api.send('DELETE', path)).status, 204)
  assert.equal((await api.get('/overview')).body.subscriptions, 1)
})

test('what cannot be subscribed to is refused, with the reason', async () => {
  await using api = await startApi({ limits: { subscriptionsPerSessionMax: 1 } })
  await leaveReader(api)
  const refused: [object, number, RegExp][] = [
    [{ topic: 'a/#/b' }, 400, /a Topic Filter/],
    [{ topic: '$pabal/held' }, 400, /could make/],
    [{ topic: '$share/g/x', nl: 1 }, 400, /could make/],
    [{ topic: 'more' }, 400, /could make/],
    [{ topic: 'a/#', qos: 3 }, 400, /./],
    [{ filter: 'a/#' }, 400, /./],
  ]
  for (const [body, status, expected] of refused) {
    const answer = await api.send('POST', '/clients/reader/subscribe', body)
    assert.equal(answer.status, status, JSON.stringify(body))
    assert.match(answer.body.expected, expected)
  }
  assert.equal((await api.send('POST', '/clients/nobody/subscribe', { topic: 'a' })).status, 404)
  assert.equal((await api.send('DELETE', '/clients/nobody/mqueue_messages')).status, 404)
  assert.equal((await api.send('DELETE', '/clients/nobody/subscriptions/a')).status, 404)
})

test('only an administrator may, and what was done is in the audit log', async () => {
  await using api = await startApi({}, {}, { login: 'needed' })
  const audited: unknown[] = []
  api.at.broker.on('adminRequest', ({ account, request, outcome }) => audited.push([account, request, outcome]))
  const login = { username: 'admin', password: api.firstPassword }
  const { headers, body } = await api.send('POST', '/login', login)
  const cookie = { cookie: headers.get('set-cookie') ?? '', 'x-csrf-token': body.csrfToken }
  const key = (await api.send('POST', '/api_key', { name: 'looks', scopes: ['observe', 'publish'] }, cookie)).body.key
  await leaveReader(api)
  const acts: [string, string, object?][] = [
    ['DELETE', queue],
    ['POST', '/clients/reader/subscribe', { topic: 'x' }],
    ['DELETE', '/clients/reader/subscriptions/x'],
  ]
  audited.length = 0
  for (const [method, path, sent] of acts) {
    assert.equal((await api.send(method, path, sent, { authorization: `Bearer ${key}` })).status, 403)
    assert.ok((await api.send(method, path, sent, cookie)).status < 300)
  }
  const told = acts.map(([method, path]) => `${method} /api/v1${path}`)
  assert.deepEqual(
    audited,
    told.flatMap((request) => [
      ['looks', request, 'refused'],
      ['admin', request, 'done'],
    ]),
  )
})
