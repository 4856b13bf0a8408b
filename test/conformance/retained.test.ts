/**
 * RETAIN and Retained Messages: MQTT 5.0 and 3.1.1 section 3.3.1.3.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Qos, SubscriptionRequest } from '../../src/protocol/index.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import type { WireClient } from '../support/wire-client.ts'

const versions: readonly (4 | 5)[] = [4, 5]

/** Publishes, and waits for what answers it. */
async function send(client: WireClient, topicName: string, text: string, qos: Qos, retain = true): Promise<void> {
  client.publish({ topicName, payload: Buffer.from(text), qos, retain, packetId: qos === 0 ? 0 : 5 })
  if (qos === 1) await client.next('puback')
  if (qos === 2) {
    await client.next('pubrec')
    client.acknowledge('pubrel', 5)
    await client.next('pubcomp')
  }
  await client.quiet()
}

/** What a new subscriber is sent at once, as `Topic Name, text, QoS, RETAIN`. */
async function retainedFor(broker: TestBroker, version: 4 | 5, topicFilter: string): Promise<string[]> {
  using client = await broker.client(version)
  return await subscribed(client, topicFilter)
}

async function subscribed(
  client: WireClient,
  topicFilter: string,
  options: Partial<SubscriptionRequest> = {},
): Promise<string[]> {
  await client.subscribe(topicFilter, options)
  client.send({ type: 'pingreq' })
  const found: string[] = []
  for (;;) {
    const packet = await client.nextOf('publish', 'pingresp')
    if (packet.type !== 'publish') return found.sort()
    found.push(`${packet.topicName}, ${packet.payload}, ${packet.qos}, ${packet.retain}`)
  }
}

test('[MQTT-3.3.1-5] [MQTT3-3.3.1-5] a message with RETAIN 1 is kept with its QoS, in place of the one before', async () => {
  for (const version of versions) {
    await using broker = await startTestBroker()
    using publisher = await broker.client(version)
    for (const qos of [0, 1, 2] as const) {
      await send(publisher, 'a', `at ${qos}`, qos)
      assert.deepEqual(await retainedFor(broker, version, 'a'), [`a, at ${qos}, ${qos}, true`])
    }
    await send(publisher, 'a', 'last', 1)
    assert.deepEqual(await retainedFor(broker, version, '#'), ['a, last, 1, true'])
  }
})

test('[MQTT3-3.3.1-7] a message at QoS 0 with RETAIN 1 takes the place of the one before', async () => {
  await using broker = await startTestBroker()
  using publisher = await broker.client(4)
  await send(publisher, 'a', 'old', 2)
  await send(publisher, 'a', 'new', 0)
  assert.deepEqual(await retainedFor(broker, 4, 'a'), ['a, new, 0, true'])
})

test('[MQTT-3.3.1-6] [MQTT3-3.3.1-10] RETAIN 1 without payload is delivered as ever and deletes the Retained Message', async () => {
  for (const version of versions) {
    await using broker = await startTestBroker()
    using subscriber = await broker.client(version)
    await subscriber.subscribe('a', { qos: 0 })
    using publisher = await broker.client(version)
    for (const qos of [0, 1, 2] as const) {
      await send(publisher, 'a', 'kept', 1)
      await send(publisher, 'a/b', 'other', 0)
      assert.equal((await subscriber.message()).text, 'kept')
      await send(publisher, 'a', '', qos)
      assert.equal((await subscriber.message()).text, '')
      assert.deepEqual(await retainedFor(broker, version, '#'), ['a/b, other, 0, true'])
    }
  }
})

test('[MQTT-3.3.1-7] [MQTT3-3.3.1-11] a message without payload is never kept', async () => {
  for (const version of versions) {
    await using broker = await startTestBroker()
    using publisher = await broker.client(version)
    for (const qos of [0, 1, 2] as const) {
      await send(publisher, `never/${qos}`, '', qos)
      await send(publisher, `twice/${qos}`, 'kept', qos)
      await send(publisher, `twice/${qos}`, '', qos)
      await send(publisher, `twice/${qos}`, '', qos)
    }
    assert.deepEqual(await retainedFor(broker, version, '#'), [])
  }
})

test('[MQTT-3.3.1-8] [MQTT3-3.3.1-12] a message with RETAIN 0 is not kept and removes nothing', async () => {
  for (const version of versions) {
    await using broker = await startTestBroker()
    using publisher = await broker.client(version)
    await send(publisher, 'a', 'kept', 1)
    for (const text of ['not kept', '']) {
      for (const qos of [0, 1, 2] as const) {
        await send(publisher, 'a', text, qos, false)
        await send(publisher, 'b', text, qos, false)
      }
      assert.deepEqual(await retainedFor(broker, version, '#'), ['a, kept, 1, true'])
    }
  }
})

