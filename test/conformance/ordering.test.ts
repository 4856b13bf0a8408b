/**
 * The order of messages and of what answers them: MQTT 5.0 and 3.1.1 section 4.6.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MqttClient } from '../../src/cli/client/mqtt-client.ts'
import { TroubledStore } from '../simulation/troubled-store.ts'
import { accept, clientSettings } from '../support/server-end.ts'
import { startTestBroker } from '../support/test-broker.ts'
import { staying, type WireClient } from '../support/wire-client.ts'

const versions: readonly (4 | 5)[] = [4, 5]

async function identifiers(client: WireClient, type: 'puback' | 'pubrec' | 'pubrel', count: number): Promise<number[]> {
  const found: number[] = []
  while (found.length < count) found.push((await client.next(type)).packetId)
  return found
}

/** Answers to messages of which some must wait for the store and others need not. */
async function checkAnswers(qos: 1 | 2, answer: 'puback' | 'pubrec'): Promise<void> {
  for (const version of versions) {
    const store = new TroubledStore()
    await using broker = await startTestBroker({ store })
    using subscriber = await broker.client(version, staying(version, `stays${version}`))
    await subscriber.subscribe('stored', { qos: 2 })
    using publisher = await broker.client(version)
    using _held = store.hold()
    for (const packetId of [7, 3, 5, 4]) {
      publisher.publish({ topicName: packetId === 7 || packetId === 5 ? 'stored' : 'nobody', qos, packetId })
      await publisher.quiet()
    }
    store.release()
    assert.deepEqual(await identifiers(publisher, answer, 4), [7, 3, 5, 4])
  }
}

test('[MQTT-4.6.0-2] [MQTT3-4.6.0-2] PUBACKs go in the order of their PUBLISHes, even if not all must wait', async () => {
  await checkAnswers(1, 'puback')
})

test('[MQTT-4.6.0-3] [MQTT3-4.6.0-3] PUBRECs go in the order of their PUBLISHes, even if not all must wait', async () => {
  await checkAnswers(2, 'pubrec')
})

test('[MQTT-4.6.0-4] [MQTT3-4.6.0-4] PUBRELs go in the order of their PUBRECs, even if not all must wait', async () => {
  for (const version of versions) {
    const store = new TroubledStore()
    await using broker = await startTestBroker({ store })
    using client = await broker.client(version, staying(version, `stays${version}`))
    await client.subscribe('a')
    for (let count = 0; count < 3; count++) await broker.broker.publish({ topicName: 'a', qos: 2 })
    for (let count = 0; count < 3; count++) await client.message()
    using _held = store.hold()
    // 9 is not known and needs no record; the second for 3 needs none either.
    for (const packetId of [3, 9, 1, 3, 2]) client.acknowledge('pubrec', packetId)
    await client.quiet()
    store.release()
    assert.deepEqual(await identifiers(client, 'pubrel', 5), [3, 9, 1, 3, 2])
  }
})

test('[MQTT-4.6.0-4] [MQTT3-4.6.0-4] PUBRELs that are sent again go in the order of their PUBRECs', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version, staying(version, `stays${version}`))
    await client.subscribe('a')
    for (let count = 0; count < 3; count++) await broker.broker.publish({ topicName: 'a', qos: 2 })
    for (let count = 0; count < 3; count++) await client.message()
    for (const packetId of [3, 1, 2]) client.acknowledge('pubrec', packetId)
    assert.deepEqual(await identifiers(client, 'pubrel', 3), [3, 1, 2])
    using again = await broker.client(version, staying(version, `stays${version}`))
    assert.deepEqual(await identifiers(again, 'pubrel', 3), [3, 1, 2])
  }
})

test('[MQTT-4.6.0-1] [MQTT3-4.6.0-1] [MQTT3-4.6.0-6] messages that are sent again go in their first order', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version, staying(version, `stays${version}`))
    await client.subscribe('a')
    const sent: string[] = []
    for (const [position, qos] of ([1, 2, 2, 1, 2, 1, 1] as const).entries()) {
      await broker.broker.publish({ topicName: 'a', payload: String(position), qos })
      const { packetId, text } = await client.message()
      sent.push(`${packetId} ${text}`)
    }
    client.acknowledge('puback', 4)
    await client.quiet()
    using again = await broker.client(version, staying(version, `stays${version}`))
    const found: string[] = []
    while (found.length < 6) {
      const { packetId, text } = await again.message()
      found.push(`${packetId} ${text}`)
    }
    assert.deepEqual(found, sent.toSpliced(3, 1))
  }
})

test('[MQTT-4.6.0-1] [MQTT3-4.6.0-1] our own client sends messages again in their first order', () => {
  for (const version of versions) {
    const client = new MqttClient(clientSettings(version))
    const first = accept(client, version)
    for (const qos of [2, 1, 1, 2, 1] as const) {
      void client.publish({ topicName: 'a', payload: Buffer.alloc(0), qos, retain: false, properties: {} })
    }
    first.acknowledge('puback', 3)
    first.destroy()
    const names = accept(client, version, true).takenNames()
    assert.deepEqual(names, ['publish 1', 'publish 2', 'publish 4', 'publish 5'])
  }
})

test('[MQTT-4.6.0-2] [MQTT3-4.6.0-2] our own client sends PUBACKs in the order of the PUBLISHes', () => {
  for (const version of versions) {
    const server = accept(new MqttClient(clientSettings(version)), version)
    for (const packetId of [5, 2, 9]) server.publish({ topicName: 'a', qos: 1, packetId, dup: packetId === 2 })
    assert.deepEqual(server.takenNames(), ['puback 5', 'puback 2', 'puback 9'])
  }
})

test('[MQTT-4.6.0-3] [MQTT3-4.6.0-3] our own client sends PUBRECs in the order of the PUBLISHes', () => {
  for (const version of versions) {
    const server = accept(new MqttClient(clientSettings(version)), version)
    for (const packetId of [5, 2, 9]) server.publish({ topicName: 'a', qos: 2, packetId, dup: packetId === 2 })
    assert.deepEqual(server.takenNames(), ['pubrec 5', 'pubrec 2', 'pubrec 9'])
  }
})

test('[MQTT-4.6.0-4] [MQTT3-4.6.0-4] our own client sends PUBRELs in the order of the PUBRECs', () => {
  for (const version of versions) {
    const client = new MqttClient(clientSettings(version))
    const server = accept(client, version)
    for (let count = 0; count < 3; count++) {
      void client.publish({ topicName: 'a', payload: Buffer.alloc(0), qos: 2, retain: false, properties: {} })
    }
    server.taken()
    for (const packetId of [3, 1, 2]) server.acknowledge('pubrec', packetId)
    assert.deepEqual(server.takenNames(), ['pubrel 3', 'pubrel 1', 'pubrel 2'])
    server.destroy()
    assert.deepEqual(accept(client, version, true).takenNames(), ['pubrel 3', 'pubrel 1', 'pubrel 2'])
  }
})
