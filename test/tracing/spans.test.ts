/**
 * The spans of messages that come with a sampled `traceparent`: over TCP, with OpenTelemetry's own SDK.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BrokerOptions, sqlite } from '../../src/index.ts'
import { temporaryFolder } from '../admin/api.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import type { WireClient } from '../support/wire-client.ts'
import { hostCode, type Recorded, takeSpans, traced, traceId, traceParent } from './recorded-spans.ts'

const lasting = { properties: { sessionExpiryInterval: 1000 } }
const payload = Buffer.from('payload')

async function startTraced(options: BrokerOptions = {}): Promise<TestBroker> {
  takeSpans()
  return startTestBroker({ tracing: true, ...options })
}

/** Until as many have ended; the acknowledgement of a subscriber is the last that the broker hears. */
async function spansOf(client: WireClient, names: readonly string[]): Promise<readonly Recorded[]> {
  const spans: Recorded[] = []
  for (let asked = 0; spans.length < names.length && asked < 50; asked++) {
    await client.quiet()
    spans.push(...takeSpans())
  }
  assert.deepEqual(spans.map(({ name }) => name).sort(), [...names].sort())
  return spans
}

function spanOf(spans: readonly Recorded[], name: string): Recorded {
  return spans.find((span) => span.name === name) ?? assert.fail(`no ${name}`)
}

async function pair(at: TestBroker, qos: 0 | 1 | 2) {
  const reader = await at.client(5, { clientIdentifier: 'reader', cleanStart: false, ...lasting })
  await reader.subscribe('a/b', { qos })
  return { reader, publisher: await at.client(5, { clientIdentifier: 'publisher' }) }
}

/** Each within the other, but for what goes on when it is over. */
function assertTimes(spans: readonly Recorded[]): void {
  const receive = spanOf(spans, 'receive')
  for (const { name, beganMs, endedMs } of spans) {
    assert.ok(beganMs >= receive.beganMs && endedMs >= beganMs, `${name}: ${beganMs} to ${endedMs}`)
    assert.ok(name === 'deliver' || endedMs <= receive.endedMs, `${name} is longer than receive`)
  }
  assert.ok(Math.abs(receive.beganMs - Date.now()) < 60_000)
}

test('at QoS 1 a message is received, routed, stored and delivered, all of it below the publisher', async () => {
  using folder = temporaryFolder()
  await using at = await startTraced({ store: sqlite(folder.path) })
  const { reader, publisher } = await pair(at, 1)
  publisher.publish({ topicName: 'a/b', qos: 1, packetId: 9, payload, properties: traced })
  const { packetId, properties } = await reader.next('publish')
  await publisher.next('puback')
  reader.acknowledge('puback', packetId)
  const spans = await spansOf(reader, ['receive', 'route', 'store', 'deliver'])
  assert.deepEqual(spans.map(({ name, kind, below, links, failure }) => [name, kind, below, links, failure]).sort(), [
    ['deliver', 'PRODUCER', 'receive', [], null],
    ['receive', 'CONSUMER', 'publisher', [], null],
    ['route', 'INTERNAL', 'receive', [], null],
    ['store', 'INTERNAL', 'receive', [], null],
  ])
  assertTimes(spans)
  const messageId = spanOf(spans, 'receive').attributes['messaging.message.id']
  assert.match(String(messageId), /^[1-9]\d*$/)
  const common = {
    'messaging.system': 'mqtt',
    'messaging.destination.name': 'a/b',
    'messaging.message.id': messageId,
    'messaging.message.body.size': 7,
    'pabal.qos': 1,
  }
  assert.deepEqual(spanOf(spans, 'receive').attributes, {
    ...common,
    'messaging.operation.name': 'receive',
    'messaging.operation.type': 'receive',
    'messaging.client.id': 'publisher',
    'pabal.packet_identifier': 9,
    'pabal.retain': false,
    'pabal.fate': 'routed',
  })
  assert.deepEqual(spanOf(spans, 'route').attributes, {
    ...common,
    'messaging.operation.name': 'route',
    'pabal.rule': '#',
    'pabal.matched': 1,
    'pabal.fate': 'routed',
  })
  assert.deepEqual(spanOf(spans, 'deliver').attributes, {
    ...common,
    'messaging.operation.name': 'deliver',
    'messaging.operation.type': 'send',
    'messaging.client.id': 'reader',
    'pabal.fate': 'acknowledged',
  })
  // What the publisher said goes on unaltered [MQTT-3.3.2-17].
  assert.deepEqual(properties.userProperties, [['traceparent', traceParent]])
})

