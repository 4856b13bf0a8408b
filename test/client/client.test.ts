/**
 * `pabal/client`: it asks for every operation of the document, and what it hands out is what the broker says.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError, PabalClient } from '../../src/client/index.ts'
import { sqlite } from '../../src/index.ts'
import { startApi, temporaryFolder } from '../admin/api.ts'
import { openApi } from '../admin/documented.ts'
import { recordedClient } from './recorded.ts'

const topics = [
  { filter: 'h/#', whenNobody: 'hold' },
  { filter: 'd/#', whenNobody: 'dead-letter' },
  { filter: 'reject/#', whenNobody: 'reject' },
] as const

async function isRefused(work: PromiseLike<unknown>, status: number, code: string): Promise<ApiError> {
  try {
    await work
  } catch (error) {
    assert.ok(error instanceof ApiError, String(error))
    assert.deepEqual([error.status, error.code], [status, code])
    return error
  }
  assert.fail(`expected ${status}`)
}

test('every operation of the document is a method, and answers as the document says', async () => {
  using folder = temporaryFolder()
  await using api = await startApi({ store: sqlite(folder.path), topics }, {}, { login: 'needed' })
  const asked = new Set<string>()
  const pabal = recordedClient(api.url, {}, asked)
  const me = await pabal.login('admin', api.firstPassword ?? '')
  assert.deepEqual([me.name, (await pabal.me()).name], ['admin', 'admin'])
  const one = await api.at.client(5, { clientIdentifier: 'a/one', properties: { sessionExpiryInterval: 9 } })
  await one.subscribe('a/#', { qos: 1 })
  for (const topic of ['h/1', 'h/2', 'h/3', 'd/1', 'd/2', 'd/3']) await pabal.publish({ topic, payload: 'x' })
  const published = await pabal.publish({ topic: 'a/1', receipt: true }, { idempotencyKey: 'k' })
  await pabal.publishBulk([{ topic: 'r/1', payload: 'x', retain: true }])
  const health = await Promise.all([pabal.livez(), pabal.readyz(), pabal.healthz()])
  assert.deepEqual(
    health.map(({ ready }) => ready),
    [true, true, true],
  )
  const [overview, ledger, config] = await Promise.all([pabal.overview(), pabal.ledger(), pabal.config()])
  assert.equal((await pabal.stats())['connections.count'], 1)
  assert.ok(overview.connections === 1 && ledger.messages.addsUp && config.entries.length > 0)
  assert.match(await pabal.metrics(), /^pabal_messages_received_total/m)
  const lists = [pabal.clients(), pabal.sessions(), pabal.subscriptions(), pabal.sharedGroups(), pabal.topics()]
  const more = [pabal.listeners(), pabal.trace(), pabal.retainedMessages(), pabal.apiKeys(), pabal.listenersOf('a/1')]
  for (const list of [...lists, ...more]) assert.ok((await list).meta.count >= 0)
  const rows = [pabal.client('a/one'), pabal.clientSubscriptions('a/one'), pabal.clientHistory('a/one')]
  for (const list of [...rows, pabal.inFlightMessages('a/one')]) assert.ok((await list).meta.count > 0)
  await pabal.queuedMessages('a/one', { payload: true })
  assert.equal((await pabal.subscribe('a/one', { topic: 'x/+', qos: 1 })).topicFilter, 'x/+')
  await pabal.unsubscribe('a/one', 'x/+')
  assert.equal((await pabal.purgeQueue('a/one')).messages, 0)
  assert.equal((await pabal.receipt(published.receipt_id ?? '')).receipt.matched, 1)
  assert.equal((await pabal.retainedMessage('r/1')).topic, 'r/1')
  await pabal.removeRetained('r/1')
  const [held, dead] = [(await pabal.held()).data[0]?.id ?? 0, (await pabal.dead()).data[0]?.id ?? 0]
  assert.deepEqual([(await pabal.heldMessage(held)).topic, (await pabal.deadMessage(dead)).topic], ['h/1', 'd/1'])
  await pabal.removeHeld(held)
  await pabal.removeDead(dead)
  assert.equal((await pabal.releaseHeld({ filter: 'h/2' })).refused, 1)
  assert.equal((await pabal.requeueDead({ filter: 'nothing' })).done, 0)
  assert.deepEqual([(await pabal.dropHeld({ all: true })).done, (await pabal.dropDead({ all: true })).done], [2, 2])
  await pabal.disconnect('a/one')
  assert.equal((await pabal.ban({ as: 'peerhost_net', who: '10.0.0.0/8', reason: 'r', forSeconds: 60 })).by, 'admin')
  assert.deepEqual(
    (await pabal.banned()).data.map(({ who }) => who),
    ['10.0.0.0/8'],
  )
  await pabal.liftBan('peerhost_net', '10.0.0.0/8')
  await pabal.liftAllBans()
  await pabal.endSession('a/one')
  const file = await pabal.backup()
  assert.match(Buffer.from(await new Response(file).arrayBuffer()).toString('latin1', 0, 15), /^SQLite format 3/)
  assert.equal((await pabal.accessTest({ action: 'publish', topic: 'a' })).allowed, true)
  await isRefused(pabal.reloadConfig(), 409, 'conflict')
  for await (const { type } of pabal.events({ types: ['connected'] })) {
    assert.equal(type, 'streamOpened')
    break
  }
  for await (const event of pabal.tryOut('t/+', { qos: 1, rate: 10 })) {
    assert.ok(event.type === 'subscribed' && event.topicFilter === 't/+' && event.perSecondMax === 10)
    break
  }
  const made = await pabal.makeApiKey({ name: 'k', scopes: ['observe'] })
  await pabal.removeApiKey(made.id)
  await pabal.changePassword(api.firstPassword ?? '', 'another password')
  await pabal.logout()
  await isRefused(pabal.overview(), 401, 'unauthenticated')
  const operations = Object.entries(openApi.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  )
  assert.deepEqual([...asked].sort(), operations.sort())
  const methods = Object.getOwnPropertyNames(PabalClient.prototype).filter((name) => name !== 'constructor')
  assert.equal(methods.length, operations.length)
})

test('a list is awaited for its first page, and iterated over for every row', async () => {
  await using api = await startApi()
  const pabal = recordedClient(api.url, {})
  for (let count = 0; count < 7; count++) await api.at.client(5, { clientIdentifier: `c${count}` })
  const first = await pabal.clients({ limit: 3 })
  assert.deepEqual([first.data.length, first.about?.sessions], [3, 7])
  const names: string[] = []
  for await (const { clientIdentifier } of pabal.clients({ limit: 3 })) names.push(clientIdentifier)
  assert.deepEqual(names, ['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6'])
  const sizes: number[] = []
  for await (const { data } of pabal.clients({ limit: 3, presence: 'online' }).pages()) sizes.push(data.length)
  assert.deepEqual(sizes, [3, 3, 1])
  // Who stops, asks for no more.
  for await (const { clientIdentifier } of pabal.clients({ limit: 1 })) {
    assert.equal(clientIdentifier, 'c0')
    break
  }
})

test('what goes wrong is an error that says what was found and what to do', async () => {
  await using api = await startApi({ topics })
  const pabal = recordedClient(api.url, {})
  const missing = await isRefused(pabal.heldMessage(7), 404, 'not-found')
  assert.match(missing.message, /^the request: found the id 7; expected/)
  const wrong = await isRefused(
    pabal.publish({ topic: 'a/+', payload: '=', payload_encoding: 'base64' }),
    400,
    'bad-request',
  )
  assert.deepEqual(
    wrong.faults.map(({ place }) => place),
    ['body.topic', 'body.payload'],
  )
  // A refused message is an answer.
  assert.equal((await pabal.publish({ topic: 'reject/1' })).reason_code, 0x83)
  const nowhere = new PabalClient({ url: 'http://127.0.0.1:1' })
  await assert.rejects(nowhere.overview(), (error) => !(error instanceof ApiError))
  const proxy = new PabalClient({ url: api.url, fetch: async () => new Response('Bad Gateway', { status: 502 }) })
  const strange = await isRefused(proxy.overview(), 502, '')
  assert.deepEqual([strange.problem, strange.faults], [null, []])
  const busy = new PabalClient({
    url: api.url,
    fetch: async () => new Response('{}', { status: 503, headers: { 'retry-after': '7' } }),
  })
  assert.equal((await isRefused(busy.overview(), 503, '')).retryAfterSeconds, 7)
})

test('an API key opens what it is for, and a signal ends a request', async () => {
  await using api = await startApi({}, {}, { login: 'needed' })
  const admin = recordedClient(api.url, {})
  await admin.login('admin', api.firstPassword ?? '')
  const { key } = await admin.makeApiKey({ name: 'looks', scopes: ['observe'] })
  const pabal = recordedClient(api.url, { key })
  assert.equal((await pabal.me()).name, 'looks')
  await isRefused(pabal.publish({ topic: 'a' }), 403, 'forbidden')
  await assert.rejects(pabal.overview({ signal: AbortSignal.abort() }), { name: 'AbortError' })
  await assert.rejects(pabal.clients({}, { signal: AbortSignal.abort() }).then(), { name: 'AbortError' })
  await isRefused(recordedClient(api.url, { key: 'pabal.no.key' }).overview(), 401, 'unauthenticated')
  await isRefused(recordedClient(api.url, {}).login('admin', 'wrong'), 401, 'unauthenticated')
})

test('a client that names no place to ask is refused where it is made', () => {
  const expected = /: new PabalClient\(\{ url: 'http:\/\/127\.0\.0\.1:18083' \}\)$/
  // What a program without types may hand over.
  for (const options of [{}, 'http://127.0.0.1:18083' as never, { url: '127.0.0.1:18083' }, { url: 5 as never }]) {
    assert.throws(() => new PabalClient(options), { name: 'TypeError', message: expected })
  }
  assert.doesNotThrow(() => new PabalClient({ fetch: async () => Response.json({}) }))
  assert.doesNotThrow(() => new PabalClient({ url: 'https://broker.example/pabal/' }))
})
