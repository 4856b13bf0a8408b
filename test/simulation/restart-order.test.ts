/**
 * The order in which facts are written down, where a crash between them would show.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import { TroubledStore } from './troubled-store.ts'

test('what a client acknowledged is settled before it is written down what it had not when its connection broke', async () => {
  const store = new TroubledStore()
  await using broker = await startTestBroker({ store })
  const subscriber = await broker.client(5, {
    clientIdentifier: 's',
    cleanStart: false,
    properties: { sessionExpiryInterval: 1000 },
  })
  await subscriber.subscribe('a', { qos: 1 })
  for (let number = 0; number < 2; number++) await broker.broker.publish({ topicName: 'a', qos: 1 })
  const { packetId } = await subscriber.message()
  await subscriber.message()
  subscriber.acknowledge('puback', packetId)
  await subscriber.quiet()
  await broker.lose(subscriber)
  const [settled, disconnected] = store.written.slice(-2)
  const [first, second] = store.written.flatMap(({ type }, index) => (type === 'message' ? [index + 1] : []))
  assert.ok(settled?.type === 'settled' && disconnected?.type === 'session-disconnected')
  assert.deepEqual(settled.orders, [first])
  assert.deepEqual(disconnected.sent, [second, packetId + 1])
})

test('what is sent again after a restart comes before what waited, also if it is read while CONNACK waits', async () => {
  const store = new TroubledStore()
  const fields = { clientIdentifier: 's', cleanStart: false, properties: { sessionExpiryInterval: 1000 } }
  const payloads = [...'abcd'].map((letter) => Buffer.from(letter))
  const publish = (broker: TestBroker, payload?: Buffer) =>
    broker.broker.publish({ topicName: 'a', qos: 1, payload: payload ?? '' })
  {
    await using broker = await startTestBroker({ store })
    const subscriber = await broker.client(5, fields)
    await subscriber.subscribe('a', { qos: 1 })
    for (const payload of payloads.slice(0, 2)) await publish(broker, payload)
    for (let count = 0; count < 2; count++) await subscriber.message()
    await broker.lose(subscriber)
    for (const payload of payloads.slice(2)) await publish(broker, payload)
  }
  await using broker = await startTestBroker({ store })
  using watcher = await broker.client(5)
  using subscriber = await broker.open(5)
  store.mode = 'held'
  const connected = subscriber.connect(fields)
  await watcher.quiet()
  await watcher.quiet()
  store.release()
  await connected
  const received: string[] = []
  for (let count = 0; count < 4; count++) received.push((await subscriber.message()).text)
  assert.deepEqual(received, ['a', 'b', 'c', 'd'])
})

test('messages that do not all fit into memory at once are read and delivered one after the other', async () => {
  const limits = { queueMemoryBytesMax: 1024 * 1024 }
  await using broker = await startTestBroker({ store: new TroubledStore(), limits })
  const fields = { clientIdentifier: 's', cleanStart: false, properties: { sessionExpiryInterval: 1000 } }
  const first = await broker.client(5, fields)
  await first.subscribe('a', { qos: 1 })
  await broker.lose(first)
  for (const letter of 'abc') {
    await broker.broker.publish({ topicName: 'a', qos: 1, payload: Buffer.alloc(600_000, letter) })
  }
  using subscriber = await broker.client(5, fields)
  const received: string[] = []
  for (let count = 0; count < 3; count++) received.push((await subscriber.message()).text.slice(0, 1))
  assert.deepEqual(received, ['a', 'b', 'c'])
})

test('what is sent again after a restart is read a few megabytes at a time', async () => {
  const store = new TroubledStore()
  const counts: number[] = []
  const read = store.read.bind(store)
  store.read = (shard, seqs) => {
    counts.push(seqs.length)
    return read(shard, seqs)
  }
  const fields = { clientIdentifier: 's', cleanStart: false, properties: { sessionExpiryInterval: 1000 } }
  {
    await using broker = await startTestBroker({ store })
    const subscriber = await broker.client(5, fields)
    await subscriber.subscribe('a', { qos: 1 })
    const payload = Buffer.alloc(1_000_000)
    for (let count = 0; count < 6; count++) {
      await broker.broker.publish({ topicName: 'a', qos: 1, payload })
      await subscriber.message()
    }
    await broker.lose(subscriber)
  }
  await using broker = await startTestBroker({ store })
  using subscriber = await broker.client(5, fields)
  for (let count = 0; count < 6; count++) assert.equal((await subscriber.message()).dup, true)
  assert.deepEqual(counts, [4, 2])
})

test('a client whose window is full of messages it has received gets their PUBREL, and then what it lacks', async () => {
  await using broker = await startTestBroker({ store: new TroubledStore() })
  const fields = { clientIdentifier: 's', cleanStart: false }
  const first = await broker.client(5, { ...fields, properties: { sessionExpiryInterval: 1000 } })
  await first.subscribe('a', { qos: 2 })
  for (const qos of [1, 2] as const) await broker.broker.publish({ topicName: 'a', qos })
  const [lacking, received] = [await first.message(), await first.message()]
  first.acknowledge('pubrec', received.packetId)
  await first.next('pubrel')
  await broker.lose(first)
  using second = await broker.client(5, { ...fields, properties: { sessionExpiryInterval: 1000, receiveMaximum: 1 } })
  assert.equal((await second.next('pubrel')).packetId, received.packetId)
  await second.quiet()
  second.acknowledge('pubcomp', received.packetId)
  assert.equal((await second.message()).packetId, lacking.packetId)
})