test('at QoS 2 the delivery lasts until PUBCOMP', async () => {
  using folder = temporaryFolder()
  await using at = await startTraced({ store: sqlite(folder.path) })
  const { reader, publisher } = await pair(at, 2)
  publisher.publish({ topicName: 'a/b', qos: 2, packetId: 1, payload, properties: traced })
  await publisher.next('pubrec')
  const { packetId } = await reader.next('publish')
  reader.acknowledge('pubrec', packetId)
  await reader.next('pubrel')
  assert.deepEqual(
    takeSpans().map(({ name }) => name),
    ['route', 'store', 'receive'],
  )
  reader.acknowledge('pubcomp', packetId)
  const [deliver] = await spansOf(reader, ['deliver'])
  assert.deepEqual([deliver?.below, deliver?.attributes['pabal.fate']], ['receive', 'acknowledged'])
})

test('at QoS 0 nothing is stored, and what was sent is delivered', async () => {
  await using at = await startTraced()
  const { reader, publisher } = await pair(at, 0)
  publisher.publish({ topicName: 'a/b', payload, properties: traced })
  await reader.next('publish')
  const spans = await spansOf(reader, ['receive', 'route', 'deliver'])
  assert.deepEqual(
    spans.map(({ name, below }) => [name, below]),
    [
      ['route', 'receive'],
      ['receive', 'publisher'],
      ['deliver', 'receive'],
    ],
  )
  assertTimes(spans)
  const { attributes } = spanOf(spans, 'deliver')
  assert.deepEqual([attributes['pabal.fate'], attributes['messaging.message.id']], ['sent_qos0', undefined])
})

test('a client that was away gets its delivery when it returns, in the same trace and linked to the reception', async () => {
  using folder = temporaryFolder()
  await using at = await startTraced({ store: sqlite(folder.path) })
  const { reader, publisher } = await pair(at, 1)
  await at.lose(reader)
  publisher.publish({ topicName: 'a/b', qos: 1, packetId: 1, payload, properties: traced })
  await publisher.next('puback')
  const received = spanOf(await spansOf(publisher, ['receive', 'route', 'store']), 'receive')
  const back = await at.client(5, { clientIdentifier: 'reader', cleanStart: false, ...lasting })
  back.acknowledge('puback', (await back.next('publish')).packetId)
  const [deliver] = await spansOf(back, ['deliver'])
  assert.deepEqual([deliver?.below, deliver?.links], ['publisher', ['receive']])
  assert.ok((deliver?.beganMs ?? 0) >= received.endedMs)
})

test('a broker that was started again delivers in the same trace what it had stored', async () => {
  using folder = temporaryFolder()
  {
    await using at = await startTraced({ store: sqlite(folder.path) })
    const { reader, publisher } = await pair(at, 1)
    await at.lose(reader)
    publisher.publish({ topicName: 'a/b', qos: 1, packetId: 1, payload, properties: traced })
    await publisher.next('puback')
  }
  await using again = await startTraced({ store: sqlite(folder.path) })
  const back = await again.client(5, { clientIdentifier: 'reader', cleanStart: false, ...lasting })
  back.acknowledge('puback', (await back.next('publish')).packetId)
  const [deliver] = await spansOf(back, ['deliver'])
  assert.deepEqual([deliver?.below, deliver?.links, deliver?.attributes['pabal.qos']], ['publisher', [], 1])
})

test('a copy that is sent again on a new connection is one delivery, from the first sending on', async () => {
  await using at = await startTraced()
  const { reader, publisher } = await pair(at, 1)
  publisher.publish({ topicName: 'a/b', qos: 1, packetId: 1, payload, properties: traced })
  await reader.next('publish')
  await at.lose(reader)
  const back = await at.client(5, { clientIdentifier: 'reader', cleanStart: false, ...lasting })
  const { dup, packetId } = await back.next('publish')
  back.acknowledge('puback', packetId)
  const spans = await spansOf(back, ['receive', 'route', 'store', 'deliver'])
  assert.deepEqual([dup, spanOf(spans, 'deliver').below], [true, 'receive'])
})

