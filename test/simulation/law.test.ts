/**
 * The law: nothing that rests on an undurable record leaves the process.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestBroker } from '../support/test-broker.ts'
import { TroubledStore } from './troubled-store.ts'

const stays = { cleanStart: false, properties: { sessionExpiryInterval: 1000 } }

test('CONNACK of a Session that survives, SUBACK, PUBACK and PUBREC wait for their records', async () => {
  const store = new TroubledStore()
  await using broker = await startTestBroker({ store })
  using watcher = await broker.client(5)
  store.mode = 'held'
  using subscriber = await broker.open(5)
  const connected = subscriber.connect({ clientIdentifier: 's', ...stays })
  await watcher.quiet()
  assert.equal(store.written.length, 0)
  store.release()
  await connected
  store.mode = 'held'
  let isGranted = false
  const subscribed = subscriber.subscribe('a', { qos: 2 }).then(() => {
    isGranted = true
  })
  await watcher.quiet()
  const wasGranted = isGranted
  store.release()
  await subscribed
  assert.equal(wasGranted, false)
  using publisher = await broker.client(5)
  for (const [qos, answer] of [
    [1, 'puback'],
    [2, 'pubrec'],
  ] as const) {
    store.mode = 'held'
    publisher.publish({ topicName: 'a', qos, packetId: qos })
    await publisher.quiet()
    store.release()
    assert.equal((await publisher.next(answer)).reasonCode, 0)
  }
  const types = store.written.map((record) => record.type)
  assert.deepEqual(types, ['session-created', 'subscribed', 'recipients', 'message', 'message', 'assigned'])
})

test('a QoS 1 copy may leave before its record is durable, a QoS 2 copy and its PUBREL may not', async () => {
  const store = new TroubledStore()
  await using broker = await startTestBroker({ store })
  using subscriber = await broker.client(5, { clientIdentifier: 's', ...stays })
  await subscriber.subscribe('a', { qos: 2 })
  using publisher = await broker.client(5)
  store.mode = 'held'
  publisher.publish({ topicName: 'a', qos: 1, packetId: 1 })
  assert.equal((await subscriber.message()).qos, 1)
  publisher.publish({ topicName: 'a', qos: 2, packetId: 2 })
  await publisher.quiet()
  await subscriber.quiet()
  store.release()
  const { packetId } = await subscriber.message()
  store.mode = 'held'
  subscriber.acknowledge('pubrec', packetId)
  await subscriber.quiet()
  store.release()
  assert.equal((await subscriber.next('pubrel')).packetId, packetId)
})

test('while the store refuses, publishing that needs it is answered 0x97, and afterwards all goes on', async () => {
  const store = new TroubledStore()
  await using broker = await startTestBroker({ store })
  using subscriber = await broker.client(5, { clientIdentifier: 's', ...stays })
  await subscriber.subscribe('a', { qos: 1 })
  using publisher = await broker.client(5)
  store.mode = 'refusing'
  publisher.publish({ topicName: 'a', qos: 1, packetId: 1 })
  await subscriber.message()
  await publisher.quiet()
  publisher.publish({ topicName: 'a', qos: 1, packetId: 2 })
  publisher.publish({ topicName: 'nobody', qos: 1, packetId: 3 })
  await publisher.quiet()
  store.mode = 'prompt'
  assert.deepEqual(
    [(await publisher.next('puback')).reasonCode, (await publisher.next('puback')).reasonCode],
    [0, 0x97],
  )
  assert.equal((await publisher.next('puback')).reasonCode, 0x10)
  publisher.publish({ topicName: 'a', qos: 1, packetId: 4 })
  assert.equal((await publisher.next('puback')).reasonCode, 0)
})

test('once the store has failed nothing is acknowledged any more', async () => {
  const store = new TroubledStore()
  await using broker = await startTestBroker({ store })
  using subscriber = await broker.client(5, { clientIdentifier: 's', ...stays })
  await subscriber.subscribe('a', { qos: 1 })
  using publisher = await broker.client(5)
  const failed = new Promise<Error>((resolve) => broker.broker.on('failed', resolve))
  store.mode = 'failing'
  publisher.publish({ topicName: 'a', qos: 1, packetId: 1 })
  assert.match((await failed).message, /broken/)
  await publisher.closed()
})

test('with a store that is late at random, QoS 2 arrives exactly once and in order, and every copy has one fate', async () => {
  const store = new TroubledStore()
  let state = 7
  store.delayMs = () => {
    state = (state * 48_271) % 2_147_483_647
    return state % 4
  }
  await using broker = await startTestBroker({ store })
  const fields = { clientIdentifier: 's', ...stays }
  using subscriber = await broker.client(5, fields)
  await subscriber.subscribe('a', { qos: 2 })
  const publishing = Array.from({ length: 200 }, (_, number) =>
    broker.broker.publish({ topicName: 'a', payload: String(number), qos: 2 }),
  )
  const received: number[] = []
  for (let number = 0; number < 200; number++) {
    const packet = await subscriber.nextOf('publish', 'pubrel')
    if (packet.type === 'publish') {
      received.push(Number(packet.payload))
      subscriber.acknowledge('pubrec', packet.packetId)
    } else if (packet.type === 'pubrel') {
      subscriber.acknowledge('pubcomp', packet.packetId)
      number -= 1
    }
  }
  assert.deepEqual(received, [...Array(200).keys()])
  await Promise.all(publishing)
  const { tally } = broker.broker
  const { routed, retainedOnly, unmatched, refused, expired } = tally.messages
  assert.equal(tally.received + tally.made, routed + retainedOnly + unmatched + refused + expired)
  const ended = Object.values(tally.copies).reduce((sum, each) => sum + each, 0)
  assert.ok(ended <= tally.created && tally.created === 200)
})

test('code that publishes hears of it when the store fails, and so does the embedder', async () => {
  const store = new TroubledStore()
  await using broker = await startTestBroker({ store })
  using subscriber = await broker.client(5, { clientIdentifier: 's', ...stays })
  await subscriber.subscribe('a', { qos: 1 })
  const failed = new Promise<Error>((resolve) => broker.broker.on('failed', resolve))
  store.mode = 'failing'
  await assert.rejects(broker.broker.publish({ topicName: 'a' }), /the disk is broken/)
  assert.match((await failed).message, /the disk is broken/)
})

test('while the store refuses, QoS 0 is delivered as ever and QoS 2 that needs it is refused, not lost', async () => {
  const store = new TroubledStore()
  await using broker = await startTestBroker({ store })
  using subscriber = await broker.client(5, { clientIdentifier: 's', ...stays })
  await subscriber.subscribe('a', { qos: 2 })
  using publisher = await broker.client(5)
  store.mode = 'refusing'
  publisher.publish({ topicName: 'a', qos: 1, packetId: 1 })
  const held = await subscriber.message()
  await publisher.quiet()
  publisher.publish({ topicName: 'a', payload: Buffer.from('zero'), qos: 0 })
  assert.equal((await subscriber.message()).text, 'zero')
  publisher.publish({ topicName: 'a', payload: Buffer.from('two'), qos: 2, packetId: 2 })
  await publisher.quiet()
  store.mode = 'prompt'
  assert.equal((await publisher.next('puback')).reasonCode, 0)
  assert.equal((await publisher.next('pubrec')).reasonCode, 0x97)
  subscriber.acknowledge('puback', held.packetId)
  await subscriber.quiet()
})
