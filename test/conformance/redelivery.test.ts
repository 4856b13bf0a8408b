/**
 * What the Session keeps and what is sent again: MQTT 5.0 and 3.1.1 sections 4.4 and 4.5.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MqttClient } from '../../src/cli/client/mqtt-client.ts'
import type { ControlPacket } from '../../src/protocol/index.ts'
import { accept, clientSettings } from '../support/server-end.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import { staying, type WireClient } from '../support/wire-client.ts'

const versions: readonly (4 | 5)[] = [4, 5]
const message = { topicName: 'a', payload: Buffer.from('m'), qos: 1, retain: false, properties: {} } as const

/** Such as `publish 1 again`. */
function nameOf(packet: ControlPacket): string {
  if (packet.type === 'publish') return `publish ${packet.packetId}${packet.dup ? ' again' : ''}`
  return 'packetId' in packet ? `${packet.type} ${packet.packetId}` : packet.type
}

async function names(client: WireClient, count: number): Promise<string[]> {
  const found: string[] = []
  while (found.length < count) found.push(nameOf(await client.nextOf('publish', 'pubrel')))
  await client.quiet()
  return found
}

/** A client that has three messages in flight: 1 at QoS 1, 2 at QoS 2 before PUBREC, 3 at QoS 2 after PUBREL. */
async function withThreeInFlight(broker: TestBroker, version: 4 | 5): Promise<WireClient> {
  const client = await broker.client(version, staying(version, `c${version}`))
  await client.subscribe('a')
  for (const qos of [1, 2, 2] as const) await broker.broker.publish({ topicName: 'a', qos })
  assert.deepEqual(await names(client, 3), ['publish 1', 'publish 2', 'publish 3'])
  client.acknowledge('pubrec', 3)
  assert.deepEqual(await names(client, 1), ['pubrel 3'])
  return client
}

test('[MQTT-4.4.0-1] [MQTT3-4.4.0-1] a client that comes back gets what is unacknowledged under its identifiers', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using first = await withThreeInFlight(broker, version)
    await first.leave()
    using second = await broker.client(version, staying(version, `c${version}`))
    assert.deepEqual(await names(second, 3), ['publish 1 again', 'publish 2 again', 'pubrel 3'])
    second.acknowledge('puback', 1)
    second.acknowledge('pubcomp', 3)
    await second.quiet()
    using third = await broker.client(version, staying(version, `c${version}`))
    assert.deepEqual(await names(third, 1), ['publish 2 again'])
  }
})

test('[MQTT-4.4.0-1] nothing is sent again while the connection lasts', async () => {
  await using broker = await startTestBroker()
  using client = await withThreeInFlight(broker, 5)
  broker.advanceBy(3600)
  await client.quiet()
  client.acknowledge('puback', 1)
  await client.quiet()
  client.acknowledge('pubcomp', 3)
  await client.quiet()
})

test('[MQTT-4.4.0-1] [MQTT3-4.4.0-1] nothing is sent again to a client that starts afresh', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using first = await withThreeInFlight(broker, version)
    await first.leave()
    using second = await broker.client(version, { ...staying(version, `c${version}`), cleanStart: true })
    await second.quiet()
  }
})

test('[MQTT-4.4.0-1] [MQTT3-4.4.0-1] our own client sends PUBLISH and PUBREL again if the server has its Session', () => {
  for (const version of versions) {
    const client = new MqttClient(clientSettings(version))
    const first = accept(client, version)
    for (const qos of [1, 2, 2] as const) void client.publish({ ...message, qos })
    first.acknowledge('pubrec', 3)
    assert.deepEqual(first.taken().map(nameOf), ['publish 1', 'publish 2', 'publish 3', 'pubrel 3'])
    first.destroy()
    const second = accept(client, version, true)
    assert.deepEqual(second.taken().map(nameOf), ['publish 1 again', 'publish 2 again', 'pubrel 3'])
    second.acknowledge('puback', 1)
    assert.deepEqual(second.taken(), [])
  }
})

