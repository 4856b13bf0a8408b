/**
 * The HTTP API acts: it publishes, ends connections and Sessions, removes Retained Messages, hands out backups.
 */
import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { sqlite } from '../../src/index.ts'
import { startApi, temporaryFolder } from './api.ts'

const rules = [
  { filter: 'hold/#', whenNobody: 'hold' },
  { filter: 'reject/#', whenNobody: 'reject', rejectReasonCode: 0x87 },
  { filter: 'dead/#', whenNobody: 'dead-letter' },
  { filter: 'accept/#', whenNobody: 'accept' },
] as const

test('a message is published, and the answer says what became of it', async () => {
  await using api = await startApi({ topics: rules })
  const client = await api.at.client(5, { clientIdentifier: 'one' })
  await client.subscribe('a/#')
  const told = async (topic: string) => {
    const { status, body } = await api.send('POST', '/publish', { topic, payload: 'x' })
    return [status, body.reason_code, body.message, body.matched, body.held, body.fate, body.rule]
  }
  assert.deepEqual(await told('a/1'), [200, 0, 'success', 1, false, null, '#'])
  assert.deepEqual(await told('b'), [202, 16, 'no_matching_subscribers', 0, false, null, '#'])
  assert.deepEqual(await told('accept/b'), [202, 0, 'success', 0, false, null, 'accept/#'])
  assert.deepEqual(await told('hold/b'), [202, 16, 'no_matching_subscribers', 0, true, 'held', 'hold/#'])
  assert.deepEqual(await told('dead/b'), [202, 16, 'no_matching_subscribers', 0, false, 'dead-lettered', 'dead/#'])
  const [status, reasonCode, , matched] = await told('reject/b')
  assert.deepEqual([status, reasonCode, matched], [409, 0x87, 0])
  assert.equal(api.at.broker.ledger().messages.addsUp, true)
})

test('copies that wait for clients that are away are counted as queued', async () => {
  await using api = await startApi()
  const away = await api.at.client(5, { clientIdentifier: 'away', properties: { sessionExpiryInterval: 100 } })
  await away.subscribe('a', { qos: 1 })
  await api.at.lose(away)
  const { status, body } = await api.send('POST', '/publish', { topic: 'a', payload: 'x' })
  assert.deepEqual([status, body.matched, body.queued], [200, 1, 1])
})

test('properties and payloads arrive as they were sent', async () => {
  await using api = await startApi()
  const client = await api.at.client(5, { clientIdentifier: 'one' })
  await client.subscribe('a', { qos: 1 })
  await api.send('POST', '/publish', {
    topic: 'a',
    payload: Buffer.from([0, 255]).toString('base64'),
    payload_encoding: 'base64',
    properties: { content_type: 'x/y', user_properties: { one: '1', two: ['a', 'b'] }, correlation_data: 'c' },
  })
  const packet = await client.next('publish')
  assert.deepEqual([...packet.payload], [0, 255])
  const { contentType, userProperties, correlationData } = packet.properties
  assert.deepEqual([contentType, Buffer.from(correlationData ?? []).toString()], ['x/y', 'c'])
  assert.deepEqual(userProperties, [
    ['one', '1'],
    ['two', 'a'],
    ['two', 'b'],
  ])
})

test('what is no message is refused, with all that is wrong', async () => {
  await using api = await startApi()
  const wrong: [unknown, string][] = [
    [{}, 'body.topic'],
    [{ topic: 'a/#' }, 'body.topic'],
    [{ topic: '$SYS/x' }, 'body.topic'],
    [{ topic: 'a', qos: 3 }, 'body.qos'],
    [{ topic: 'a', payload: '=', payload_encoding: 'base64' }, 'body.payload'],
    [{ topic: 'a', payload: 'x'.repeat(1_100_000) }, 'body.payload'],
    [{ topic: 'a', retained: true }, 'body'],
    [{ topic: 'a', properties: { response_topic: 'a/+' } }, 'body.properties.response_topic'],
    [[], 'body'],
    ['text', 'body'],
    [undefined, 'body'],
  ]
  for (const [body, place] of wrong) {
    const answer = await api.send('POST', '/publish', body)
    assert.deepEqual([answer.status, answer.body.faults[0].place], [400, place], JSON.stringify(body)?.slice(0, 60))
  }
  const both = await api.send('POST', '/publish', { topic: 'a/+', payload: '=', payload_encoding: 'base64' })
  assert.equal(both.body.faults.length, 2)
})

