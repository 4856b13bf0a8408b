/**
 * A Subscription over HTTP: a real one, bounded, which ends with whoever made it.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import type { SubscribeEvent } from '../../src/admin/api-types.ts'
import { startApi, type TestApi } from './api.ts'
import { mustBeDocumented, openApi } from './documented.ts'
import { schemaFaults } from './json-schema.ts'

interface Stream extends AsyncDisposable {
  /** The next event; null at the end. */
  next(): Promise<SubscribeEvent | null>
}

const eventSchema = { $ref: '#/components/schemas/SubscribeEvent' }

async function open(api: TestApi, query: string, headers: Record<string, string> = {}): Promise<Stream> {
  const response = await fetch(`${api.url}/api/v1/subscribe?${query}`, { headers })
  mustBeDocumented('GET', '/api/v1/subscribe', response.status, response.headers.get('content-type') ?? '', undefined)
  const reader = (response.body ?? assert.fail()).pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  return {
    async next() {
      for (;;) {
        const [, name, data, rest] = /^(?:(?:retry|:).*\n+)*event: (\w+)\ndata: (.*)\n\n([\s\S]*)$/.exec(text) ?? []
        if (data !== undefined) {
          text = rest ?? ''
          const event = JSON.parse(data)
          assert.equal(event.type, name)
          assert.deepEqual(schemaFaults(openApi, eventSchema, event), [])
          return event
        }
        const { value, done } = await reader.read()
        if (done) return null
        text += value
      }
    },
    [Symbol.asyncDispose]: () => reader.cancel(),
  }
}

async function begun(stream: Stream): Promise<Extract<SubscribeEvent, { type: 'subscribed' }>> {
  const event = await stream.next()
  return event?.type === 'subscribed' ? event : assert.fail(JSON.stringify(event))
}

async function clients(api: TestApi): Promise<string[]> {
  const { body } = await api.get('/clients')
  return body.data.map((row: { clientIdentifier: string }) => row.clientIdentifier)
}

/** The broker learns a moment later that whoever asked has gone. */
async function untilNoClients(api: TestApi): Promise<void> {
  while ((await clients(api)).length > 0) await new Promise((resolve) => setImmediate(resolve))
}

test('it gets what is retained and what comes, with its payload, QoS and properties', async () => {
  await using api = await startApi()
  const { broker } = api.at
  await broker.publish({ topicName: 'a/old', payload: '오래된 것', retain: true })
  await using stream = await open(api, 'filter=a%2F%23&qos=1')
  const { clientIdentifier, observer, topicFilter, qos } = await begun(stream)
  assert.deepEqual([topicFilter, qos, observer], ['a/#', 1, false])
  const old = await stream.next()
  assert.ok(old?.type === 'message')
  assert.deepEqual([old.topic, old.payload, old.retain, old.qos], ['a/old', '오래된 것', true, 1])
  const sent = { topic: 'a/new', payload: 'gIE=', payload_encoding: 'base64', qos: 2, retain: true }
  const properties = { content_type: 'image/x', user_properties: { n: ['1', '2'] } }
  const { status, body } = await api.send('POST', '/publish', { ...sent, properties })
  assert.deepEqual([status, body.matched], [200, 1])
  const fresh = await stream.next()
  assert.ok(fresh?.type === 'message')
  assert.deepEqual([fresh.topic, fresh.payload, fresh.retain, fresh.qos], ['a/new', { base64: 'gIE=' }, false, 1])
  const userProperties = [
    ['n', '1'],
    ['n', '2'],
  ]
  assert.deepEqual(fresh.properties, { contentType: 'image/x', userProperties })
  assert.deepEqual(await clients(api), [clientIdentifier])
})

test('it is a Session like any other: it counts as a listener, and is gone when whoever asked has gone', async () => {
  await using api = await startApi({ topics: [{ filter: 'h/#', whenNobody: 'hold' }] })
  await api.send('POST', '/publish', { topic: 'h/1', payload: 'stays', qos: 1 })
  await api.send('POST', '/publish', { topic: 'h/1', payload: 'goes', qos: 0 })
  {
    await using stream = await open(api, 'filter=h%2F%2B&qos=1')
    const { clientIdentifier } = await begun(stream)
    const { body } = await api.get('/topics/h%2F1/listeners')
    assert.deepEqual([body.about.totals.listeners, body.data[0].clientIdentifier], [1, clientIdentifier])
    await api.send('POST', '/publish', { topic: 'h/2', payload: 'now', qos: 1 })
    const [first, second] = [await stream.next(), await stream.next()]
    const payloads = [first, second].map((event) => (event?.type === 'message' ? event.payload : event))
    assert.deepEqual(payloads.sort(), ['goes', 'now'])
    // Above QoS 0 it is for a Session that outlives its connection.
    assert.equal((await api.get('/held')).body.about.held.messages, 1)
  }
  await untilNoClients(api)
  assert.equal((await api.send('POST', '/publish', { topic: 'h/1' })).body.held, true)
})