test('[MQTT-4.4.0-1] [MQTT3-4.4.0-1] our own client sends messages as new ones, and no PUBREL, if its Session is gone', () => {
  for (const version of versions) {
    const client = new MqttClient(clientSettings(version))
    const first = accept(client, version)
    for (const qos of [1, 2, 2] as const) void client.publish({ ...message, qos })
    first.acknowledge('pubrec', 3)
    first.destroy()
    const second = accept(client, version, false)
    assert.deepEqual(second.taken().map(nameOf), ['publish 1', 'publish 2'])
  }
})

test('[MQTT-4.4.0-2] a PUBACK or PUBREC at or above 0x80 ends a message: it is not sent again', async () => {
  await using broker = await startTestBroker()
  for (const reasonCode of [0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]) {
    using client = await broker.client(5, staying(5, `c${reasonCode}`))
    await client.subscribe('a')
    for (const qos of [1, 2] as const) await broker.broker.publish({ topicName: 'a', qos })
    const [first, second] = [await client.message(), await client.message()]
    assert.deepEqual([first.qos, second.qos], [1, 2])
    client.acknowledge('puback', first.packetId, reasonCode)
    client.acknowledge('pubrec', second.packetId, reasonCode)
    await client.quiet()
    await client.leave()
    using again = await broker.client(5, staying(5, `c${reasonCode}`))
    await again.quiet()
  }
})

test('[MQTT-4.4.0-2] our own client does not send again what was refused', async () => {
  const client = new MqttClient(clientSettings(5))
  const first = accept(client, 5)
  const outcomes = [client.publish(message), client.publish({ ...message, qos: 2 })]
  first.acknowledge('puback', 1, 0x97)
  first.acknowledge('pubrec', 2, 0x80)
  assert.deepEqual(
    (await Promise.all(outcomes)).map((outcome) => outcome.reasonCode),
    [0x97, 0x80],
  )
  first.destroy()
  assert.deepEqual(accept(client, 5, true).taken(), [])
})

test('[MQTT-4.5.0-1] [MQTT3-4.5.0-1] a message is kept for every client with a matching Subscription, there or away', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    const filters = ['a/b', 'a/+', '#', 'b']
    for (const topicFilter of filters) {
      for (const state of ['there', 'away']) {
        const client = await broker.client(version, staying(version, `${topicFilter}${state}${version}`))
        await client.subscribe(topicFilter, { qos: 1 })
        if (state === 'away') await client.leave()
      }
    }
    using publisher = await broker.client(version)
    publisher.publish({ topicName: 'a/b', payload: Buffer.from('m'), qos: 1, packetId: 1 })
    await publisher.next('puback')
    for (const topicFilter of filters) {
      for (const state of ['there', 'away']) {
        using client = await broker.client(version, staying(version, `${topicFilter}${state}${version}`))
        if (topicFilter !== 'b') {
          const { text, packetId } = await client.message()
          assert.equal(text, 'm')
          client.acknowledge('puback', packetId)
        }
        await client.quiet()
      }
    }
  }
})

test('[MQTT-4.5.0-2] [MQTT3-4.5.0-2] our own client acknowledges messages that nobody listens for', () => {
  for (const version of versions) {
    const server = accept(new MqttClient(clientSettings(version)), version)
    server.publish({ topicName: 'unwanted', qos: 0 })
    assert.deepEqual(server.takenNames(), [])
    server.publish({ topicName: 'unwanted', qos: 1, packetId: 5 })
    assert.deepEqual(server.takenNames(), ['puback 5'])
    server.publish({ topicName: 'unwanted', qos: 2, packetId: 6 })
    assert.deepEqual(server.takenNames(), ['pubrec 6'])
    server.acknowledge('pubrel', 6)
    assert.deepEqual(server.takenNames(), ['pubcomp 6'])
  }
})
