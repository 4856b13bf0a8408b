/**
 * What happens when the queue of a Session is full, for each policy: nothing overflows silently.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BrokerOptions } from '../../src/index.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'

const stays = { cleanStart: false, properties: { sessionExpiryInterval: 1000 } }
const limits = { sessionQueueMessagesMax: 3, sessionSpillMessagesMax: 5 }

/** A broker with the Session `away`, which subscribes to `a` and is not connected, and the Session `here`, which is. */
async function withSessions(options: BrokerOptions) {
  const broker = await startTestBroker({ store: new MemoryStore(true), limits, ...options })
  const away = await broker.client(5, { clientIdentifier: 'away', ...stays })
  await away.subscribe('a', { qos: 1 })
  await broker.lose(away)
  const here = await broker.client(5, { clientIdentifier: 'here', ...stays })
  await here.subscribe('a', { qos: 1 })
  return { broker, here }
}

/** Publishes 0 to 9 and says how each was answered. */
async function publishTen(broker: TestBroker): Promise<number[]> {
  using publisher = await broker.client(5)
  const codes: number[] = []
  for (let number = 0; number < 10; number++) {
    publisher.publish({ topicName: 'a', payload: Buffer.from(String(number)), qos: 1, packetId: number + 1 })
    codes.push((await publisher.next('puback')).reasonCode)
  }
  return codes
}

async function receivedBy(broker: TestBroker, clientIdentifier: string): Promise<string[]> {
  using client = await broker.client(5, { clientIdentifier, ...stays })
  const texts: string[] = []
  client.send({ type: 'pingreq' })
  for (;;) {
    const packet = await client.nextOf('publish', 'pingresp')
    if (packet.type === 'pingresp') break
    if (packet.type !== 'publish') continue
    texts.push(packet.payload.toString())
    client.acknowledge('puback', packet.packetId)
  }
  return texts
}

function digits(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => String(from + index))
}

function times(count: number, code: number): number[] {
  return Array.from({ length: count }, () => code)
}

test('refuse: the publisher is told 0x97, and nobody gets a message that was refused', async () => {
  const { broker } = await withSessions({ whenQueueFull: 'refuse' })
  await using _ = broker
  assert.deepEqual(await publishTen(broker), [...times(3, 0), ...times(7, 0x97)])
  assert.deepEqual(await receivedBy(broker, 'here'), digits(0, 3))
  assert.deepEqual(await receivedBy(broker, 'away'), digits(0, 3))
  assert.equal(broker.broker.tally.messages.refused, 7)
})

test('spill: the queue goes on in the store up to its second bound, and is refused there', async () => {
  const { broker } = await withSessions({})
  await using _ = broker
  assert.deepEqual(await publishTen(broker), [...times(5, 0), ...times(5, 0x97)])
  assert.deepEqual(await receivedBy(broker, 'away'), digits(0, 5))
})

test('spill: a store that keeps nothing has no room beyond the first bound', async () => {
  const { broker } = await withSessions({ store: new MemoryStore(false) })
  await using _ = broker
  assert.deepEqual(await publishTen(broker), [...times(3, 0), ...times(7, 0x97)])
})

test('drop-oldest: the newest messages are there, the others are counted, and nobody else goes without', async () => {
  const { broker } = await withSessions({ whenQueueFull: 'drop-oldest' })
  await using _ = broker
  assert.deepEqual(await publishTen(broker), times(10, 0))
  assert.deepEqual(await receivedBy(broker, 'here'), digits(0, 10))
  assert.deepEqual(await receivedBy(broker, 'away'), digits(7, 10))
  assert.equal(broker.broker.tally.copies.droppedQueueFull, 7)
})

test('drop-newest: the oldest messages are there, the others are counted, and nobody else goes without', async () => {
  const { broker } = await withSessions({ whenQueueFull: 'drop-newest' })
  await using _ = broker
  assert.deepEqual(await publishTen(broker), times(10, 0))
  assert.deepEqual(await receivedBy(broker, 'here'), digits(0, 10))
  assert.deepEqual(await receivedBy(broker, 'away'), digits(0, 3))
  assert.equal(broker.broker.tally.copies.droppedQueueFull, 7)
})

