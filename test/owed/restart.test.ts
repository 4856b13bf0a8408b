/**
 * What is owed when the broker ends, by a crash or a stop, is owed when it starts again: neither lost nor given twice.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Receipt } from '../../src/core/owed/receipt.ts'
import type { BrokerOptions } from '../../src/index.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import type { Store } from '../../src/store/store.ts'
import { copyStore } from '../support/crash.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import { staying, type WireClient } from '../support/wire-client.ts'

const replyTopic = '$pabal/receipt/1/reply'
const topics = [
  { filter: 'waits/#', acknowledge: 'on-delivery', acknowledgeSecondsMax: 60 },
  { filter: 'held/#', whenNobody: 'hold' },
] as const

function asking(wants: 'delivered' | 'all', responseTopic = replyTopic) {
  const userProperties: [string, string][] = [['pabal-receipt', wants]]
  return { responseTopic, correlationData: Buffer.from('order 7'), userProperties }
}

async function crash(broker: TestBroker, store: Store): Promise<Store> {
  await broker.broker.publish({ topicName: 'nobody', qos: 1 })
  const copy = await copyStore(store)
  await broker[Symbol.asyncDispose]()
  return copy
}

async function stop(broker: TestBroker, store: Store): Promise<Store> {
  await broker[Symbol.asyncDispose]()
  return store
}

/** Every way to end, with the log as it grew, and with all of it in snapshots. */
const endings: readonly [name: string, options: BrokerOptions, end: typeof crash][] = [
  ['a crash', { topics }, crash],
  ['a crash behind a snapshot', { topics, snapshotEveryBytes: 1 }, crash],
  ['a stop', { topics }, stop],
]

async function subscriber(broker: TestBroker, clientIdentifier: string, topicFilter: string): Promise<WireClient> {
  const client = await broker.client(5, staying(5, clientIdentifier))
  await client.subscribe(topicFilter, { qos: 1 })
  return client
}

async function returning(broker: TestBroker, clientIdentifier: string, version: 4 | 5 = 5): Promise<WireClient> {
  const client = await broker.open(version)
  assert.equal((await client.connect(staying(version, clientIdentifier))).sessionPresent, true)
  return client
}

async function takeMessage(client: WireClient): Promise<string> {
  const { packetId, text } = await client.message()
  client.acknowledge('puback', packetId)
  await client.quiet()
  return text
}

async function receipt(client: WireClient): Promise<Receipt> {
  const { text, packetId, properties } = await client.message()
  assert.equal(Buffer.from(properties.correlationData ?? []).toString(), 'order 7')
  client.acknowledge('puback', packetId)
  return JSON.parse(text)
}