test('what does not arrive is a failure that says why', async () => {
  const topics = [{ filter: 'refused/#', whenNobody: 'reject' }] as const
  await using at = await startTraced({ topics, authorize: ({ topic }) => topic !== 'forbidden' })
  const { reader, publisher } = await pair(at, 1)
  publisher.publish({ topicName: 'refused/a', qos: 1, packetId: 1, payload, properties: traced })
  await publisher.next('puback')
  const refused = await spansOf(publisher, ['receive', 'route'])
  assert.equal(spanOf(refused, 'receive').failure, 'nobody subscribes to this Topic Name')
  assert.equal(spanOf(refused, 'receive').attributes['error.type'], 'refused')
  publisher.publish({ topicName: 'forbidden', qos: 1, packetId: 2, payload, properties: traced })
  await publisher.next('puback')
  assert.match(
    spanOf(await spansOf(publisher, ['receive', 'route']), 'receive').failure ?? '',
    /not allowed|authorized/i,
  )
  publisher.publish({ topicName: 'a/b', qos: 1, packetId: 3, payload, properties: traced })
  await publisher.next('puback')
  reader.acknowledge('puback', (await reader.next('publish')).packetId, 0x80)
  const deliver = spanOf(await spansOf(reader, ['receive', 'route', 'store', 'deliver']), 'deliver')
  assert.deepEqual([deliver.failure, deliver.attributes['error.type']], ['refusedByClient', 'refused_by_client'])
})

test('a message that was held goes on in its trace when somebody listens', async () => {
  await using at = await startTraced({ topics: [{ filter: 'h', whenNobody: 'hold' }] })
  const publisher = await at.client(5, { clientIdentifier: 'publisher' })
  publisher.publish({ topicName: 'h', qos: 1, packetId: 1, payload, properties: traced })
  await publisher.next('puback')
  const held = await spansOf(publisher, ['receive', 'route', 'store'])
  assert.deepEqual([spanOf(held, 'receive').failure, spanOf(held, 'route').attributes['pabal.fate']], [null, 'held'])
  const reader = await at.client(5, { clientIdentifier: 'reader', ...lasting })
  await reader.subscribe('h', { qos: 1 })
  reader.acknowledge('puback', (await reader.next('publish')).packetId)
  for (const span of await spansOf(reader, ['route', 'deliver'])) {
    assert.deepEqual([span.below, span.links], ['publisher', ['receive']], span.name)
  }
})

test('messages without a traceparent, with a broken one and with one that is not sampled have no spans', async () => {
  await using at = await startTraced()
  const { reader, publisher } = await pair(at, 0)
  const none = [
    [],
    [['other', traceParent]],
    [['traceparent', 'nonsense']],
    [['traceparent', `00-${traceId}-0000000000000000-01`]],
    [['traceparent', traceParent.replace(/01$/, '00')]],
    [
      ['traceparent', traceParent],
      ['traceparent', traceParent],
    ],
  ] as const
  for (const userProperties of none) {
    publisher.publish({ topicName: 'a/b', payload, properties: { userProperties } })
    assert.deepEqual((await reader.next('publish')).properties.userProperties ?? [], userProperties)
  }
  publisher.publish({ topicName: 'a/b', payload })
  await reader.next('publish')
  await reader.quiet()
  assert.deepEqual(takeSpans(), [])
})

test('code in this process publishes and subscribes in traces, too; a tracestate goes with it', async () => {
  await using at = await startTraced()
  await at.broker.subscribe('a/b', { qos: 1 }, () => {})
  const properties = { userProperties: [...traced.userProperties, ['tracestate', 'vendor=1']] } as const
  await at.broker.publish({ topicName: 'a/b', payload: 'x', properties })
  const client = await at.client(5)
  const spans = await spansOf(client, ['receive', 'route', 'deliver'])
  assert.equal(spanOf(spans, 'receive').attributes['messaging.client.id'], undefined)
  assert.deepEqual(new Set(spans.map(({ traceState }) => traceState)), new Set(['vendor=1']))
})

test('what the SDK throws is reported, and the message goes its way', async () => {
  await using at = await startTraced()
  const { reader, publisher } = await pair(at, 1)
  const faults: unknown[] = []
  at.broker.on('fault', (error) => faults.push(error))
  for (const when of ['onStart', 'onEnd'] as const) {
    const before = hostCode[when]
    hostCode[when] = () => {
      throw new Error(when)
    }
    publisher.publish({ topicName: 'a/b', qos: 1, packetId: 1, payload, properties: traced })
    reader.acknowledge('puback', (await reader.next('publish')).packetId)
    await publisher.next('puback')
    await reader.quiet()
    hostCode[when] = before
    assert.ok(
      faults.some((fault) => fault instanceof Error && fault.message === when),
      when,
    )
  }
  assert.equal(at.broker.tally.copies.acknowledged, 2)
})

test('without tracing the same messages have no spans', async () => {
  takeSpans()
  await using at = await startTestBroker()
  const { reader, publisher } = await pair(at, 1)
  publisher.publish({ topicName: 'a/b', qos: 1, packetId: 1, payload, properties: traced })
  reader.acknowledge('puback', (await reader.next('publish')).packetId)
  await reader.quiet()
  assert.deepEqual(takeSpans(), [])
})
