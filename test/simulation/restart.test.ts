/**
 * What a broker finds when it starts again: everything it had acknowledged, and nothing that was over.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BrokerOptions, memory } from '../../src/index.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import type { Store } from '../../src/store/store.ts'
import { copyStore } from '../support/crash.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'

const stays = { cleanStart: false, properties: { sessionExpiryInterval: 1000 } }
const versions: readonly (4 | 5)[] = [4, 5]

/** Sessions `s4` and `s5`, subscribed to `a` and away. */
async function leaveSubscribers(broker: TestBroker, qos: 1 | 2 = 2): Promise<void> {
  for (const version of versions) {
    using client = await broker.client(version, { clientIdentifier: `s${version}`, ...sessionOf(version) })
    await client.subscribe('a', { qos })
    await broker.lose(client)
  }
}

function sessionOf(version: 4 | 5) {
  return version === 5 ? stays : { cleanStart: false }
}

/** What a returning client gets, in order, everything acknowledged. */
async function receiveAll(broker: TestBroker, version: 4 | 5, count: number): Promise<string[]> {
  using client = await broker.open(version)
  const { sessionPresent } = await client.connect({ clientIdentifier: `s${version}`, ...sessionOf(version) })
  assert.equal(sessionPresent, true)
  const texts: string[] = []
  let unreleased = 0
  while (texts.length < count || unreleased > 0) {
    const packet = await client.nextOf('publish', 'pubrel')
    if (packet.type === 'pubrel') {
      client.acknowledge('pubcomp', packet.packetId)
      unreleased -= 1
    }
    if (packet.type !== 'publish') continue
    texts.push(packet.payload.toString())
    if (packet.qos === 2) unreleased += 1
    client.acknowledge(packet.qos === 1 ? 'puback' : 'pubrec', packet.packetId)
  }
  await client.quiet()
  return texts
}

async function publishTexts(broker: TestBroker, from: number, to: number, qos: 1 | 2): Promise<void> {
  for (let number = from; number < to; number++) {
    await broker.broker.publish({ topicName: 'a', payload: String(number), qos })
  }
}

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => String(from + index))
}

for (const [how, stop] of [
  ['a crash', (broker: TestBroker, store: Store) => crash(broker, store)],
  ['a stop', (broker: TestBroker, store: Store) => stopped(broker, store)],
] as const) {
  test(`messages that wait for Sessions survive ${how}, in order`, async () => {
    const store = new MemoryStore(true)
    const before = await startTestBroker({ store })
    await leaveSubscribers(before)
    await publishTexts(before, 0, 50, 1)
    await publishTexts(before, 50, 100, 2)
    await using after = await startTestBroker({ store: await stop(before, store) })
    for (const version of versions) {
      const texts = await receiveAll(after, version, 100)
      // Order is kept for each QoS by itself [MQTT-4.6.0-5].
      assert.deepEqual(
        texts.filter((text) => Number(text) < 50),
        numbers(0, 50),
      )
      assert.deepEqual(
        texts.filter((text) => Number(text) >= 50),
        numbers(50, 100),
      )
    }
    assertLedger(after)
  })
}

function byNumber(one: string, other: string): number {
  return Number(one) - Number(other)
}

async function crash(broker: TestBroker, store: Store): Promise<Store> {
  const copy = await copyStore(store)
  await broker[Symbol.asyncDispose]()
  return copy
}

async function stopped(broker: TestBroker, store: Store): Promise<Store> {
  await broker[Symbol.asyncDispose]()
  return store
}

/** Both equations of the ledger, with the copies that the Sessions still hold. */
function assertLedger({ broker }: TestBroker): void {
  const { tally } = broker
  const sum = (fates: Record<string, number>): number => Object.values(fates).reduce((total, each) => total + each, 0)
  assert.equal(tally.received + tally.made, sum(tally.messages))
  assert.ok(sum(tally.copies) <= tally.created)
}

test('replay applies facts: with half the queue limit and another policy the same messages are there', async () => {
  const store = new MemoryStore(true)
  const limits = { sessionQueueMessagesMax: 20, sessionSpillMessagesMax: 100 }
  const before = await startTestBroker({ store, limits })
  await leaveSubscribers(before)
  await publishTexts(before, 0, 100, 1)
  const left = await crash(before, store)
  const others: BrokerOptions[] = [
    { limits: { sessionQueueMessagesMax: 10, sessionSpillMessagesMax: 50 } },
    { whenQueueFull: 'drop-oldest', limits: { sessionQueueMessagesMax: 1 } },
    { whenQueueFull: 'drop-newest', limits: { topicBytesMax: 1 } },
    { authorize: () => false },
  ]
  for (const options of others) {
    await using after = await startTestBroker({ ...options, store: await copyStore(left) })
    for (const version of versions) assert.deepEqual(await receiveAll(after, version, 100), numbers(0, 100))
  }
})

