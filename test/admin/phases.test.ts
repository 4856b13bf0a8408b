/**
 * What the HTTP API answers in each phase of the broker: health always, and everything else only while it runs.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { type BrokerEvents, createBroker, httpAdmin, memory } from '../../src/index.ts'
import { TroubledStore } from '../simulation/troubled-store.ts'
import { startApi, type TestApi } from './api.ts'

/** A broker that waits for its store to open, and its HTTP API. */
async function startSlowly() {
  const opening = Promise.withResolvers<void>()
  const store = memory()
  const open = store.open.bind(store)
  store.open = () => opening.promise.then(open)
  const admin = httpAdmin({ listen: 'http://127.0.0.1:0', login: 'off' })
  const broker = createBroker({ admin, listen: [], store })
  const started = broker.start()
  started.catch(() => {})
  while (admin.urls.length === 0) await new Promise((resolve) => setImmediate(resolve))
  const [url = ''] = admin.urls
  const ask = async (method: string, path: string) => {
    const response = await fetch(url + path, { method })
    const body = JSON.parse(await response.text())
    return { status: response.status, retryAfter: response.headers.get('retry-after'), body }
  }
  const stop = async () => {
    opening.resolve()
    await broker.stop()
  }
  return { broker, started, ask, storeOpens: () => opening.resolve(), [Symbol.asyncDispose]: stop }
}

test('while the store is being read, a request is told to wait, and whoever wanted to change something is in the audit log', async () => {
  await using slow = await startSlowly()
  const { broker, started, ask, storeOpens } = slow
  const audited: BrokerEvents['adminRequest'][0][] = []
  broker.on('adminRequest', (entry) => audited.push(entry))
  const { status, retryAfter, body } = await ask('GET', '/api/v1/clients')
  assert.deepEqual(
    [status, retryAfter, body.type, body.found, body.advice],
    [
      ...[503, '1', 'about:pabal/unavailable'],
      ...['a broker that is still reading its store', 'ask again; /readyz says when it is ready'],
    ],
  )
  assert.equal((await ask('DELETE', '/api/v1/clients/ann')).status, 503)
  storeOpens()
  await started
  assert.equal((await ask('GET', '/api/v1/clients')).status, 200)
  assert.deepEqual(
    audited.map(({ request, outcome, result }) => [request, outcome, result]),
    [
      [
        ...['DELETE /api/v1/clients/ann', 'refused'],
        'the broker: found a broker that is still reading its store; expected one that is running',
      ],
    ],
  )
})

test('a broker that is stopped while it starts says so, and that it does no more', async () => {
  await using slow = await startSlowly()
  const { broker, started, ask, storeOpens } = slow
  const stopped = broker.stop()
  const { status, body } = await ask('GET', '/api/v1/overview')
  assert.deepEqual(
    [status, body.found, body.advice],
    [503, 'a broker that is stopping', 'look at what the broker has logged'],
  )
  const ready = await ask('GET', '/readyz')
  assert.deepEqual([ready.status, ready.body.reasons], [503, ['the broker is stopping']])
  assert.equal((await ask('GET', '/livez')).status, 200)
  storeOpens()
  await assert.rejects(started, /was stopped while it was starting/)
  await stopped
})

/** Sends a request but for its end, which follows when the broker runs no more; resolves with the whole answer. */
async function askAcross(api: TestApi, path: string, ends: () => Promise<void>): Promise<string> {
  const { port } = new URL(api.url)
  const socket = connect(Number(port), '127.0.0.1')
  socket.write(`DELETE ${path} HTTP/1.1\r\nHost: localhost:${port}\r\n`)
  await once(socket, 'connect')
  // The API has seen these bytes for sure once it has answered somebody who came later.
  await api.get('/livez')
  await ends()
  socket.write('Connection: close\r\n\r\n')
  return text(socket)
}

test('a request that ends when the broker is stopping or has failed is refused, and changes nothing', async () => {
  const store = new TroubledStore()
  const cases: [phase: string, ends: (api: TestApi) => Promise<void>][] = [
    ['stopping', async ({ at }) => void at.broker.stop()],
    [
      'failed',
      async ({ at }) => {
        store.mode = 'failing'
        const failed = new Promise((resolve) => at.broker.on('failed', resolve))
        await assert.rejects(at.broker.publish({ topicName: 'a', payload: 'x', retain: true }), /the disk is broken/)
        await failed
      },
    ],
  ]
  for (const [phase, ends] of cases) {
    await using api = await startApi(phase === 'failed' ? { store } : {})
    const answer = await askAcross(api, '/api/v1/clients/ann', () => ends(api))
    assert.match(answer, /^HTTP\/1\.1 503 [\s\S]*\r\nretry-after: 1\r\n/i, phase)
    const { found, advice } = JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1))
    assert.deepEqual([found, advice], [`a broker that is ${phase}`, 'look at what the broker has logged'])
  }
})
