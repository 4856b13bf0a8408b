/**
 * `/metrics` and health: what they say is what the ledger says, and nothing of it names a client or a Topic Name.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBroker, httpAdmin, memory, sqlite } from '../../src/index.ts'
import { startApi, type TestApi, temporaryFolder } from './api.ts'
import { type Family, parsePrometheus } from './prometheus-text.ts'

const topics = [
  { filter: 'h/#', whenNobody: 'hold' },
  { filter: 'd/"\\\n', whenNobody: 'dead-letter' },
  { filter: 'j/#', whenNobody: 'reject' },
] as const

async function readMetrics(api: TestApi): Promise<Map<string, Family>> {
  const { status, headers, body } = await api.get('/metrics')
  assert.deepEqual([status, headers.get('content-type')], [200, 'text/plain; version=0.0.4; charset=utf-8'])
  return parsePrometheus(body)
}

/** The sum of the samples that have these labels. */
function sampled(families: Map<string, Family>, name: string, wanted: Readonly<Record<string, string>> = {}): number {
  const family = families.get(name) ?? assert.fail(`no ${name}`)
  const fitting = family.samples.filter(({ labels }) =>
    Object.entries(wanted).every(([key, value]) => labels[key] === value),
  )
  return fitting.reduce((sum, { value }) => sum + value, 0)
}

async function traffic(api: TestApi): Promise<void> {
  const reader = await api.at.client(5, { clientIdentifier: 'reader-5071', properties: { sessionExpiryInterval: 99 } })
  await reader.subscribe('a/#', { qos: 1 })
  const publisher = await api.at.client(5, { clientIdentifier: 'publisher-5072' })
  const names = ['a/secret-1', 'a/secret-2', 'h/secret', 'd/"\\\n', 'j/secret', 'nobody/secret']
  for (const [index, topicName] of names.entries()) {
    publisher.publish({ topicName, qos: index === 0 ? 0 : 1, packetId: index, payload: Buffer.from('x') })
    if (index > 0) await publisher.next('puback')
  }
  for (let count = 0; count < 2; count++) {
    const { qos, packetId } = await reader.next('publish')
    if (qos === 1) reader.acknowledge('puback', packetId)
  }
  await api.at.lose(reader)
  await api.send('POST', '/publish', { topic: 'a/secret-3', payload: 'x' })
}

test('every message and copy of the ledger is in the metrics, under its fate', async () => {
  await using api = await startApi({ topics })
  await traffic(api)
  const families = await readMetrics(api)
  const { messages, copies, rules } = (await api.get('/ledger')).body
  const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  for (const [fate, count] of Object.entries(messages.fates)) {
    if (fate === 'held') continue
    assert.equal(sampled(families, 'pabal_messages_total', { fate: snake(fate) }), count, fate)
  }
  for (const [fate, count] of Object.entries(copies.fates)) {
    assert.equal(sampled(families, 'pabal_copies_total', { fate: snake(fate) }), count, fate)
  }
  for (const rule of rules) {
    const { received, made, filter } = rule
    assert.equal(sampled(families, 'pabal_messages_admitted_total', { rule: filter }), received + made, filter)
    assert.equal(sampled(families, 'pabal_messages_total', { rule: filter, fate: 'unmatched' }), rule.fates.unmatched)
  }
  const admitted = sampled(families, 'pabal_messages_admitted_total')
  const held = sampled(families, 'pabal_messages_held') + sampled(families, 'pabal_dead_letters')
  assert.equal(admitted, sampled(families, 'pabal_messages_total') + held)
  assert.equal(copies.created, sampled(families, 'pabal_copies_created_total'))
  assert.equal(copies.queued, sampled(families, 'pabal_queue_messages'))
  assert.equal(sampled(families, 'pabal_ledger_adds_up'), 1)
})

test('what the overview says is undelivered, and what the lists hold, is what the metrics say', async () => {
  await using api = await startApi({ topics })
  await traffic(api)
  const families = await readMetrics(api)
  const { undelivered } = (await api.get('/overview')).body
  const [held, dead] = await Promise.all(['/held', '/dead'].map(async (path) => (await api.get(path)).body.data.length))
  assert.deepEqual([undelivered.held.messages, undelivered.dead.messages], [held, dead])
  assert.deepEqual([held, dead], [1, 1])
  assert.equal(sampled(families, 'pabal_messages_held'), held)
  assert.equal(sampled(families, 'pabal_dead_letters'), dead)
  for (const fate of ['unmatched', 'refused', 'expired'] as const) {
    assert.equal(sampled(families, 'pabal_messages_total', { fate }), undelivered[fate], fate)
  }
  assert.equal(undelivered.refused, 1)
  assert.equal(sampled(families, 'pabal_copies_total', { fate: 'dropped_queue_full' }), undelivered.dropped.queueFull)
})

test('what nobody listened for is counted by what its rule says, what came by its QoS', async () => {
  await using api = await startApi({ topics })
  await traffic(api)
  const families = await readMetrics(api)
  const unroutable = ['report', 'hold', 'reject'].map((policy) =>
    sampled(families, 'pabal_messages_unroutable_total', { policy }),
  )
  assert.deepEqual(unroutable, [2, 1, 1])
  const received = ['0', '1', '2'].map((qos) => sampled(families, 'pabal_messages_received_total', { qos }))
  assert.deepEqual(received, [1, 5, 0])
  const sessions = ['online', 'offline'].map((state) => sampled(families, 'pabal_sessions', { state }))
  assert.deepEqual([sampled(families, 'pabal_connections'), ...sessions], [1, 1, 1])
  assert.deepEqual([sampled(families, 'pabal_messages_held'), sampled(families, 'pabal_subscriptions')], [1, 1])
})