test('many messages are published in order, or none if one of them is none', async () => {
  await using api = await startApi()
  const client = await api.at.client(5, { clientIdentifier: 'one' })
  await client.subscribe('a', { qos: 1 })
  const refused = await api.send('POST', '/publish/bulk', [{ topic: 'a', payload: '0' }, { topic: '#' }])
  assert.deepEqual([refused.status, refused.body.faults[0].place], [400, 'body.1.topic'])
  const messages = ['1', '2', '3'].map((payload) => ({ topic: 'a', payload }))
  const { status, body } = await api.send('POST', '/publish/bulk', [...messages, { topic: 'nobody' }])
  assert.deepEqual([status, body.map((each: { matched: number }) => each.matched)], [202, [1, 1, 1, 0]])
  const payloads: string[] = []
  for (let count = 0; count < 3; count++) {
    const packet = await client.next('publish')
    payloads.push(packet.payload.toString())
  }
  assert.deepEqual(payloads, ['1', '2', '3'])
})

test('a receipt says who has got a message, as it happens', async () => {
  await using api = await startApi()
  const client = await api.at.client(5, { clientIdentifier: 'one' })
  await client.subscribe('a', { qos: 1 })
  const { body } = await api.send('POST', '/publish', { topic: 'a', payload: 'x', receipt: true })
  const path = `/receipts/${body.receipt_id}`
  const before = (await api.get(path)).body
  assert.deepEqual([before.isFinal, before.receipt.state, before.receipt.pending], [false, 'pending', 1])
  const packet = await client.next('publish')
  const given = new Promise((resolve) => api.at.broker.on('disconnected', resolve))
  client.acknowledge('puback', packet.packetId)
  await client.leave()
  await given
  const after = (await api.get(path)).body
  assert.deepEqual([after.isFinal, after.receipt.state, after.receipt.delivered], [true, 'complete', 1])
  assert.equal(after.receipt.deliveredTo[0].clientIdentifier, 'one')
  assert.equal((await api.get('/receipts/no-such')).status, 404)
})

test('a receipt of a message that nobody gets is final at once', async () => {
  await using api = await startApi()
  const { body } = await api.send('POST', '/publish', { topic: 'nobody', payload: 'x', receipt: true })
  const { isFinal, receipt } = (await api.get(`/receipts/${body.receipt_id}`)).body
  assert.deepEqual([isFinal, receipt.state], [true, 'nobody'])
  // The receipt itself is nobody's message.
  assert.equal((await api.get('/overview')).body.undelivered.unmatched, 1)
})

test('Retained Messages are listed, shown and removed', async () => {
  await using api = await startApi()
  for (const topic of ['r/1', 'r/2', 's']) await api.send('POST', '/publish', { topic, payload: topic, retain: true })
  const { body } = await api.get('/retainer/messages?filter=r/%2B')
  assert.deepEqual(body.data.map((each: { topic: string }) => each.topic).sort(), ['r/1', 'r/2'])
  assert.equal(body.about.retained.messages, 3)
  assert.equal((await api.get('/retainer/message/r%2F1')).body.payload, 'r/1')
  assert.equal((await api.send('DELETE', '/retainer/message/r%2F1')).status, 204)
  assert.equal((await api.get('/retainer/message/r%2F1')).status, 404)
  assert.equal((await api.send('DELETE', '/retainer/message/r%2F1')).status, 404)
  assert.equal((await api.get('/retainer/messages')).body.data.length, 2)
})

