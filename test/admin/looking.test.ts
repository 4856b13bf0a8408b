/**
 * The HTTP API shows what the broker knows: the same as over MQTT, in pages.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApi } from './api.ts'

test('the overview counts clients, Subscriptions and what nobody received', async () => {
  await using api = await startApi()
  const client = await api.at.client(5, { clientIdentifier: 'one' })
  await client.subscribe('a/+')
  await api.at.broker.publish({ topicName: 'b', payload: 'x' })
  const { status, body } = await api.get('/overview')
  assert.equal(status, 200)
  assert.deepEqual([body.connections, body.sessions, body.subscriptions], [1, { online: 1, offline: 0 }, 1])
  assert.deepEqual([body.undelivered.unmatched, body.ledgerAddsUp, body.warnings], [1, true, []])
})

test('the numbers of EMQX are told under their names, of its node or in all', async () => {
  await using api = await startApi()
  const one = await api.at.client(5, { clientIdentifier: 'one' })
  await one.subscribe('a/+')
  await one.subscribe('$share/g/b')
  const away = await api.at.client(5, { clientIdentifier: 'away', properties: { sessionExpiryInterval: 100 } })
  await away.subscribe('a/+')
  await api.at.lose(away)
  await api.at.broker.publish({ topicName: 'r', payload: 'x', retain: true })
  const { status, body } = await api.get('/stats?aggregate=true')
  assert.equal(status, 200)
  assert.deepEqual(body, {
    'connections.count': 1,
    'connections.max': 2,
    'live_connections.count': 1,
    'live_connections.max': 2,
    'sessions.count': 2,
    'topics.count': 2,
    'subscriptions.count': 3,
    'subscriptions.shared.count': 1,
    'retained.count': 1,
  })
  assert.deepEqual((await api.get('/stats')).body, [{ node: 'pabal', ...body }])
  assert.deepEqual((await api.get('/stats?aggregate=false')).body.length, 1)
  assert.equal((await api.get('/stats?aggregate=1')).status, 400)
})

test('who listens to a Topic Name is told with what a message meets that nobody listens for', async () => {
  await using api = await startApi({ topics: [{ filter: '커피정보/#', whenNobody: 'hold' }] })
  const client = await api.at.client(5, { clientIdentifier: 'one' })
  await client.subscribe('커피정보/+')
  const { body } = await api.get(`/topics/${encodeURIComponent('커피정보/a%b')}/listeners`)
  assert.deepEqual([body.about.topic, body.about.totals.listeners], ['커피정보/a%b', 1])
  assert.deepEqual([body.about.nobody.whenNobody, body.about.nobody.rule], ['hold', '커피정보/#'])
  assert.deepEqual([body.data[0].clientIdentifier, body.data[0].topicFilter], ['one', '커피정보/+'])
  assert.deepEqual(body.meta.hasnext, false)
})

test('a list comes in pages, and a cursor is good for one of them', async () => {
  await using api = await startApi()
  for (const clientIdentifier of ['one', 'two', 'three']) await api.at.client(5, { clientIdentifier })
  const first = await api.get('/clients?limit=2')
  assert.deepEqual([first.body.meta.count, first.body.meta.hasnext, first.body.about.sessions], [2, true, 3])
  const second = await api.get(`/clients?limit=2&cursor=${first.body.meta.cursor}`)
  const names = [...first.body.data, ...second.body.data].map(({ clientIdentifier }) => clientIdentifier)
  assert.deepEqual([names, second.body.meta.cursor, second.body.about], [['one', 'two', 'three'], null, undefined])
  assert.equal((await api.get(`/clients?limit=2&cursor=${first.body.meta.cursor}`)).status, 400)
})

for (const limit of ['0', '-1', '1e99', '10001', '0x10', ' 1', '']) {
  test(`NATS 2026-28: a limit of "${limit}" is refused, with what is expected`, async () => {
    await using api = await startApi()
    const { status, headers, body } = await api.get(`/clients?limit=${encodeURIComponent(limit)}`)
    assert.deepEqual([status, headers.get('content-type')], [400, 'application/problem+json'])
    assert.deepEqual([body.faults[0].place, body.expected], ['query.limit', 'a whole number from 1 to 10000'])
  })
}

test('Sessions are found by a part of the Client Identifier, page after page', async () => {
  await using api = await startApi()
  for (const clientIdentifier of ['pump-1', 'door-1', 'PUMP-2', 'door-2']) await api.at.client(5, { clientIdentifier })
  const { body } = await api.get('/clients?like_clientid=pump&limit=1')
  assert.deepEqual([body.data[0].clientIdentifier, body.meta.hasnext], ['pump-1', true])
  const next = await api.get(`/sessions?limit=1&cursor=${body.meta.cursor}`)
  assert.deepEqual([next.body.data[0].clientIdentifier, next.body.data.length], ['PUMP-2', 1])
  assert.deepEqual((await api.get('/clients?like_clientid=%25')).body.data, [])
  assert.deepEqual((await api.get('/clients?account=shop')).body.data, [])
})

test('what is not there is a problem that says where to look', async () => {
  await using api = await startApi()
  for (const path of ['/clients/nobody', '/held/7', '/dead/7', '/no-such-path']) {
    const { status, body } = await api.get(path)
    assert.deepEqual([path, status, body.status], [path, 404, 404])
    assert.ok(body.found !== '' && body.expected !== '' && body.advice !== '')
  }
  const { status, headers } = await api.send('DELETE', '/clients')
  assert.deepEqual([status, headers.get('allow')], [405, 'GET'])
})

test('held messages are listed, shown, released and given up', async () => {
  await using api = await startApi({ topics: [{ filter: 'h/#', whenNobody: 'hold' }] })
  for (const topicName of ['h/1', 'h/2', 'h/3']) await api.at.broker.publish({ topicName, payload: topicName })
  const { body } = await api.get('/held?filter=h/%2B')
  assert.deepEqual([body.data.length, body.about.held.messages], [3, 3])
  const [first, second] = body.data
  assert.equal((await api.get(`/held/${first.id}`)).body.payload, 'h/1')
  assert.equal((await api.send('DELETE', `/held/${first.id}`)).status, 204)
  assert.deepEqual((await api.send('POST', '/held/drop', { id: second.id })).body, {
    done: 1,
    refused: 0,
    refusals: [],
  })
  const released = await api.send('POST', '/held/release', { all: true })
  assert.deepEqual([released.body.refused, released.body.refusals[0].topic], [1, 'h/3'])
  const both = await api.send('POST', '/held/drop', { id: 1, all: true })
  assert.equal(both.status, 400)
})

test('events are told as they happen', async () => {
  await using api = await startApi()
  const response = await fetch(`${api.url}/api/v1/events?types=connected,messageUnmatched`)
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  const reader = (response.body ?? assert.fail()).pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const until = async (wanted: RegExp): Promise<void> => {
    while (!wanted.test(text)) text += (await reader.read()).value ?? assert.fail('the stream has ended')
  }
  await until(/retry/)
  await api.at.client(5, { clientIdentifier: 'one\r\ndata: forged' })
  await until(/event: connected\ndata: \{.*"one\\r\\ndata: forged".*\}\n\n/)
  await api.at.broker.publish({ topicName: 'nobody', payload: 'x' })
  await until(/event: messageUnmatched\ndata: \{.*"topicName":"nobody".*\}\n\n/)
  await reader.cancel()
})

test('what has happened to a client is told newest first, also when it is gone for good', async () => {
  await using api = await startApi({ authenticate: ({ userName }) => userName !== 'wrong' })
  const names = { clientIdentifier: 'one', userName: 'shop' }
  const first = await api.at.client(5, { ...names, properties: { sessionExpiryInterval: 100 } })
  await first.subscribe('a/#', { qos: 1 })
  await first.unsubscribe('a/#')
  const refused = await api.at.open(5)
  assert.equal((await refused.connect({ ...names, userName: 'wrong' })).reasonCode, 0x86)
  const second = await api.at.client(5, { ...names, cleanStart: false })
  await second.leave()
  const { body } = await api.get('/clients/one/history')
  const types = body.data.map(({ type }: { type: string }) => type)
  assert.deepEqual(types, [
    'sessionEnded',
    'disconnected',
    'connected',
    'disconnected',
    'sessionTakenOver',
    'refused',
    'unsubscribed',
    'subscribed',
    'sessionCreated',
    'connected',
  ])
  assert.deepEqual(body.about, { client: 'one', forgotten: 0 })
  assert.partialDeepStrictEqual(body.data[0], { reason: 'connection-closed', account: 'shop' })
  assert.partialDeepStrictEqual(body.data[3], { reasonCode: 0x8e, remoteAddress: first.address })
  assert.partialDeepStrictEqual(body.data[7], { topicFilter: 'a/#', qos: 1 })
  const times = body.data.map(({ atMs }: { atMs: number }) => atMs)
  assert.deepEqual(
    times,
    times.toSorted((one: number, other: number) => other - one),
  )
  assert.equal((await api.get('/clients/one')).status, 404)
  assert.deepEqual((await api.get('/clients/one/subscriptions')).body.data, [])
})

test('a history comes in pages, for one account if it is named, within its bound', async () => {
  const options = { clientIdentifierScope: 'account', limits: { clientHistoryEventsMax: 16 } } as const
  await using api = await startApi({ authenticate: () => true, ...options })
  for (const userName of ['shop', 'ops']) {
    await api.at.client(5, { clientIdentifier: 'one', userName, properties: { sessionExpiryInterval: 100 } })
  }
  const page = (await api.get('/clients/one/history?limit=3')).body
  assert.deepEqual([page.data.length, page.meta.hasnext], [3, true])
  const rest = (await api.get(`/clients/one/history?limit=3&cursor=${page.meta.cursor}`)).body
  assert.deepEqual([rest.data.length, rest.meta.cursor], [1, null])
  const { data } = (await api.get('/clients/one/history?account=ops')).body
  assert.deepEqual(
    data.map(({ type, account }: { type: string; account: string }) => [type, account]),
    [
      ['sessionCreated', 'ops'],
      ['connected', 'ops'],
    ],
  )
  for (let count = 0; count < 8; count++) await api.at.client(5, { clientIdentifier: `other ${count}` })
  assert.deepEqual((await api.get('/clients/one/history')).body.data, [])
  assert.equal((await api.get('/clients/other%207/history')).body.data.length, 2)
})

test('what became of messages, and what is undelivered, is looked up by client', async () => {
  const topics = [
    { filter: 'h/#', whenNobody: 'hold' },
    { filter: 'd/#', whenNobody: 'dead-letter' },
  ] as const
  await using api = await startApi({ topics })
  const one = await api.at.client(5, { clientIdentifier: 'one' })
  const two = await api.at.client(5, { clientIdentifier: 'two' })
  await two.subscribe('a', { qos: 0 })
  for (const client of [one, two]) {
    for (const [index, topicName] of ['h/1', 'd/1', 'nobody'].entries()) {
      client.publish({ topicName, payload: Buffer.from('x'), qos: 1, packetId: index + 1 })
      await client.next('puback')
    }
  }
  one.publish({ topicName: 'a', payload: Buffer.from('x'), qos: 1, packetId: 9 })
  await one.next('puback')
  const counts = async (path: string) => (await api.get(path)).body.data.length
  assert.deepEqual([await counts('/held?client=one'), await counts('/held'), await counts('/held?client=x')], [1, 2, 0])
  assert.deepEqual([await counts('/dead?client=two'), await counts('/dead'), await counts('/dead?client=x')], [1, 2, 0])
  assert.deepEqual([await counts('/held?client=one&filter=h/%23'), await counts('/held?client=one&filter=x')], [1, 0])
  assert.equal(await counts('/trace?client=one'), 5)
  assert.equal(await counts('/trace?client=two'), 5)
  assert.equal(await counts('/trace?client=two&topic=a'), 1)
  assert.equal(await counts('/trace?fate=unmatched,held'), 6)
  assert.equal(await counts('/trace?client=one&fate=unmatched'), 1)
  const { status, body } = await api.get('/trace?fate=unmached')
  assert.deepEqual([status, body.advice], [400, 'did you mean unmatched?'])
})

test('the overview has rates that the broker has worked out', async () => {
  await using api = await startApi()
  const client = await api.at.client(5, { clientIdentifier: 'one' })
  client.publish({ topicName: 'a', payload: Buffer.alloc(100), qos: 1, packetId: 1 })
  await client.next('puback')
  const rates = async () => (await api.get('/overview')).body.rates
  let found = await rates()
  // The counters are looked at once a second.
  for (const untilMs = Date.now() + 5000; found.minute.publishReceived === 0 && Date.now() < untilMs; ) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    found = await rates()
  }
  const { minute, second, minuteSeconds } = found
  assert.ok(minute.publishReceived > 0 && minute.publishReceived <= 1 / minuteSeconds + 0.1, JSON.stringify(found))
  assert.ok(minute.bytesReceived > minute.publishBytesReceived && minute.publishBytesReceived > 0)
  assert.deepEqual([second.publishSent, minute.publishSent], [0, 0])
})