test('no client and no Topic Name is in the metrics, and names and units are as Prometheus has them', async () => {
  await using api = await startApi({ topics })
  await traffic(api)
  const { body } = await api.get('/metrics')
  assert.doesNotMatch(body, /secret|5071|5072|127\.0\.0\.1/)
  for (const { name, type } of parsePrometheus(body).values()) {
    assert.match(name, /^(?:pabal|process)_[a-z0-9_]+$/)
    assert.equal(name.endsWith('_total'), type === 'counter', name)
    assert.doesNotMatch(name, /_(?:ms|milliseconds|kb|mb|minutes)(?:_|$)/)
    if (type === 'histogram') assert.match(name, /_seconds$/)
  }
})

test('how long the store takes is measured where something waits for it', async () => {
  using folder = temporaryFolder()
  await using api = await startApi({ store: sqlite(folder.path), topics })
  await traffic(api)
  const families = await readMetrics(api)
  for (const name of ['pabal_fsync_seconds', 'pabal_publish_ack_seconds']) {
    const family = families.get(name) ?? assert.fail(name)
    const count = family.samples.find((sample) => sample.name === `${name}_count`)?.value ?? 0
    const sum = family.samples.find((sample) => sample.name === `${name}_sum`)?.value ?? 0
    assert.ok(count > 0 && sum > 0 && sum / count < 5, `${name}: ${sum} s in ${count}`)
  }
  assert.ok(sampled(families, 'pabal_store_free_bytes') > 0)
  const { store } = (await api.get('/overview')).body
  assert.ok(store.append.count > 0 && store.append.p99Seconds > 0 && store.acknowledge.p99Seconds > 0)
})

test('how long it takes until a subscriber acknowledges is measured, and nothing at QoS 0', async () => {
  await using api = await startApi()
  const reader = await api.at.client(5, { clientIdentifier: 'reader' })
  await reader.subscribe('a', { qos: 1 })
  const publisher = await api.at.client(5, { clientIdentifier: 'publisher' })
  const beganMs = performance.now()
  publisher.publish({ topicName: 'a', qos: 0, payload: Buffer.from('x') })
  publisher.publish({ topicName: 'a', qos: 1, packetId: 1, payload: Buffer.from('x') })
  await reader.next('publish')
  const { packetId } = await reader.next('publish')
  reader.acknowledge('puback', packetId)
  await reader.quiet()
  const secondsMax = (performance.now() - beganMs) / 1000
  const families = await readMetrics(api)
  const { samples } = families.get('pabal_delivery_seconds') ?? assert.fail('no pabal_delivery_seconds')
  const of = (suffix: string) => samples.find(({ name }) => name === `pabal_delivery_seconds_${suffix}`)?.value ?? 0
  assert.equal(of('count'), 1)
  assert.ok(of('sum') > 0 && of('sum') <= secondsMax, `${of('sum')} of ${secondsMax} s`)
  const { delivery } = (await api.get('/overview')).body.copies
  assert.ok(delivery.count === 1 && delivery.p50Seconds > 0, JSON.stringify(delivery))
})

test('two rules with the Topic Filter # are one series, because the last one of all is # as well', async () => {
  await using api = await startApi({ topics: [{ filter: '#', whenNobody: 'hold' }] })
  await api.send('POST', '/publish', { topic: 'a', payload: 'x' })
  const families = await readMetrics(api)
  assert.equal(sampled(families, 'pabal_messages_admitted_total', { rule: '#' }), 1)
})

test('a broker is ready while its store takes messages and its listeners are open, and says why it is not', async () => {
  const store = memory()
  await using api = await startApi({ store })
  assert.deepEqual((await api.get('/readyz')).body, { ready: true, reasons: [] })
  store.onRoom?.(false)
  const { status, body } = await api.get('/readyz')
  assert.deepEqual([status, body.ready], [503, false])
  assert.match(body.reasons[0], /the store takes no more messages/)
  assert.deepEqual([(await api.get('/livez')).status, (await api.get('/healthz')).status], [200, 503])
  const overview = (await api.get('/overview')).body
  assert.equal(overview.warnings[0].code, 'store-refuses')
  store.onRoom?.(true)
  assert.equal((await api.get('/readyz')).status, 200)
})

test('while the store is being read it is alive and not ready, and nothing else is answered', async () => {
  const opening = Promise.withResolvers<void>()
  const store = memory()
  const open = store.open.bind(store)
  store.open = () => opening.promise.then(open)
  const admin = httpAdmin({ listen: 'http://127.0.0.1:0', login: 'off' })
  const broker = createBroker({ admin, listen: [], store })
  const started = broker.start()
  while (admin.urls.length === 0) await new Promise((resolve) => setImmediate(resolve))
  const get = (path: string) => fetch(`${admin.urls[0]}${path}`)
  assert.equal((await get('/livez')).status, 200)
  const ready = await get('/readyz')
  assert.deepEqual([ready.status, (await ready.text()).includes('the store is being opened')], [503, true])
  const overview = await get('/api/v1/overview')
  assert.deepEqual([overview.status, overview.headers.get('retry-after')], [503, '1'])
  opening.resolve()
  await started
  assert.equal((await get('/readyz')).status, 200)
  await broker.stop()
})
