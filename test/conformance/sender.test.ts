/**
 * The sender's side of QoS 0, 1 and 2: MQTT 5.0 and 3.1.1 section 4.3. Here the broker is the sender.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Qos } from '../../src/protocol/index.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import { staying, type WireClient } from '../support/wire-client.ts'

const versions: readonly (4 | 5)[] = [4, 5]

/** Publishes in the broker's process, as nobody's client. */
async function send(broker: TestBroker, count: number, qos: Qos): Promise<void> {
  for (let sent = 0; sent < count; sent++) await broker.broker.publish({ topicName: 'a', payload: 'm', qos })
}

async function identifiers(client: WireClient, count: number): Promise<number[]> {
  const packetIds: number[] = []
  while (packetIds.length < count) packetIds.push((await client.message()).packetId)
  return packetIds
}

/** What comes first after a reconnect, in words such as `publish 1 again`; then nothing. */
async function reconnect(broker: TestBroker, version: 4 | 5): Promise<string[]> {
  using client = await broker.client(version, staying(version, `stays${version}`))
  client.send({ type: 'pingreq' })
  const found: string[] = []
  for (;;) {
    const packet = await client.nextOf('publish', 'pubrel', 'pingresp')
    if (packet.type === 'pingresp') return found
    if (packet.type === 'publish') found.push(`publish ${packet.packetId}${packet.dup ? ' again' : ''}`)
    if (packet.type === 'pubrel') found.push(`pubrel ${packet.packetId}`)
  }
}

test('[MQTT-4.3.1-1] [MQTT3-4.3.1-1] QoS 0 leaves with DUP 0, whatever QoS and DUP the message came with', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version)
    await client.subscribe('a', { qos: 0 })
    using publisher = await broker.client(version)
    for (const qos of [0, 1, 2] as const) {
      publisher.publish({ topicName: 'a', qos, dup: qos > 0, packetId: qos })
      const message = await client.message()
      assert.deepEqual([message.qos, message.dup], [0, false])
    }
  }
})

test('[MQTT-4.3.2-1] [MQTT3-4.3.2-1] a QoS 1 message takes an identifier that no unacknowledged message has', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version)
    await client.subscribe('a')
    await send(broker, 3, 1)
    const [first = 0, second = 0, third = 0] = await identifiers(client, 3)
    client.acknowledge('puback', first)
    await client.quiet()
    await send(broker, 1, 1)
    const [fourth = 0] = await identifiers(client, 1)
    assert.equal(new Set([0, first, second, third]).size, 4)
    assert.ok(![0, second, third].includes(fourth))
  }
})

test('[MQTT-4.3.3-1] [MQTT3-4.3.3-1] a QoS 2 message takes an identifier that no message has before its PUBCOMP', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version)
    await client.subscribe('a')
    await send(broker, 3, 2)
    const [first = 0, second = 0, third = 0] = await identifiers(client, 3)
    for (const packetId of [first, third]) {
      client.acknowledge('pubrec', packetId)
      await client.next('pubrel')
    }
    client.acknowledge('pubcomp', first)
    await client.quiet()
    await send(broker, 1, 2)
    const [fourth = 0] = await identifiers(client, 1)
    assert.equal(new Set([0, first, second, third]).size, 4)
    assert.ok(![0, second, third].includes(fourth))
  }
})

test('[MQTT-4.3.2-2] [MQTT3-4.3.2-1] a QoS 1 message is first sent with DUP 0, however it came and however long it waited', async () => {
  for (const version of versions) assert.deepEqual(await firstSent(version, 1), [1, false, 1, false])
})

test('[MQTT-4.3.3-2] [MQTT3-4.3.3-1] a QoS 2 message is first sent with DUP 0, however it came and however long it waited', async () => {
  for (const version of versions) assert.deepEqual(await firstSent(version, 2), [2, false, 2, false])
})

/** QoS and DUP of a message sent to a client that is there, and to one that was away. Both came with DUP 1. */
async function firstSent(version: 4 | 5, qos: 1 | 2): Promise<unknown[]> {
  await using broker = await startTestBroker()
  using publisher = await broker.client(version)
  using client = await broker.client(version, staying(version, `stays${version}`))
  await client.subscribe('a')
  publisher.publish({ topicName: 'a', qos, dup: true, packetId: 1 })
  const prompt = await client.message()
  client.acknowledge(qos === 1 ? 'puback' : 'pubrec', prompt.packetId, 0x00)
  if (qos === 2) await client.next('pubrel')
  if (qos === 2) client.acknowledge('pubcomp', prompt.packetId)
  await client.leave()
  publisher.publish({ topicName: 'a', qos, dup: true, packetId: 2 })
  await publisher.next(qos === 1 ? 'puback' : 'pubrec')
  using again = await broker.client(version, staying(version, `stays${version}`))
  const late = await again.message()
  return [prompt.qos, prompt.dup, late.qos, late.dup]
}

