/**
 * `Idempotency-Key`: a message that arrives several times over HTTP is published once.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApi, type TestApi } from './api.ts'

const message = { topic: 'a', payload: 'x' }
const keyed = (key: string) => ({ 'idempotency-key': key })

async function received(api: TestApi): Promise<number> {
  return (await api.get('/ledger')).body.messages.made
}

test('a repetition gets the answer of the first and publishes nothing', async () => {
  await using api = await startApi()
  const first = await api.send('POST', '/publish', { ...message, receipt: true }, keyed('k1'))
  assert.deepEqual([first.status, first.headers.get('idempotency-replayed')], [202, null])
  // The receipt is one, too.
  const before = await received(api)
  const again = await api.send('POST', '/publish', { ...message, receipt: true }, keyed('k1'))
  assert.deepEqual([again.status, again.headers.get('idempotency-replayed')], [202, 'true'])
  assert.deepEqual(again.body, first.body)
  assert.equal(await received(api), before)
  await api.send('POST', '/publish', message, keyed('k2'))
  await api.send('POST', '/publish', message)
  assert.equal(await received(api), before + 2)
})

test('repetitions that arrive at the same time are one', async () => {
  await using api = await startApi()
  const all = await Promise.all(Array.from({ length: 10 }, () => api.send('POST', '/publish', message, keyed('k'))))
  assert.equal(await received(api), 1)
  assert.equal(all.filter(({ headers }) => headers.get('idempotency-replayed') === 'true').length, 9)
})

test('the same key with another body is refused, and one for many messages is another key', async () => {
  await using api = await startApi()
  await api.send('POST', '/publish', message, keyed('k'))
  const other = await api.send('POST', '/publish', { ...message, payload: 'y' }, keyed('k'))
  assert.deepEqual([other.status, other.body.type], [422, 'about:pabal/key-used'])
  const bulk = await api.send('POST', '/publish/bulk', [message, message], keyed('k'))
  const again = await api.send('POST', '/publish/bulk', [message, message], keyed('k'))
  assert.deepEqual([again.status, again.body], [202, bulk.body])
  assert.equal(await received(api), 3)
})

test('what was refused may be tried again under the same key', async () => {
  const topics = [{ filter: 'reject/#', whenNobody: 'reject' }] as const
  await using api = await startApi({ topics })
  const send = () => api.send('POST', '/publish', { topic: 'reject/1' }, keyed('k'))
  assert.equal((await send()).status, 409)
  const client = await api.at.client(5, { clientIdentifier: 'one' })
  await client.subscribe('reject/#')
  const { status, headers } = await send()
  assert.deepEqual([status, headers.get('idempotency-replayed')], [200, null])
  assert.equal((await api.send('POST', '/publish', { topic: '#' }, keyed('k'))).status, 400)
})

test('a key is remembered for an hour, and the newest 10,000', async () => {
  await using api = await startApi()
  const send = async (key: string) => {
    const answer = await fetch(`${api.url}/api/v1/publish`, {
      method: 'POST',
      body: JSON.stringify({ topic: 'a', qos: 0 }),
      headers: { 'content-type': 'application/json', ...keyed(key) },
    })
    await answer.arrayBuffer()
    return answer.headers.get('idempotency-replayed')
  }
  await send('old')
  api.at.advanceBy(3599)
  assert.equal(await send('old'), 'true')
  api.at.advanceBy(1)
  assert.equal(await send('old'), null)
})

test('a key that is none is refused', async () => {
  await using api = await startApi()
  for (const key of ['', 'a b', 'x'.repeat(201)]) {
    const { status, body } = await api.send('POST', '/publish', message, keyed(key))
    assert.deepEqual([status, body.faults[0].place], [400, 'header.idempotency-key'], key)
  }
  assert.equal(await received(api), 0)
})

test('keys of one who asks are not those of another', async () => {
  await using api = await startApi({}, {}, { login: 'needed' })
  const { headers, body } = await api.send('POST', '/login', { username: 'admin', password: api.firstPassword })
  const cookie = { cookie: headers.get('set-cookie') ?? '', 'x-csrf-token': body.csrfToken }
  const keys = await Promise.all(
    ['one', 'two'].map(
      async (name) => (await api.send('POST', '/api_key', { name, scopes: ['publish'] }, cookie)).body.key,
    ),
  )
  for (const key of keys) {
    const answer = await api.send('POST', '/publish', message, { ...keyed('k'), authorization: `Bearer ${key}` })
    assert.equal(answer.headers.get('idempotency-replayed'), null)
  }
})