test('Retained Messages, replaced ones and deleted ones, are as they were', async () => {
  const store = new MemoryStore(true)
  const before = await startTestBroker({ store })
  const retain = (topicName: string, payload: string) =>
    before.broker.publish({ topicName, payload, retain: true, qos: 1 })
  await leaveSubscribers(before)
  await retain('r/kept', 'first')
  await retain('r/kept', 'second')
  await retain('r/gone', 'never mind')
  await retain('r/gone', '')
  await retain('$own/kept', 'dollar')
  await using after = await startTestBroker({ store: await crash(before, store) })
  using client = await after.client(5)
  await client.subscribe('r/#')
  assert.equal((await client.message()).text, 'second')
  await client.quiet()
  await client.subscribe('$own/#')
  assert.equal((await client.message()).text, 'dollar')
})

test('a will goes out once: after the restart if its delay is over, not at all if the client returns in time', async () => {
  const store = new MemoryStore(true)
  const before = await startTestBroker({ store })
  const will = (text: string, willDelayInterval: number) => ({
    topicName: 'w',
    payload: Buffer.from(text),
    qos: 1 as const,
    retain: false,
    properties: { willDelayInterval },
  })
  using watcher = await before.client(5, { clientIdentifier: 'watcher', ...stays })
  await watcher.subscribe('w', { qos: 1 })
  using _one = await before.client(5, { clientIdentifier: 'at once', will: will('at once', 0) })
  using _two = await before.client(5, { clientIdentifier: 'late', ...stays, will: will('late', 10) })
  using _three = await before.client(5, { clientIdentifier: 'back', ...stays, will: will('back', 10) })
  const left = await crash(before, store)
  await using after = await startTestBroker({ store: left })
  using again = await after.client(5, { clientIdentifier: 'watcher', ...stays })
  const first = await again.message()
  assert.equal(first.text, 'at once')
  again.acknowledge('puback', first.packetId)
  await again.quiet()
  after.advanceBy(9)
  using _back = await after.client(5, { clientIdentifier: 'back', ...stays })
  await again.quiet()
  after.advanceBy(2)
  const second = await again.message()
  assert.equal(second.text, 'late')
  again.acknowledge('puback', second.packetId)
  await again.quiet()
})

test('QoS 2 is exactly once across a crash, wherever it was cut', async () => {
  const store = new MemoryStore(true)
  const before = await startTestBroker({ store })
  await leaveSubscribers(before)
  const publisherFields = { clientIdentifier: 'p', ...stays }
  using publisher = await before.client(5, publisherFields)
  publisher.publish({ topicName: 'a', payload: Buffer.from('once'), qos: 2, packetId: 9 })
  assert.equal((await publisher.next('pubrec')).reasonCode, 0)
  await using after = await startTestBroker({ store: await crash(before, store) })
  using again = await after.client(5, publisherFields)
  again.publish({ topicName: 'a', payload: Buffer.from('once'), qos: 2, packetId: 9, dup: true })
  assert.equal((await again.next('pubrec')).reasonCode, 0)
  again.acknowledge('pubrel', 9)
  assert.equal((await again.next('pubcomp')).reasonCode, 0)
  using receiver = await after.client(5, { clientIdentifier: 's5', ...stays })
  const { packetId } = await receiver.message()
  receiver.acknowledge('pubrec', packetId)
  assert.equal((await receiver.next('pubrel')).packetId, packetId)
  await receiver.quiet()
})

test('a QoS 2 message that was sent is sent again under its Packet Identifier, one that was received only released', async () => {
  const store = new MemoryStore(true)
  const before = await startTestBroker({ store })
  using receiver = await before.client(5, { clientIdentifier: 's', ...stays })
  await receiver.subscribe('a', { qos: 2 })
  await publishTexts(before, 0, 3, 2)
  for (const packetId of [1, 2, 3]) assert.equal((await receiver.message()).packetId, packetId)
  receiver.acknowledge('pubrec', 2)
  assert.equal((await receiver.next('pubrel')).packetId, 2)
  await using after = await startTestBroker({ store: await crash(before, store) })
  using again = await after.client(5, { clientIdentifier: 's', ...stays })
  const resent: string[] = []
  for (let count = 0; count < 3; count++) {
    const packet = await again.nextOf('publish', 'pubrel')
    if (packet.type === 'publish') resent.push(`publish ${packet.packetId} ${packet.dup} ${packet.payload}`)
    else if (packet.type === 'pubrel') resent.push(`pubrel ${packet.packetId}`)
  }
  assert.deepEqual(resent.sort(), ['publish 1 true 0', 'publish 3 true 2', 'pubrel 2'])
  await again.quiet()
})

