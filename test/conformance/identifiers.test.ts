/**
 * Packet Identifiers: MQTT 5.0 section 2.2.1, MQTT 3.1.1 section 2.3.1.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MqttClient } from '../../src/cli/client/mqtt-client.ts'
import { accept, clientSettings } from '../support/server-end.ts'
import { startTestBroker } from '../support/test-broker.ts'

const versions: readonly (4 | 5)[] = [4, 5]
const payload = Buffer.from('m')
const request = { topicFilter: 'a', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const

test('[MQTT-2.2.1-2] [MQTT3-2.3.1-5] a QoS 0 PUBLISH to a client has no Packet Identifier', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version)
    await client.subscribe('a')
    await broker.broker.publish({ topicName: 'a', payload: 'm', qos: 0 })
    const { qos, text } = await client.message()
    assert.deepEqual({ qos, text }, { qos: 0, text: 'm' })
    await client.quiet()
  }
})

test('[MQTT-2.2.1-2] [MQTT3-2.3.1-5] no Packet Identifier is read from a QoS 0 PUBLISH', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    const received = Promise.withResolvers<Buffer>()
    const subscription = await broker.broker.subscribe('a', {}, (message) => received.resolve(message.payload))
    using client = await broker.client(version)
    client.sendBytes(version === 4 ? '30 05 0001 61 0007' : '30 06 0001 61 00 0007')
    await client.quiet()
    assert.equal((await received.promise).toString('hex'), '0007')
    await subscription.unsubscribe()
  }
})

test('[MQTT-2.2.1-3] [MQTT3-2.3.1-1] Packet Identifier 0 is refused in PUBLISH, SUBSCRIBE and UNSUBSCRIBE', async () => {
  await using broker = await startTestBroker()
  const packets = {
    4: ['32 05 0001 61 0000', '34 05 0001 61 0000', '82 06 0000 0001 61 00', 'a2 05 0000 0001 61'],
    5: ['32 06 0001 61 0000 00', '34 06 0001 61 0000 00', '82 07 0000 00 0001 61 00', 'a2 06 0000 00 0001 61'],
  }
  for (const version of versions) {
    for (const bytes of packets[version]) {
      using client = await broker.client(version)
      client.sendBytes(bytes)
      await client.refused(0x82)
    }
  }
})

test('[MQTT-2.2.1-3] [MQTT3-2.3.1-1] Packet Identifiers 1 and 65,535 are accepted', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version)
    for (const packetId of [1, 65_535]) {
      client.publish({ topicName: 'a', qos: 1, packetId })
      assert.equal((await client.next('puback')).packetId, packetId)
      client.publish({ topicName: 'a', qos: 2, packetId })
      assert.equal((await client.next('pubrec')).packetId, packetId)
      client.send({ type: 'subscribe', packetId, subscriptions: [request], properties: {} })
      assert.deepEqual((await client.next('suback')).reasonCodes, [1])
      client.send({ type: 'unsubscribe', packetId, topicFilters: ['a'], properties: {} })
      assert.equal((await client.next('unsuback')).packetId, packetId)
    }
  }
})

test('[MQTT-2.2.1-3] [MQTT3-2.3.1-2] our own client gives no new packet an identifier that is in use', () => {
  for (const version of versions) {
    const client = new MqttClient(clientSettings(version))
    const server = accept(client, version)
    const message = { topicName: 'a', payload, qos: 1, retain: false, properties: {} } as const
    const sendEach = () => {
      void client.publish(message)
      void client.publish({ ...message, qos: 2 })
      client.subscribe([request])
      client.unsubscribe(['a'])
      return server.takenNames()
    }
    assert.deepEqual(sendEach(), ['publish 1', 'publish 2', 'subscribe 3', 'unsubscribe 4'])
    for (let packetId = 5; packetId <= 65_535; packetId++) {
      void client.publish(message)
      server.acknowledge('puback', packetId)
    }
    assert.equal(server.taken().length, 65_531)
    assert.deepEqual(sendEach(), ['publish 5', 'publish 6', 'subscribe 7', 'unsubscribe 8'])
  }
})

test('[MQTT3-2.3.1-3] our own client sends again what is not acknowledged under its old identifier', () => {
  const client = new MqttClient(clientSettings(4))
  const first = accept(client, 4)
  for (const qos of [1, 2, 2] as const)
    void client.publish({ topicName: 'a', payload, qos, retain: false, properties: {} })
  first.acknowledge('pubrec', 3)
  assert.deepEqual(first.takenNames(), ['publish 1', 'publish 2', 'publish 3', 'pubrel 3'])
  first.destroy()
  const second = accept(client, 4, true)
  assert.deepEqual(second.takenNames(), ['publish 1', 'publish 2', 'pubrel 3'])
})

test('[MQTT3-2.3.1-3] the identifier of a message is free for another once PUBACK or PUBCOMP has been sent', async () => {
  await using broker = await startTestBroker()
  using client = await broker.client(4)
  using watcher = await broker.client(4)
  await watcher.subscribe('a', { qos: 0 })
  for (const text of ['first', 'second']) {
    client.publish({ topicName: 'a', payload: Buffer.from(text), qos: 1, packetId: 7 })
    await client.next('puback')
    assert.equal((await watcher.message()).text, text)
    client.publish({ topicName: 'a', payload: Buffer.from(text), qos: 2, packetId: 7 })
    await client.next('pubrec')
    assert.equal((await watcher.message()).text, text)
    client.acknowledge('pubrel', 7)
    await client.next('pubcomp')
  }
})

test('[MQTT-2.2.1-4] [MQTT3-2.3.1-4] what a client is sent takes the one identifier that is not in use', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version)
    await client.subscribe('a', { qos: 1 })
    for (let count = 0; count < 65_535; count++) void broker.broker.publish({ topicName: 'a', payload: 'm' })
    const used = new Set<number>()
    for (let count = 0; count < 65_535; count++) used.add((await client.next('publish')).packetId)
    assert.deepEqual([used.size, used.has(0)], [65_535, false])
    client.acknowledge('puback', 700)
    void broker.broker.publish({ topicName: 'a', payload: 'm' })
    assert.equal((await client.message()).packetId, 700)
  }
})

test('[MQTT-2.2.1-5] [MQTT3-2.3.1-6] every acknowledgement repeats the identifier of its PUBLISH', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version)
    await client.subscribe('mine')
    for (const packetId of [0x0201, 0x0102]) {
      client.publish({ topicName: 'a', qos: 1, packetId })
      assert.equal((await client.next('puback')).packetId, packetId)
      client.publish({ topicName: 'a', qos: 2, packetId })
      assert.equal((await client.next('pubrec')).packetId, packetId)
      client.acknowledge('pubrel', packetId)
      assert.equal((await client.next('pubcomp')).packetId, packetId)
    }
    for (let count = 0; count < 2; count++) await broker.broker.publish({ topicName: 'mine', payload, qos: 2 })
    const sent = [(await client.message()).packetId, (await client.message()).packetId]
    for (const packetId of sent.reverse()) {
      client.acknowledge('pubrec', packetId)
      assert.equal((await client.next('pubrel')).packetId, packetId)
      client.acknowledge('pubcomp', packetId)
    }
  }
})

test('[MQTT-2.2.1-5] a refused PUBLISH is answered under its own identifier', async () => {
  await using broker = await startTestBroker({ authorize: () => false })
  using client = await broker.client(5)
  client.publish({ topicName: 'a', qos: 1, packetId: 0x0201 })
  client.publish({ topicName: 'a', qos: 2, packetId: 0x0102 })
  assert.equal((await client.next('puback')).packetId, 0x0201)
  assert.equal((await client.next('pubrec')).packetId, 0x0102)
})

test('[MQTT-2.2.1-6] [MQTT3-2.3.1-7] SUBACK and UNSUBACK repeat the identifier of the request', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version)
    for (const packetId of [0x0201, 0x0102]) {
      client.send({ type: 'subscribe', packetId, subscriptions: [request], properties: {} })
      assert.equal((await client.next('suback')).packetId, packetId)
      client.send({ type: 'unsubscribe', packetId, topicFilters: ['a'], properties: {} })
      assert.equal((await client.next('unsuback')).packetId, packetId)
    }
  }
})