test('a client is disconnected with 0x98, and its Session stays until it is ended', async () => {
  await using api = await startApi()
  const client = await api.at.client(5, { clientIdentifier: '"><b', properties: { sessionExpiryInterval: 100 } })
  await client.subscribe('a')
  const path = `/clients/${encodeURIComponent('"><b')}`
  assert.equal((await api.send('DELETE', path)).status, 204)
  assert.equal((await client.next('disconnect')).reasonCode, 0x98)
  const shown = (await api.get(path)).body.data
  assert.deepEqual([shown[0].online, shown[1].topicFilter], [false, 'a'])
  assert.equal((await api.send('DELETE', path)).status, 409)
  assert.equal((await api.send('DELETE', path.replace('clients', 'sessions'))).status, 204)
  assert.equal((await api.get(path)).status, 404)
  assert.equal((await api.get('/overview')).body.subscriptions, 0)
})

test('what holds is shown without secrets', async () => {
  await using api = await startApi({ limits: { connectionsMax: 7 }, topics: rules })
  const { body } = await api.get('/config')
  const entry = (key: string) => body.entries.find((each: { key: string }) => each.key === key)
  assert.deepEqual(entry('limits.connectionsMax'), { key: 'limits.connectionsMax', value: 7, isDefault: false })
  assert.equal(entry('limits.receiveMaximum').isDefault, true)
  assert.equal(entry('topics[0]').value.whenNobody, 'hold')
})

test('what holds is shown as it was changed by a reload, and what waits for the next start as it is', async () => {
  await using api = await startApi()
  const value = async (key: string) => {
    const { body } = await api.get('/config')
    return body.entries.find((each: { key: string }) => each.key === key)?.value
  }
  assert.deepEqual([await value('allowAnonymous'), await value('snapshotEveryBytes')], [false, 67_108_864])
  await api.at.broker.reload({
    listen: ['tcp://127.0.0.1:0'],
    allowAnonymous: true,
    permissions: { observe: ['eve'] },
    snapshotEveryBytes: 1,
  })
  assert.deepEqual([await value('allowAnonymous'), await value('snapshotEveryBytes')], [true, 67_108_864])
  assert.deepEqual(await value('permissions.observe'), ['eve'])
})

test('a backup is a database that holds what was acknowledged, and leaves nothing behind', async () => {
  using folder = temporaryFolder()
  await using api = await startApi({ store: sqlite(folder.path) })
  await api.send('POST', '/publish', { topic: 'r', payload: 'kept', retain: true })
  const before = readdirSync(folder.path)
  const response = await fetch(`${api.url}/api/v1/backup`)
  assert.match(response.headers.get('content-disposition') ?? '', /^attachment; filename="pabal-.+\.db"$/)
  const file = join(folder.path, 'copy.db')
  writeFileSync(file, Buffer.from(await response.arrayBuffer()))
  using database = new DatabaseSync(file)
  assert.equal(database.prepare('PRAGMA integrity_check').get()?.integrity_check, 'ok')
  assert.deepEqual(
    readdirSync(folder.path).filter((name) => !before.includes(name) && !name.startsWith('copy.')),
    [],
  )
})

test('a broker that keeps everything in memory has no backup to give', async () => {
  await using api = await startApi()
  assert.equal((await api.get('/backup')).status, 409)
})

test('what is wrong with a body is told in words of MQTT and JSON, each fault by itself', async () => {
  await using api = await startApi()
  const faultsOf = async (body: unknown) => {
    const { status, body: answer } = await api.send('POST', '/publish', body)
    assert.equal(status, 400)
    return answer.faults.map(({ place, found, expected }: Record<string, string>) => `${place}: ${found}; ${expected}`)
  }
  assert.deepEqual(await faultsOf({ topic: 5, payload: null, qos: 7, retain: 'yes' }), [
    'body.topic: 5; a text',
    'body.payload: nothing; a text',
    'body.qos: 7; 0, 1 or 2',
    'body.retain: "yes"; true or false',
  ])
  assert.deepEqual(await faultsOf({ topic: '', payload_encoding: 'hex', properties: { user_properties: { a: 1 } } }), [
    'body.topic: ""; at least 1 character',
    'body.payload_encoding: "hex"; "plain" or "base64"',
    'body.properties.user_properties.a: 1; a text or a list',
  ])
  assert.deepEqual(await faultsOf([]), ['body: a list; an object'])
})