test('[MQTT-4.3.2-3] [MQTT3-4.3.2-1] a QoS 1 message is unacknowledged until PUBACK: the next connection gets it again', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version, staying(version, `stays${version}`))
    await client.subscribe('a')
    await send(broker, 2, 1)
    assert.deepEqual(await identifiers(client, 2), [1, 2])
    client.acknowledge('puback', 1)
    await client.quiet()
    assert.deepEqual(await reconnect(broker, version), ['publish 2 again'])
  }
})

test('[MQTT-4.3.2-3] an unacknowledged QoS 1 message counts against Receive Maximum until its PUBACK', async () => {
  await using broker = await startTestBroker()
  using client = await broker.client(5, { properties: { receiveMaximum: 2 } })
  await client.subscribe('a')
  await send(broker, 4, 1)
  assert.deepEqual(await identifiers(client, 2), [1, 2])
  await client.quiet()
  client.acknowledge('puback', 2)
  assert.deepEqual(await identifiers(client, 1), [3])
  await client.quiet()
})

test('[MQTT-4.3.3-3] [MQTT3-4.3.3-1] a QoS 2 message is unacknowledged until PUBREC: the next connection gets it again', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version, staying(version, `stays${version}`))
    await client.subscribe('a')
    await send(broker, 1, 2)
    await client.message()
    assert.deepEqual(await reconnect(broker, version), ['publish 1 again'])
    assert.deepEqual(await reconnect(broker, version), ['publish 1 again'])
  }
})

test('[MQTT-4.3.3-4] [MQTT3-4.3.3-1] PUBREC is answered by PUBREL with the same identifier', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version)
    await client.subscribe('a')
    await send(broker, 2, 2)
    const [first = 0, second = 0] = await identifiers(client, 2)
    client.acknowledge('pubrec', second)
    assert.equal((await client.next('pubrel')).packetId, second)
    client.acknowledge('pubrec', first, 0x10)
    assert.equal((await client.next('pubrel')).packetId, first)
  }
})

test('[MQTT-4.3.3-4] a PUBREC at or above 0x80 is not answered by PUBREL', async () => {
  await using broker = await startTestBroker()
  using client = await broker.client(5)
  await client.subscribe('a')
  await send(broker, 1, 2)
  client.acknowledge('pubrec', (await client.message()).packetId, 0x80)
  await client.quiet()
})

test('[MQTT-4.3.3-5] [MQTT3-4.3.3-1] PUBREL is unacknowledged until PUBCOMP: the next connection gets it again', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version, staying(version, `stays${version}`))
    await client.subscribe('a')
    await send(broker, 2, 2)
    for (const packetId of await identifiers(client, 2)) {
      client.acknowledge('pubrec', packetId)
      await client.next('pubrel')
    }
    client.acknowledge('pubcomp', 1)
    await client.quiet()
    const found = await reconnect(broker, version)
    assert.ok(found.includes('pubrel 2'))
    assert.ok(!found.includes('pubrel 1'))
  }
})

test('[MQTT-4.3.3-6] [MQTT3-4.3.3-1] a PUBLISH is not sent again once its PUBREL was sent', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version, staying(version, `stays${version}`))
    await client.subscribe('a')
    await send(broker, 1, 2)
    client.acknowledge('pubrec', (await client.message()).packetId)
    await client.next('pubrel')
    assert.deepEqual(await reconnect(broker, version), ['pubrel 1'])
  }
})

test('[MQTT-4.3.3-7] a QoS 2 message that was sent is sent again though its expiry has passed since', async () => {
  await using broker = await startTestBroker()
  using client = await broker.client(5, staying(5, 'stays5'))
  await client.subscribe('a')
  const expiring = { topicName: 'a', qos: 2, properties: { messageExpiryInterval: 10 } } as const
  await broker.broker.publish(expiring)
  await client.message()
  broker.advanceBy(20)
  assert.deepEqual(await reconnect(broker, 5), ['publish 1 again'])
})

test('[MQTT-4.3.3-7] a QoS 2 message goes through PUBREL to PUBCOMP though its expiry has passed since', async () => {
  await using broker = await startTestBroker()
  using client = await broker.client(5, staying(5, 'stays5'))
  await client.subscribe('a')
  await broker.broker.publish({ topicName: 'a', qos: 2, properties: { messageExpiryInterval: 10 } })
  const { packetId } = await client.message()
  broker.advanceBy(20)
  client.acknowledge('pubrec', packetId)
  assert.deepEqual(await client.next('pubrel'), { type: 'pubrel', packetId, reasonCode: 0, properties: {} })
  assert.deepEqual(await reconnect(broker, 5), ['pubrel 1'])
})
