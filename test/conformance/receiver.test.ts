/**
 * The receiver's side of QoS 1 and 2: MQTT 5.0 and 3.1.1 section 4.3. Here the broker or our own client is the receiver.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MqttClient } from '../../src/cli/client/mqtt-client.ts'
import { TroubledStore } from '../simulation/troubled-store.ts'
import { accept, clientSettings, type ServerEnd } from '../support/server-end.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import { staying, type WireClient } from '../support/wire-client.ts'

const versions: readonly (4 | 5)[] = [4, 5]
const packetId = 0x0201

/** Sees every message that the broker routes. */
async function watch(broker: TestBroker): Promise<WireClient> {
  const watcher = await broker.client(5)
  await watcher.subscribe('#', { qos: 0 })
  return watcher
}

/** Sends a QoS 2 message from PUBLISH to PUBCOMP. */
async function sendWhole(client: WireClient, text: string): Promise<void> {
  client.publish({ topicName: 'a', payload: Buffer.from(text), qos: 2, packetId })
  assert.equal((await client.next('pubrec')).packetId, packetId)
  client.acknowledge('pubrel', packetId)
  assert.equal((await client.next('pubcomp')).packetId, packetId)
}

/** Whether the answer to a message for a Session that survives waits until the message is durable. */
async function checkOwnership(qos: 1 | 2, answer: 'puback' | 'pubrec'): Promise<void> {
  for (const version of versions) {
    const store = new TroubledStore()
    await using broker = await startTestBroker({ store })
    using subscriber = await broker.client(version, staying(version, `s${version}`))
    await subscriber.subscribe('a')
    using publisher = await broker.client(version)
    using _held = store.hold()
    publisher.publish({ topicName: 'a', qos, packetId })
    await publisher.quiet()
    assert.ok(!store.written.some(({ type }) => type === 'message'))
    store.release()
    assert.equal((await publisher.next(answer)).packetId, packetId)
    assert.ok(store.written.some(({ type }) => type === 'message'))
  }
}

test('[MQTT-4.3.2-4] [MQTT3-4.3.2-2] PUBACK repeats the identifier, and waits until the message is durable', async () => {
  await checkOwnership(1, 'puback')
})

test('[MQTT-4.3.2-5] [MQTT3-4.3.2-2] after PUBACK a PUBLISH with its identifier is a new message, whatever its DUP', async () => {
  await using broker = await startTestBroker()
  using watcher = await watch(broker)
  for (const version of versions) {
    using client = await broker.client(version)
    for (const [text, dup] of [['1', false] as const, ['2', true] as const, ['2', true] as const]) {
      client.publish({ topicName: 'a', payload: Buffer.from(text), qos: 1, packetId, dup })
      assert.equal((await client.next('puback')).packetId, packetId)
      assert.equal((await watcher.message()).text, text)
    }
  }
})

test('[MQTT-4.3.3-8] [MQTT3-4.3.3-2] PUBREC repeats the identifier, and waits until the message is durable', async () => {
  await checkOwnership(2, 'pubrec')
})

test('[MQTT-4.3.3-8] [MQTT3-4.3.3-2] PUBREC waits until the identifier of a client that survives is durable', async () => {
  for (const version of versions) {
    const store = new TroubledStore()
    await using broker = await startTestBroker({ store })
    using publisher = await broker.client(version, staying(version, `p${version}`))
    using _held = store.hold()
    publisher.publish({ topicName: 'nobody', qos: 2, packetId })
    await publisher.quiet()
    store.release()
    await publisher.next('pubrec')
  }
})

test('[MQTT-4.3.3-9] after a PUBREC that refuses for want of permission, the identifier is free for a new message', async () => {
  await using broker = await startTestBroker({ authorize: ({ topic }) => topic !== 'forbidden' })
  using watcher = await watch(broker)
  using listener = await broker.client(5)
  await listener.subscribe('a', { qos: 0 })
  using client = await broker.client(5)
  client.publish({ topicName: 'forbidden', qos: 2, packetId })
  assert.equal((await client.next('pubrec')).reasonCode, 0x87)
  client.publish({ topicName: 'a', qos: 2, packetId })
  assert.equal((await client.next('pubrec')).reasonCode, 0)
  assert.equal((await watcher.message()).topicName, 'a')
})

test('[MQTT-4.3.3-9] after a PUBREC that refuses for want of room, the identifier is free for a new message', async () => {
  await using broker = await startTestBroker({ limits: { sessionQueueMessagesMax: 1 } })
  using client = await broker.client(5)
  using slow = await broker.client(5, { properties: { receiveMaximum: 1 } })
  await slow.subscribe('a')
  for (let count = 0; count < 2; count++) await broker.broker.publish({ topicName: 'a' })
  client.publish({ topicName: 'a', payload: Buffer.from('last'), qos: 2, packetId })
  assert.equal((await client.next('pubrec')).reasonCode, 0x97)
  for (let count = 0; count < 2; count++) slow.acknowledge('puback', (await slow.message()).packetId)
  await slow.quiet()
  client.publish({ topicName: 'a', payload: Buffer.from('last'), qos: 2, packetId })
  assert.equal((await client.next('pubrec')).reasonCode, 0)
  assert.equal((await slow.message()).text, 'last')
})