test('Subscriptions with all their options, and the end of a Session, survive', async () => {
  const store = new MemoryStore(true)
  const before = await startTestBroker({ store })
  using client = await before.client(5, { clientIdentifier: 's', ...stays })
  await client.subscribe('x/+', { qos: 1, retainAsPublished: true }, 7)
  await client.subscribe('y', { qos: 2, noLocal: true })
  await client.subscribe('z')
  await client.unsubscribe('z')
  using ended = await before.client(5, { clientIdentifier: 'e', ...stays })
  await ended.subscribe('x/+')
  ended.send({ type: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 0 } })
  await ended.closed()
  await using after = await startTestBroker({ store: await crash(before, store) })
  using again = await after.client(5, { clientIdentifier: 's', ...stays })
  await after.broker.publish({ topicName: 'x/1', payload: 'x', retain: true, qos: 2 })
  const { qos, retain, properties, packetId } = await again.message()
  assert.deepEqual([qos, retain, properties.subscriptionIdentifiers], [1, true, [7]])
  again.acknowledge('puback', packetId)
  again.publish({ topicName: 'y', qos: 0 })
  assert.equal((await after.broker.publish({ topicName: 'z' })).matched, 0)
  await again.quiet()
  using fresh = await after.open(5)
  assert.equal((await fresh.connect({ clientIdentifier: 'e', ...stays })).sessionPresent, false)
})

test('a Session that expired while the broker was down is gone, and one that did not is there', async () => {
  const store = new MemoryStore(true)
  const before = await startTestBroker({ store })
  await leaveSubscribers(before, 1)
  await publishTexts(before, 0, 1, 1)
  const left = await crash(before, store)
  const clock = (): number => Date.now() + 2_000_000
  await using after = await startTestBroker({ store: left }, { clock })
  using five = await after.open(5)
  assert.equal((await five.connect({ clientIdentifier: 's5', ...stays })).sessionPresent, false)
  assert.deepEqual(await receiveAll(after, 4, 1), ['0'])
})

test('snapshots and trimming change nothing: with a snapshot after every record the same is there', async () => {
  const store = new MemoryStore(true)
  const before = await startTestBroker({ store, snapshotEveryBytes: 0 })
  await leaveSubscribers(before)
  await publishTexts(before, 0, 30, 2)
  assert.deepEqual(await receiveAll(before, 4, 30), numbers(0, 30))
  await publishTexts(before, 30, 60, 1)
  await before.broker.publish({ topicName: 'r', payload: 'kept', retain: true })
  await using after = await startTestBroker({ store: await stopped(before, store), snapshotEveryBytes: 0 })
  let left = 0
  await store.tail(0, () => {
    left += 1
  })
  // 60 messages that one Session waits for, and the Retained Message.
  assert.equal(left, 61)
  assert.deepEqual(await receiveAll(after, 4, 30), numbers(30, 60))
  assert.deepEqual((await receiveAll(after, 5, 60)).sort(byNumber), numbers(0, 60))
})

test('a QoS 0 message is not kept for a Session that is away, and is counted', async () => {
  const store = new MemoryStore(true)
  const before = await startTestBroker({ store })
  await leaveSubscribers(before)
  await before.broker.publish({ topicName: 'a', payload: 'gone', qos: 0 })
  assert.equal(before.broker.tally.copies.droppedOffline, 2)
  await using after = await startTestBroker({ store: await crash(before, store) })
  for (const version of versions) assert.deepEqual(await receiveAll(after, version, 0), [])
})

test('with a store that keeps nothing, nothing is there after a restart', async () => {
  const before = await startTestBroker({ store: memory() })
  await leaveSubscribers(before)
  await publishTexts(before, 0, 1, 1)
  await before[Symbol.asyncDispose]()
  await using after = await startTestBroker({ store: memory() })
  using client = await after.open(5)
  assert.equal((await client.connect({ clientIdentifier: 's5', ...stays })).sessionPresent, false)
})

test('a QoS 1 message that may have reached the client before a crash has DUP, also after another crash', async () => {
  const store = new MemoryStore(true)
  const before = await startTestBroker({ store })
  using client = await before.client(5, { clientIdentifier: 's', ...stays })
  await client.subscribe('a', { qos: 1 })
  await publishTexts(before, 0, 1, 1)
  assert.equal((await client.message()).dup, false)
  const second = await crash(before, store)
  const between = await startTestBroker({ store: second })
  await publishTexts(between, 1, 2, 1)
  await using after = await startTestBroker({ store: await crash(between, second) })
  using again = await after.client(5, { clientIdentifier: 's', ...stays })
  const messages = [await again.message(), await again.message()]
  assert.deepEqual(
    messages.map(({ text, dup }) => [text, dup]),
    [
      ['0', true],
      ['1', false],
    ],
  )
})