for (const [how, options, end] of endings) {
  test(`a receipt for all survives ${how} in the middle, with every delivery in it once`, async () => {
    const store = new MemoryStore(true)
    const before = await startTestBroker({ ...options, store })
    using publisher = await before.client(5, staying(5, 'publisher'))
    await publisher.subscribe(replyTopic, { qos: 1 })
    using first = await subscriber(before, 'first', 'a')
    using second = await subscriber(before, 'second', 'a')
    using passing = await before.client(5)
    await passing.subscribe('a', { qos: 1 })
    using monitor = await subscriber(before, 'monitor', '#')
    publisher.publish({ topicName: 'a', qos: 1, packetId: 1, payload: Buffer.from('hello'), properties: asking('all') })
    assert.equal((await publisher.next('puback')).reasonCode, 0)
    for (const client of [first, second, passing, monitor]) assert.equal((await client.message()).text, 'hello')
    first.acknowledge('puback', 1)
    await first.quiet()
    const left = await end(before, store)

    await using after = await startTestBroker({ ...options, store: left })
    using back = await returning(after, 'publisher')
    await back.quiet()
    using secondBack = await returning(after, 'second')
    assert.equal(await takeMessage(secondBack), 'hello')
    const { state, matched, delivered, pending, failed, reasons, publishedAtMs, deliveredAtMs } = await receipt(back)
    const lost = how === 'a stop' ? 'session-ended' : 'broker-restarted'
    assert.deepEqual(
      { state, matched, delivered, pending, failed, reasons },
      { state: 'complete', matched: 3, delivered: 2, pending: 0, failed: 1, reasons: { [lost]: 1 } },
    )
    assert.ok(deliveredAtMs !== null && deliveredAtMs >= publishedAtMs)
    await back.quiet()
    using firstBack = await returning(after, 'first')
    await firstBack.quiet()
  })

  test(`a receipt that was given before ${how} is not given again`, async () => {
    const store = new MemoryStore(true)
    const before = await startTestBroker({ ...options, store })
    using publisher = await before.client(5)
    using reader = await subscriber(before, 'reader', 'replies')
    using first = await subscriber(before, 'first', 'a')
    using second = await subscriber(before, 'second', 'a')
    publisher.publish({ topicName: 'a', qos: 1, packetId: 1, properties: asking('delivered', 'replies') })
    await publisher.next('puback')
    first.acknowledge('puback', (await first.message()).packetId)
    assert.equal((await receipt(reader)).state, 'delivered')
    await reader.quiet()
    // Else what it has acknowledged comes again, as any message at QoS 1 may.
    before.advanceBy(1)
    await second.message()
    const left = await end(before, store)
    await using after = await startTestBroker({ ...options, store: left })
    using readerBack = await returning(after, 'reader')
    using secondBack = await returning(after, 'second')
    await takeMessage(secondBack)
    await readerBack.quiet()
  })

  test(`a receipt goes to others when its publisher did not outlive ${how}`, async () => {
    const store = new MemoryStore(true)
    const before = await startTestBroker({ ...options, store })
    using publisher = await before.client(5)
    using reader = await subscriber(before, 'reader', 'replies')
    const away = await subscriber(before, 'away', 'a')
    await before.lose(away)
    publisher.publish({ topicName: 'a', qos: 1, packetId: 1, properties: asking('delivered', 'replies') })
    await publisher.next('puback')
    await reader.quiet()
    const left = await end(before, store)
    await using after = await startTestBroker({ ...options, store: left })
    using readerBack = await returning(after, 'reader')
    using awayBack = await returning(after, 'away')
    await takeMessage(awayBack)
    const { delivered, matched, failed } = await receipt(readerBack)
    assert.deepEqual({ delivered, matched, failed }, { delivered: 1, matched: 1, failed: 0 })
  })

  test(`the receipt of a message that is held survives ${how}, before and after it has found its listener`, async () => {
    const store = new MemoryStore(true)
    const before = await startTestBroker({ ...options, store })
    using publisher = await before.client(5, staying(5, 'publisher'))
    await publisher.subscribe(replyTopic, { qos: 1 })
    for (const packetId of [1, 2]) {
      publisher.publish({ topicName: `held/${packetId}`, qos: 1, packetId, properties: asking('all') })
      assert.equal((await publisher.next('puback')).reasonCode, 0x10)
    }
    using first = await subscriber(before, 'first', 'held/1')
    await first.message()
    const left = await end(before, store)
    await using after = await startTestBroker({ ...options, store: left })
    using back = await returning(after, 'publisher')
    await back.quiet()
    using firstBack = await returning(after, 'first')
    await takeMessage(firstBack)
    using second = await subscriber(after, 'second', 'held/2')
    await takeMessage(second)
    for (const topicName of ['held/1', 'held/2']) {
      const { state, matched, delivered, failed, fate, ...rest } = await receipt(back)
      assert.deepEqual(
        { topicName: rest.topicName, state, matched, delivered, failed, fate },
        { topicName, state: 'complete', matched: 1, delivered: 1, failed: 0, fate: 'routed' },
      )
    }
    await back.quiet()
  })

  for (const version of [4, 5] as const) {
    for (const qos of [1, 2] as const) {
      const type = qos === 1 ? 'puback' : 'pubrec'

      test(`${type.toUpperCase()} that waits for a subscriber survives ${how}: version ${version}`, async () => {
        const store = new MemoryStore(true)
        const before = await startTestBroker({ ...options, store })
        using publisher = await before.client(version, staying(version, 'publisher'))
        const away = await subscriber(before, 'away', 'waits/1')
        await before.lose(away)
        publisher.publish({ topicName: 'waits/1', qos, packetId: 5, payload: Buffer.from('hello') })
        await publisher.quiet()
        const left = await end(before, store)

        await using after = await startTestBroker({ ...options, store: left })
        using back = await returning(after, 'publisher', version)
        back.publish({ topicName: 'waits/1', qos, packetId: 5, payload: Buffer.from('hello'), dup: true })
        await back.quiet()
        using awayBack = await returning(after, 'away')
        assert.equal(await takeMessage(awayBack), 'hello')
        assert.equal((await back.next(type)).reasonCode, 0)
        await awayBack.quiet()
      })
    }
  }

  test(`an acknowledgement that waits since before ${how} comes when its time is over`, async () => {
    const store = new MemoryStore(true)
    const before = await startTestBroker({ ...options, store })
    using publisher = await before.client(5, staying(5, 'publisher'))
    const away = await subscriber(before, 'away', 'waits/1')
    await before.lose(away)
    publisher.publish({ topicName: 'waits/1', qos: 1, packetId: 5 })
    await publisher.quiet()
    const left = await end(before, store)
    await using after = await startTestBroker({ ...options, store: left })
    using back = await returning(after, 'publisher')
    back.publish({ topicName: 'waits/1', qos: 1, packetId: 5, dup: true })
    await back.quiet()
    after.advanceBy(61)
    const { reasonCode, properties } = await back.next('puback')
    assert.equal(reasonCode, 0)
    assert.deepEqual(properties.userProperties, [['pabal-fate', 'queued']])
  })

  test(`a QoS 2 Packet Identifier that was released before ${how} is free for a new message`, async () => {
    const store = new MemoryStore(true)
    const before = await startTestBroker({ ...options, store })
    using publisher = await before.client(5, staying(5, 'publisher'))
    using to = await subscriber(before, 'subscriber', 'waits/1')
    using slow = await subscriber(before, 'slow', 'waits/1')
    publisher.publish({ topicName: 'waits/1', qos: 2, packetId: 5, properties: asking('all') })
    to.acknowledge('puback', (await to.message()).packetId)
    await publisher.next('pubrec')
    publisher.acknowledge('pubrel', 5)
    await publisher.next('pubcomp')
    await slow.message()
    const left = await end(before, store)
    await using after = await startTestBroker({ ...options, store: left })
    using back = await returning(after, 'publisher')
    using toBack = await returning(after, 'subscriber')
    back.publish({ topicName: 'waits/1', qos: 2, packetId: 5, payload: Buffer.from('new') })
    assert.equal(await takeMessage(toBack), 'new')
    assert.equal((await back.next('pubrec')).reasonCode, 0)
  })
}