test('a Subscription to everything only observes, as it says', async () => {
  await using api = await startApi()
  await using stream = await open(api, 'filter=%23')
  assert.equal((await begun(stream)).observer, true)
  assert.equal((await api.send('POST', '/publish', { topic: 'a' })).body.reason_code, 16)
})

test('what is more than its rate is not shown but counted', async () => {
  await using api = await startApi()
  await using stream = await open(api, 'filter=a&qos=1&rate=3')
  assert.equal((await begun(stream)).perSecondMax, 3)
  const all = 500
  await Promise.all(Array.from({ length: all }, () => api.at.broker.publish({ topicName: 'a', payload: 'x' })))
  let shown = 0
  let leftOut = 0
  while (shown + leftOut < all) {
    const event = await stream.next()
    if (event?.type === 'message') shown += 1
    if (event?.type === 'leftOut') leftOut += event.count
  }
  assert.ok(shown >= 3 && shown <= 30, `${shown} shown`)
  assert.equal(shown + leftOut, all)
})

test('aedes, notes on drainTimeout: who does not read it costs a bounded part of the memory, and nothing waits for it', async () => {
  await using api = await startApi()
  const { hostname, port } = new URL(api.url)
  const socket = connect(Number(port), hostname)
  socket.write('GET /api/v1/subscribe?filter=big&qos=1&rate=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await once(socket, 'data')
  socket.pause()
  const payload = Buffer.alloc(60_000, 'x')
  for (let round = 0; round < 600; round++) await api.at.broker.publish({ topicName: 'big', payload })
  for (;;) {
    const { inFlight, backlog } = (await api.get('/clients')).body.data[0]
    if (inFlight + backlog.messages === 0) break
  }
  let received = ''
  socket.setEncoding('utf8').on('data', (part: string) => {
    received += part
  })
  socket.resume()
  while (!received.includes('"type":"leftOut"')) await once(socket, 'data')
  socket.destroy()
  await untilNoClients(api)
})

test('an operator ends it like any other client, and its stream says so and ends', async () => {
  await using api = await startApi()
  await using stream = await open(api, 'filter=a')
  const { clientIdentifier } = await begun(stream)
  assert.equal((await api.send('DELETE', `/clients/${clientIdentifier}`)).status, 204)
  assert.equal((await stream.next())?.type, 'ended')
  assert.equal(await stream.next(), null)
  assert.deepEqual(await clients(api), [])
})

test('what is no Topic Filter is refused, and nothing is left behind', async () => {
  await using api = await startApi()
  for (const query of ['', 'filter=', 'filter=a%23', 'filter=a&qos=3', 'filter=a&rate=0']) {
    assert.equal((await api.get(`/subscribe?${query}`)).status, 400, query)
  }
  const { body } = await api.get('/subscribe?filter=a%23')
  assert.deepEqual(
    [body.faults[0].place, body.faults[0].found],
    ['query.filter', '"a#": "#" at character 2 shares its level; it must fill a whole level'],
  )
  assert.deepEqual(await clients(api), [])
})

test('it needs the scope admin, is in the audit log, and ends when its key is taken back', async () => {
  await using api = await startApi({}, {}, { login: 'needed' })
  const login = await api.send('POST', '/login', { username: 'admin', password: api.firstPassword })
  const own = { cookie: login.headers.get('set-cookie') ?? '', 'x-csrf-token': login.body.csrfToken }
  const keyWith = async (scopes: string[]) => (await api.send('POST', '/api_key', { name: 'k', scopes }, own)).body
  const weak = await keyWith(['observe', 'publish'])
  const refused = await api.get('/subscribe?filter=a', { authorization: `Bearer ${weak.key}` })
  assert.equal(refused.status, 403)
  const audited: string[] = []
  api.at.broker.on('adminRequest', ({ request, outcome }) => audited.push(`${request} ${outcome}`))
  const strong = await keyWith(['admin'])
  await using stream = await open(api, 'filter=a', { authorization: `Bearer ${strong.key}` })
  await begun(stream)
  assert.ok(audited.includes('GET /api/v1/subscribe done'), audited.join())
  await api.send('DELETE', `/api_key/${strong.id}`, undefined, own)
  assert.equal(await stream.next(), null)
  await using other = await open(api, 'filter=a', { cookie: own.cookie })
  await begun(other)
  await api.send('POST', '/logout', undefined, own)
  assert.equal(await other.next(), null)
})

test('it ends with the broker', async () => {
  const api = await startApi()
  const stream = await open(api, 'filter=a')
  await begun(stream)
  await api.at.broker.stop()
  assert.equal(await stream.next(), null)
})
