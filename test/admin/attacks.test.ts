/**
 * Requests that are made to do harm: they are refused, and the broker goes on.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { startApi, type TestApi } from './api.ts'

/** Sends text as it is and resolves to all that comes back until the other side closes. */
async function raw(api: TestApi, text: string): Promise<string> {
  const { hostname, port } = new URL(api.url)
  const socket = connect(Number(port), hostname)
  let received = ''
  socket.setEncoding('utf8').on('data', (part: string) => {
    received += part
  })
  socket.write(text)
  await once(socket, 'close')
  return received
}

const closing = 'Connection: close\r\n\r\n'

test('DNS rebinding: a request for a host that is not ours is refused, whatever its path', async () => {
  await using api = await startApi()
  for (const host of ['evil.example', 'evil.example:18083', '127.0.0.1.evil.example', 'localhost.evil', '[::1', '']) {
    for (const path of ['/api/v1/overview', '/livez', '/metrics', '/api/docs']) {
      const answer = await raw(api, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${closing}`)
      assert.match(answer, /^HTTP\/1\.1 421 [\s\S]*"type":"about:pabal\/misdirected"/, `${host} ${path}`)
    }
  }
  for (const host of ['127.0.0.1', 'localhost:1', '[::1]:18083', 'LOCALHOST', '10.0.0.7']) {
    assert.match(await raw(api, `GET /livez HTTP/1.1\r\nHost: ${host}\r\n${closing}`), /^HTTP\/1\.1 200 /, host)
  }
})

/** What a browser says of a request that a page has made; the answer to it. */
function asBrowser(api: TestApi, request: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return raw(api, `${request} HTTP/1.1\r\nHost: localhost\r\n${lines.join('')}${closing}`)
}

test('CSRF: a page of somebody else makes nobody subscribe, not even where nobody logs in, nor one of another port', async () => {
  await using api = await startApi()
  const subscribe = 'GET /api/v1/subscribe?filter=%24share%2Fworkers%2Fjobs'
  for (const site of ['cross-site', 'same-site']) {
    for (const mode of ['no-cors', 'navigate', 'cors']) {
      const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': mode }
      for (const request of [subscribe, 'GET /api/v1/backup', 'GET /api/v1/events', 'GET /api/v1/clients']) {
        assert.match(await asBrowser(api, request, headers), /^HTTP\/1\.1 403 [\s\S]*header\.sec-fetch-site/)
      }
    }
  }
  for (const origin of ['http://evil.example', 'http://localhost:3000', 'null']) {
    assert.match(await asBrowser(api, subscribe, { origin }), /^HTTP\/1\.1 403 [\s\S]*header\.origin/)
  }
  assert.equal((await api.at.broker.subscribers('jobs')).length, 0)
  for (const site of ['same-origin', 'none']) {
    const answer = await asBrowser(api, 'GET /api/v1/clients', { 'sec-fetch-site': site })
    assert.match(answer, /^HTTP\/1\.1 200 /, site)
  }
  // Health and numbers are shown to whoever follows a link.
  assert.match(await asBrowser(api, 'GET /metrics', { 'sec-fetch-site': 'cross-site' }), /^HTTP\/1\.1 200 /)
})

test('HEAD begins nothing that nobody would read: no Subscription, no stream, no backup', async () => {
  await using api = await startApi()
  const head = (path: string) => fetch(`${api.url}/api/v1${path}`, { method: 'HEAD' })
  for (const path of ['/subscribe?filter=a', '/events', '/backup']) {
    const { status, headers } = await head(path)
    assert.deepEqual([status, headers.get('allow')], [405, 'GET'], path)
  }
  assert.equal((await api.at.broker.subscribers('a')).length, 0)
  assert.equal((await head('/clients')).status, 200)
})

test('of connections to it there are 256 at most, and one on which nothing goes either way is cut', async () => {
  await using api = await startApi({}, {}, { idleMs: 400 })
  const { hostname, port } = new URL(api.url)
  const sockets = Array.from({ length: 256 }, () => connect(Number(port), hostname).on('error', () => {}))
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  const closed = sockets.map((socket) => once(socket.resume(), 'close'))
  const further = connect(Number(port), hostname).on('error', () => {})
  await once(further.resume(), 'close')
  assert.equal(sockets.filter((socket) => socket.closed).length, 0)
  await Promise.all(closed)
  const stream = connect(Number(port), hostname)
  stream.write('GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await once(stream.resume(), 'close')
})

test('a body that is too large is refused, whether it says so or not', async () => {
  await using api = await startApi()
  const head = 'POST /api/v1/held/drop HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
  const said = await raw(api, `${head}Content-Length: 100000\r\n\r\n`)
  assert.match(said, /^HTTP\/1\.1 413 [\s\S]*at most 65536/)
  const chunk = `${(70_000).toString(16)}\r\n${' '.repeat(70_000)}\r\n`
  assert.match(await raw(api, `${head}Transfer-Encoding: chunked\r\n\r\n${chunk}0\r\n\r\n`), /^HTTP\/1\.1 413 /)
  assert.equal((await api.get('/overview')).status, 200)
})

test('a request that does not arrive in time is cut off', async () => {
  await using api = await startApi({}, {}, { requestTimeoutMs: 300 })
  const head = 'POST /api/v1/held/drop HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
  assert.match(await raw(api, `${head}Content-Length: 10\r\n\r\n{`), /^HTTP\/1\.1 408 [\s\S]*about:pabal\/too-slow/)
  assert.match(await raw(api, 'GET /livez HTTP/1.1\r\nHost: local'), /^HTTP\/1\.1 408 /)
})

test('a fault says what was found, and never a password, whatever is wrong with it', async () => {
  await using api = await startApi()
  const faults = async (path: string, body: unknown) => (await api.send('POST', path, body)).body.faults
  assert.partialDeepStrictEqual(
    await faults('/publish', { topic: 7, properties: { user_properties: { constructor: 8 } } }),
    [
      { place: 'body.topic', found: '7' },
      { place: 'body.properties.user_properties.constructor', found: '8' },
    ],
  )
  assert.partialDeepStrictEqual(await faults('/publish', { topic: 'a', bogus: 1 }), [
    { place: 'body', found: 'the unknown "bogus"', expected: 'only what the documentation names' },
  ])
  const secrets = await faults('/login', { username: ['admin'], password: ['canary'] })
  assert.partialDeepStrictEqual(secrets, [{ place: 'body.username' }, { place: 'body.password', found: 'a value' }])
  assert.doesNotMatch(JSON.stringify(secrets), /canary/)
  for (const [name, bad] of [
    ['current', ['canary']],
    ['password', 'canary'],
  ] as const) {
    const both = { current: 'x', password: 'long enough for all', [name]: bad }
    assert.partialDeepStrictEqual(await faults('/password', both), [{ place: `body.${name}`, found: 'a value' }])
  }
})

test('headers without end are refused', async () => {
  await using api = await startApi()
  const answer = await raw(api, `GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n${closing}`)
  assert.match(answer, /^HTTP\/1\.1 413 [\s\S]*more than 16 KiB/)
})

test('what is not HTTP, and a request with two lengths, is refused', async () => {
  await using api = await startApi()
  assert.match(await raw(api, '\x10\x0e\x00\x04MQTT'), /^HTTP\/1\.1 400 [\s\S]*about:pabal\/bad-request/)
  const both = 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n'
  const answer = await raw(api, `POST /api/v1/publish HTTP/1.1\r\nHost: localhost\r\n${both}\r\n0\r\n\r\n`)
  assert.match(answer, /^HTTP\/1\.1 400 /)
})

test('no path leads out of the API', async () => {
  await using api = await startApi()
  const paths = [
    '/../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/api/v1/..%2f..%2fetc%2fpasswd',
    '//evil/api/v1/overview',
  ]
  const more = [
    '/api/v1/clients/%00',
    '/api/v1/clients/%ff',
    '/api/v1/held/__proto__',
    '/api/v1/constructor',
    '/api/v1/held/1e1',
  ]
  for (const path of [...paths, ...more]) {
    const answer = await raw(api, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${closing}`)
    assert.match(answer, /^HTTP\/1\.1 4\d\d [\s\S]*application\/problem\+json/, path)
    assert.doesNotMatch(answer, /root:/)
  }
})

test('names of the language are no fields', async () => {
  await using api = await startApi()
  const bodies = [
    '{"topic":"a","__proto__":{"qos":2}}',
    '{"topic":"a","constructor":{}}',
    '{"topic":"a","properties":{"__proto__":{}}}',
  ]
  for (const body of bodies) {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${api.url}/api/v1/publish`, { method: 'POST', body, headers })
    assert.equal(response.status, 400, body)
  }
  assert.equal((await api.get('/clients?__proto__=1')).status, 400)
  assert.equal(Reflect.get({}, 'qos'), undefined)
})

test('a parameter that is there twice is refused, because it could mean either', async () => {
  await using api = await startApi()
  const { status, body } = await api.get('/clients?limit=1&limit=2')
  assert.deepEqual([status, body.expected], [400, 'each name once'])
})

test('every answer says that nothing may be loaded from elsewhere, framed or kept', async () => {
  await using api = await startApi()
  for (const path of ['/livez', '/api/v1/overview', '/api/v1/nonsense', '/api/docs', '/api/v1/openapi.json']) {
    const { headers } = await fetch(api.url + path)
    assert.match(headers.get('content-security-policy') ?? '', /^default-src 'self';.*frame-ancestors 'none'/)
    assert.deepEqual(
      [headers.get('x-content-type-options'), headers.get('cache-control'), headers.get('referrer-policy')],
      ['nosniff', 'no-store', 'no-referrer'],
    )
  }
})

test('who reads no events costs no more than a bounded part of the memory, and is told what was left out', async () => {
  await using api = await startApi({ limits: { messageEventsPerSecondMax: 1_000_000 } })
  const { hostname, port } = new URL(api.url)
  const socket = connect(Number(port), hostname)
  socket.write('GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await once(socket, 'data')
  socket.pause()
  const topicName = `nobody/${'x'.repeat(900)}`
  for (let round = 0; round < 20_000; round++) await api.at.broker.publish({ topicName, qos: 0 })
  let received = ''
  socket.setEncoding('utf8').on('data', (part: string) => {
    received += part
  })
  socket.resume()
  while (!received.includes('eventsLeftOut')) {
    await api.at.broker.publish({ topicName, qos: 0 })
    await new Promise((resolve) => setImmediate(resolve))
  }
  socket.destroy()
})

test('streams of events are limited in number, and end with the broker', async () => {
  const api = await startApi()
  const open = () => fetch(`${api.url}/api/v1/events`)
  const streams = await Promise.all(Array.from({ length: 32 }, open))
  assert.deepEqual(new Set(streams.map(({ status }) => status)), new Set([200]))
  assert.equal((await open()).status, 503)
  await streams[0]?.body?.cancel()
  while ((await open()).status !== 200) await new Promise((resolve) => setImmediate(resolve))
  await api.at.broker.stop()
  assert.match((await streams[1]?.text()) ?? '', /^retry/)
})