test('[MQTT-4.3.3-10] [MQTT3-4.3.3-2] until PUBREL each repetition gets PUBREC, and none is delivered', async () => {
  await using broker = await startTestBroker()
  using watcher = await watch(broker)
  for (const version of versions) {
    using client = await broker.client(version)
    for (const dup of [false, true, false, true]) {
      client.publish({ topicName: 'a', qos: 2, packetId, dup })
      assert.equal((await client.next('pubrec')).packetId, packetId)
    }
    await watcher.message()
    await watcher.quiet()
  }
})

test('[MQTT-4.3.3-10] [MQTT3-4.3.3-2] a repetition over a new connection of the Session is not delivered either', async () => {
  await using broker = await startTestBroker()
  using watcher = await watch(broker)
  for (const version of versions) {
    for (const dup of [false, true]) {
      using client = await broker.client(version, staying(version, `p${version}`))
      client.publish({ topicName: 'a', qos: 2, packetId, dup })
      assert.equal((await client.next('pubrec')).packetId, packetId)
    }
    await watcher.message()
    await watcher.quiet()
  }
})

test('[MQTT-4.3.3-10] a repetition does not use up the Receive Maximum', async () => {
  await using broker = await startTestBroker({ limits: { receiveMaximum: 2 } })
  using client = await broker.client(5)
  for (const dup of [false, true, true, true]) {
    client.publish({ topicName: 'a', qos: 2, packetId, dup })
    await client.next('pubrec')
  }
  client.publish({ topicName: 'a', qos: 2, packetId: packetId + 1 })
  await client.next('pubrec')
})

test('[MQTT-4.3.3-11] [MQTT3-4.3.3-2] PUBREL is answered by PUBCOMP with the same identifier', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version)
    for (const each of [packetId, packetId + 1]) {
      client.publish({ topicName: 'a', qos: 2, packetId: each })
      await client.next('pubrec')
    }
    for (const each of [packetId + 1, packetId]) {
      client.acknowledge('pubrel', each)
      assert.deepEqual(await client.next('pubcomp'), { type: 'pubcomp', packetId: each, reasonCode: 0, properties: {} })
    }
  }
})

test('[MQTT-4.3.3-12] [MQTT3-4.3.3-2] after PUBCOMP a PUBLISH with the identifier is a new message', async () => {
  await using broker = await startTestBroker()
  using watcher = await watch(broker)
  for (const version of versions) {
    using client = await broker.client(version)
    for (const text of ['1', '2']) {
      await sendWhole(client, text)
      assert.equal((await watcher.message()).text, text)
    }
  }
})

test('[MQTT-4.3.3-13] a QoS 2 message that has expired goes from PUBLISH to PUBCOMP all the same', async () => {
  await using broker = await startTestBroker()
  using away = await broker.client(5, staying(5, 's'))
  await away.subscribe('a')
  await away.leave()
  using client = await broker.client(5)
  for (const messageExpiryInterval of [0, 10]) {
    const message = { topicName: 'a', qos: 2, packetId, properties: { messageExpiryInterval } } as const
    client.publish(message)
    assert.equal((await client.next('pubrec')).reasonCode, 0)
    broker.advanceBy(20)
    client.publish({ ...message, dup: true })
    assert.equal((await client.next('pubrec')).reasonCode, 0)
    client.acknowledge('pubrel', packetId)
    assert.equal((await client.next('pubcomp')).reasonCode, 0)
  }
  using back = await broker.client(5, staying(5, 's'))
  await back.quiet()
})

test('[MQTT-4.3.2-4] [MQTT-4.3.2-5] our own client answers PUBACK, and takes what follows for a new message', () => {
  for (const version of versions) {
    const { server, texts } = receiving(version)
    for (const dup of [false, true]) {
      server.publish({ topicName: 'a', payload: Buffer.from('same'), qos: 1, packetId, dup })
      assert.deepEqual(server.takenNames(), [`puback ${packetId}`])
    }
    assert.deepEqual(texts, ['same', 'same'])
  }
})

test('[MQTT-4.3.3-10] [MQTT-4.3.3-12] our own client hands a QoS 2 message on once, and the next with its identifier again', () => {
  for (const version of versions) {
    const { server, texts } = receiving(version)
    for (const text of ['one', 'two']) {
      for (const dup of [false, true]) {
        server.publish({ topicName: 'a', payload: Buffer.from(text), qos: 2, packetId, dup })
        assert.deepEqual(server.takenNames(), [`pubrec ${packetId}`])
      }
      server.acknowledge('pubrel', packetId)
      assert.deepEqual(server.takenNames(), [`pubcomp ${packetId}`])
    }
    assert.deepEqual(texts, ['one', 'two'])
  }
})

/** A connected client of ours and the messages it has handed on. */
function receiving(version: 4 | 5): { server: ServerEnd; texts: string[] } {
  const texts: string[] = []
  const client = new MqttClient(clientSettings(version), { onMessage: ({ payload }) => texts.push(payload.toString()) })
  return { server: accept(client, version), texts }
}