test('[MQTT-3.3.1-9] Retain Handling 0: every SUBSCRIBE is answered with the Retained Messages', async () => {
  await using broker = await startTestBroker()
  await broker.broker.publish({ topicName: 'a/b', payload: 'kept', qos: 1, retain: true })
  using client = await broker.client(5)
  for (const topicFilter of ['a/b', 'a/+', 'a/b', 'a/+']) {
    assert.deepEqual(await subscribed(client, topicFilter, { qos: 0 }), ['a/b, kept, 0, true'])
  }
})

test('[MQTT-3.3.1-10] Retain Handling 1: only a Subscription that did not exist is sent the Retained Messages', async () => {
  await using broker = await startTestBroker()
  await broker.broker.publish({ topicName: 'a/b', payload: 'kept', qos: 1, retain: true })
  const fields = { clientIdentifier: 'c', cleanStart: false, properties: { sessionExpiryInterval: 100 } }
  const options = { qos: 0, retainHandling: 1 } as const
  const kept = ['a/b, kept, 0, true']
  using first = await broker.client(5, fields)
  assert.deepEqual(await subscribed(first, 'a/b', options), kept)
  assert.deepEqual(await subscribed(first, 'a/b', { ...options, retainAsPublished: true }), [], 'it is replaced')
  assert.deepEqual(await subscribed(first, 'a/+', options), kept, 'another Topic Filter')
  using second = await broker.client(5, fields)
  assert.deepEqual(await subscribed(second, 'a/b', options), [], 'the Session goes on')
  second.send({ type: 'unsubscribe', packetId: 5, topicFilters: ['a/b'], properties: {} })
  await second.next('unsuback')
  assert.deepEqual(await subscribed(second, 'a/b', options), kept, 'it was removed')
})

test('[MQTT-3.3.1-11] Retain Handling 2: no SUBSCRIBE is answered with Retained Messages', async () => {
  await using broker = await startTestBroker()
  await broker.broker.publish({ topicName: 'a/b', payload: 'kept', retain: true })
  using client = await broker.client(5)
  for (const topicFilter of ['a/b', 'a/b', 'a/+']) {
    assert.deepEqual(await subscribed(client, topicFilter, { qos: 0, retainHandling: 2 }), [])
  }
  await broker.broker.publish({ topicName: 'a/b', payload: 'live', retain: true })
  assert.equal((await client.message()).text, 'live')
})

test('[MQTT-3.3.1-12] [MQTT-3.3.1-13] a live message has the RETAIN it came with if the Subscription wants it, else 0', async () => {
  await using broker = await startTestBroker()
  using publisher = await broker.client(5)
  for (const retainAsPublished of [false, true]) {
    for (const topicFilter of ['live/#', `$share/${retainAsPublished}/live/#`]) {
      using subscriber = await broker.client(5)
      await subscriber.subscribe(topicFilter, { qos: 1, retainAsPublished, retainHandling: 2 })
      for (const retain of [false, true]) {
        for (const qos of [0, 1] as const) {
          await send(publisher, 'live/a', 'x', qos, retain)
          assert.equal((await subscriber.message()).retain, retain && retainAsPublished)
        }
      }
    }
  }
})

test('[MQTT3-3.3.1-9] a live message has RETAIN 0 whatever it came with', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using publisher = await broker.client(version)
    using subscriber = await broker.client(4)
    await subscriber.subscribe(`live/${version}`)
    for (const retain of [true, false]) {
      for (const qos of [0, 1, 2] as const) {
        await send(publisher, `live/${version}`, 'x', qos, retain)
        assert.equal((await subscriber.message()).retain, false)
      }
    }
  }
})

test('[MQTT3-3.3.1-6] [MQTT3-3.3.1-8] a new Subscription is sent the last message of each topic that matches, with RETAIN 1', async () => {
  await using broker = await startTestBroker()
  using publisher = await broker.client(4)
  for (const text of ['old', 'new']) {
    for (const topicName of ['a', 'a/b', 'a/b/c', 'd/b']) await send(publisher, topicName, text, 1)
  }
  const expected = [
    ['#', ['a', 'a/b', 'a/b/c', 'd/b']],
    ['a/#', ['a', 'a/b', 'a/b/c']],
    ['+/b', ['a/b', 'd/b']],
    ['a/b', ['a/b']],
    ['a/+/+', ['a/b/c']],
    ['a/c', []],
  ] as const
  for (const [topicFilter, topicNames] of expected) {
    const found = topicNames.map((topicName) => `${topicName}, new, 1, true`)
    assert.deepEqual(await retainedFor(broker, 4, topicFilter), found, topicFilter)
  }
})