test('dead-letter: the message is published again where it says, with what is to be known, and nobody else goes without', async () => {
  const { broker } = await withSessions({ whenQueueFull: 'dead-letter', deadLetterTopicName: 'lost/and-found' })
  await using _ = broker
  using keeper = await broker.client(5)
  await keeper.subscribe('lost/#', { qos: 1 })
  assert.deepEqual(await publishTen(broker), times(10, 0))
  for (const text of digits(3, 10)) {
    const letter = await keeper.message()
    keeper.acknowledge('puback', letter.packetId)
    assert.deepEqual([letter.text, letter.topicName, letter.qos], [text, 'lost/and-found', 1])
    const told = new Map(letter.properties.userProperties)
    assert.deepEqual(
      [told.get('pabal-topic'), told.get('pabal-client'), told.get('pabal-reason')],
      ['a', 'away', 'queue-full'],
    )
    assert.ok(Math.abs(Number(told.get('pabal-at-ms')) - Date.now()) < 60_000)
  }
  assert.deepEqual(await receivedBy(broker, 'here'), digits(0, 10))
  assert.deepEqual(await receivedBy(broker, 'away'), digits(0, 3))
  assert.equal(broker.broker.tally.copies.deadLettered, 7)
})

test('dead-letter: a dead letter that finds a full queue is counted and leads to no other', async () => {
  const { broker } = await withSessions({ whenQueueFull: 'dead-letter', deadLetterTopicName: 'a' })
  await using _ = broker
  assert.deepEqual(await publishTen(broker), times(10, 0))
  const { copies } = broker.broker.tally
  assert.deepEqual([copies.deadLettered, copies.droppedQueueFull], [7, 7])
})

for (const [kind, store] of [
  ['a durable Session', () => new MemoryStore(true)],
  ['a Session in memory', () => new MemoryStore(false)],
] as const) {
  test(`${kind}: each Topic Filter has its own policy, and what must not be lost gives way to nothing`, async () => {
    const topics = [
      { filter: 'readings', whenQueueFull: 'drop-oldest' },
      { filter: 'orders', whenQueueFull: 'refuse' },
      { filter: 'news', whenQueueFull: 'drop-newest' },
    ] as const
    await using broker = await startTestBroker({ store: store(), limits: { sessionQueueMessagesMax: 4 }, topics })
    const away = await broker.client(5, { clientIdentifier: 'away', ...stays })
    await away.subscribe('+', { qos: 1 })
    await broker.lose(away)
    using publisher = await broker.client(5)
    let packetId = 0
    const publish = async (topicName: string, text: string): Promise<number> => {
      packetId += 1
      publisher.publish({ topicName, payload: Buffer.from(text), qos: 1, packetId })
      return (await publisher.next('puback')).reasonCode
    }
    assert.deepEqual([await publish('orders', 'o1'), await publish('readings', 'r1')], [0, 0])
    assert.deepEqual([await publish('readings', 'r2'), await publish('orders', 'o2')], [0, 0])
    assert.equal(await publish('orders', 'o3'), 0x97)
    assert.deepEqual([await publish('readings', 'r3'), await publish('readings', 'r4')], [0, 0])
    assert.equal(await publish('news', 'n1'), 0)
    assert.deepEqual(await receivedBy(broker, 'away'), ['o1', 'o2', 'r3', 'r4'])
    assert.equal(broker.broker.tally.copies.droppedQueueFull, 3)
  })
}

test('where nothing may give way, the new message does', async () => {
  const topics = [{ filter: 'readings', whenQueueFull: 'drop-oldest' }] as const
  const limits = { sessionQueueMessagesMax: 1 }
  await using broker = await startTestBroker({ whenQueueFull: 'refuse', limits, topics })
  const away = await broker.client(5, { clientIdentifier: 'away', ...stays })
  await away.subscribe('+', { qos: 1 })
  await broker.lose(away)
  await broker.broker.publish({ topicName: 'orders', payload: 'o' })
  await broker.broker.publish({ topicName: 'readings', payload: 'r' })
  assert.deepEqual(await receivedBy(broker, 'away'), ['o'])
  assert.equal(broker.broker.tally.copies.droppedQueueFull, 1)
})

test('after a restart it is still known what may give way', async () => {
  const store = new MemoryStore(true)
  const options = { store, limits: { sessionQueueMessagesMax: 2 }, whenQueueFull: 'refuse' } as const
  const topics = [{ filter: 'readings', whenQueueFull: 'drop-oldest' }] as const
  const before = await startTestBroker({ ...options, topics })
  const away = await before.client(5, { clientIdentifier: 'away', ...stays })
  await away.subscribe('+', { qos: 1 })
  await before.lose(away)
  for (const topicName of ['orders', 'readings']) await before.broker.publish({ topicName, payload: topicName })
  await before.broker.stop()
  await using broker = await startTestBroker({ ...options, topics })
  await broker.broker.publish({ topicName: 'readings', payload: 'newer' })
  assert.deepEqual(await receivedBy(broker, 'away'), ['orders', 'newer'])
})
