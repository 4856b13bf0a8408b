/**
 * The HTTP API shows what is on its way to a client, what waits for it, and what is on its way from it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sqlite } from '../../src/index.ts'
import { startApi, temporaryFolder } from './api.ts'

const stays = { properties: { sessionExpiryInterval: 1000 } }
const rows = (body: { data: Record<string, unknown>[] }, name: string) => body.data.map((row) => row[name])

test('a message in flight is shown with the packet it waits for', async () => {
  await using api = await startApi()
  const client = await api.at.client(5, { clientIdentifier: 'one', ...stays })
  await client.subscribe('a/#', { qos: 2 })
  const publish = (qos: number) => api.send('POST', '/publish', { topic: `a/${qos}`, payload: 'xyz', qos })
  await publish(1)
  await publish(2)
  const [atLeastOnce, exactlyOnce] = [await client.next('publish'), await client.next('publish')]
  const look = async () => (await api.get('/clients/one/inflight_messages')).body
  const before = await look()
  assert.deepEqual(before.about, { client: 'one', account: '', inFlight: { out: 2, in: 0 } })
  assert.deepEqual(rows(before, 'packetIdentifier'), [atLeastOnce.packetId, exactlyOnce.packetId])
  const [{ receivedAtMs, packetIdentifier: _, ...first }] = before.data
  const plain = { direction: 'out', qos: 1, waitsFor: 'PUBACK', sent: true, topic: 'a/1', bytes: 6 }
  assert.deepEqual(first, plain)
  assert.ok(Math.abs(receivedAtMs - Date.now()) < 60_000)
  client.acknowledge('puback', atLeastOnce.packetId)
  client.acknowledge('pubrec', exactlyOnce.packetId)
  await client.next('pubrel')
  const after = await look()
  assert.deepEqual([rows(after, 'topic'), rows(after, 'waitsFor')], [['a/2'], ['PUBCOMP']])
  client.acknowledge('pubcomp', exactlyOnce.packetId)
  await client.quiet()
  assert.deepEqual((await look()).data, [])
})

test('what was in flight when the client went is shown as not sent on this connection', async () => {
  await using api = await startApi()
  const client = await api.at.client(5, { clientIdentifier: 'one', ...stays })
  await client.subscribe('a', { qos: 1 })
  await api.send('POST', '/publish', { topic: 'a', payload: 'x' })
  await client.next('publish')
  await api.at.lose(client)
  const back = await api.at.client(5, { clientIdentifier: 'one', cleanStart: false, ...stays })
  await back.next('publish')
  assert.deepEqual(rows((await api.get('/clients/one/inflight_messages')).body, 'sent'), [true])
  // A window of one: the second of two that were sent before waits for the first to be acknowledged.
  await api.send('POST', '/publish', { topic: 'a', payload: 'y' })
  await back.next('publish')
  await api.at.lose(back)
  const properties = { ...stays.properties, receiveMaximum: 1 }
  const narrow = await api.at.client(5, { clientIdentifier: 'one', cleanStart: false, properties })
  await narrow.next('publish')
  assert.deepEqual(rows((await api.get('/clients/one/inflight_messages')).body, 'sent'), [true, false])
})

test('what a client has published is shown until its exchange is over', async () => {
  const topics = [{ filter: 'slow/#', acknowledge: 'on-delivery' }] as const
  await using api = await startApi({ topics })
  const reader = await api.at.client(5, { clientIdentifier: 'reader' })
  await reader.subscribe('slow/#', { qos: 1 })
  const client = await api.at.client(5, { clientIdentifier: 'one' })
  client.publish({ topicName: 'a', payload: Buffer.from('x'), qos: 2, packetId: 5 })
  await client.next('pubrec')
  client.publish({ topicName: 'slow/1', payload: Buffer.from('x'), qos: 1, packetId: 6 })
  const { packetId } = await reader.next('publish')
  const { body } = await api.get('/clients/one/inflight_messages')
  assert.deepEqual(body.about.inFlight, { out: 0, in: 2 })
  assert.deepEqual(rows(body, 'direction'), ['in', 'in'])
  assert.deepEqual(rows(body, 'waitsFor'), ['subscribers', 'PUBREL'])
  assert.deepEqual(rows(body, 'packetIdentifier'), [6, 5])
  assert.deepEqual(rows(body, 'topic'), ['slow/1', null])
  reader.acknowledge('puback', packetId)
  await client.next('puback')
  client.acknowledge('pubrel', 5)
  await client.next('pubcomp')
  assert.deepEqual((await api.get('/clients/one/inflight_messages')).body.data, [])
})

for (const store of ['memory', 'disk'] as const) {
  test(`what waits for a client comes in order and in pages (${store})`, async () => {
    using folder = temporaryFolder()
    await using api = await startApi(store === 'disk' ? { store: sqlite(folder.path) } : {})
    const away = await api.at.client(5, { clientIdentifier: 'away', ...stays })
    const other = await api.at.client(5, { clientIdentifier: 'other', ...stays })
    await away.subscribe('a/#', { qos: 1 })
    // Two recipient sets, whose entries are to be merged.
    await other.subscribe('a/1', { qos: 2 })
    await api.at.lose(away)
    await api.at.lose(other)
    const messages = Array.from({ length: 100 }, (_, index) => ({
      topic: `a/${index % 2}`,
      payload: `p${index}`,
      ...(index === 0 ? { properties: { message_expiry_interval: 60 } } : {}),
    }))
    await api.send('POST', '/publish/bulk', messages)
    const found: Record<string, unknown>[] = []
    let cursor = ''
    for (let pages = 0; pages < 5; pages++) {
      const { body } = await api.get(`/clients/away/mqueue_messages?limit=25&payload=true${cursor}`)
      found.push(...body.data)
      assert.equal(body.meta.hasnext, pages < 4)
      if (pages === 0) {
        const { oldestAtMs, ...amount } = body.about.backlog
        assert.deepEqual(amount, { messages: 100, bytes: 590 })
        assert.ok(Math.abs(oldestAtMs - Number(body.data[0].receivedAtMs)) <= 1000)
      }
      cursor = `&cursor=${body.meta.cursor}`
      if (body.meta.cursor === null) break
    }
    assert.deepEqual(
      found.map(({ payload }) => payload),
      messages.map(({ payload }) => payload),
    )
    const [first, second] = found
    assert.deepEqual([first?.topic, first?.qos, first?.bytes], ['a/0', 1, 5])
    assert.deepEqual([Number(first?.expiresAtMs) - Number(first?.receivedAtMs), second?.expiresAtMs], [60_000, null])
  })
}

test('what waits in the store only is read from it', async () => {
  using folder = temporaryFolder()
  await using api = await startApi({ store: sqlite(folder.path), limits: { queueMemoryBytesMax: 1_048_576 } })
  const away = await api.at.client(5, { clientIdentifier: 'away', ...stays })
  await away.subscribe('a', { qos: 1 })
  await api.at.lose(away)
  for (let count = 0; count < 30; count++) {
    await api.send('POST', '/publish', { topic: 'a', payload: `${count} ${'x'.repeat(100_000)}` })
  }
  const { body } = await api.get('/clients/away/mqueue_messages?payload=true')
  const numbers = body.data.map(({ payload }: { payload: string }) => Number.parseInt(payload, 10))
  assert.deepEqual(
    numbers,
    Array.from({ length: 30 }, (_, index) => index),
  )
})

test('a payload is there if it is asked for, and what was cut off is said', async () => {
  await using api = await startApi()
  const away = await api.at.client(5, { clientIdentifier: 'away', ...stays })
  await away.subscribe('a', { qos: 1 })
  await api.at.lose(away)
  // The cut goes through a character.
  await api.send('POST', '/publish', { topic: 'a', payload: `x${'가'.repeat(30_000)}` })
  await api.send('POST', '/publish', { topic: 'a', payload: '//8=', payload_encoding: 'base64' })
  const without = (await api.get('/clients/away/mqueue_messages')).body.data
  assert.deepEqual(Object.keys(without[0]), ['topic', 'qos', 'bytes', 'receivedAtMs', 'expiresAtMs'])
  const [long, bytes] = (await api.get('/clients/away/mqueue_messages?payload=true')).body.data
  assert.deepEqual([long.payloadBytes, long.payloadTruncated], [90_001, true])
  assert.equal(long.payload, `x${'가'.repeat(21_845)}`)
  assert.deepEqual([bytes.payload, bytes.payloadBytes, bytes.payloadTruncated], [{ base64: '//8=' }, 2, false])
})

test('what is queued in memory for a client with a full window is shown, too', async () => {
  await using api = await startApi()
  const slow = await api.at.client(5, { clientIdentifier: 'slow', properties: { receiveMaximum: 1 } })
  await slow.subscribe('a', { qos: 1 })
  const messages = ['1', '2', '3'].map((payload) => ({ topic: 'a', payload }))
  await api.send('POST', '/publish/bulk', messages)
  const { body } = await api.get('/clients/slow/mqueue_messages?payload=true')
  assert.deepEqual(rows(body, 'payload'), ['2', '3'])
  assert.equal(body.about.backlog.messages, 2)
})

test('where a Client Identifier is in use in several accounts, one of them must be named', async () => {
  await using api = await startApi({
    authenticate: ({ userName }) => userName !== null,
    clientIdentifierScope: 'account',
  })
  for (const userName of ['shop', 'ops']) await api.at.client(5, { clientIdentifier: 'one', userName })
  for (const list of ['inflight_messages', 'mqueue_messages']) {
    const { status, body } = await api.get(`/clients/one/${list}`)
    assert.deepEqual([status, body.found], [409, 'Sessions of the accounts "shop", "ops"'])
    const named = await api.get(`/clients/one/${list}?account=ops`)
    assert.deepEqual([named.status, named.body.about.account], [200, 'ops'])
    assert.equal((await api.get(`/clients/one/${list}?account=nobody`)).status, 404)
    assert.equal((await api.get(`/clients/nobody/${list}`)).status, 404)
    assert.equal((await api.get(`/clients/one/${list}?account=ops&limit=0`)).status, 400)
  }
  assert.equal((await api.get('/clients/one/mqueue_messages?payload=maybe')).status, 400)
})
