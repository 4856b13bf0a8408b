/**
 * Receive Maximum in both directions: MQTT 5.0 sections 3.3.4 and 4.9.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MqttClient } from '../../src/cli/client/mqtt-client.ts'
import { accept, clientSettings } from '../support/server-end.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import type { WireClient } from '../support/wire-client.ts'

const nothing: readonly string[] = []

function message(text: string, qos: 1 | 2) {
  return { topicName: 'a', payload: Buffer.from(text), qos, retain: false, properties: {} }
}

async function publishAll(broker: TestBroker, qos: 0 | 1 | 2, payloads: readonly string[]): Promise<void> {
  for (const payload of payloads) await broker.broker.publish({ topicName: 'a', payload, qos })
}

/** What comes before the answer to a PINGREQ. */
async function arrived(client: WireClient): Promise<string[]> {
  const found: string[] = []
  client.send({ type: 'pingreq' })
  for (;;) {
    const packet = await client.nextOf('publish', 'pingresp')
    if (packet.type !== 'publish') return found
    found.push(packet.payload.toString())
  }
}

test('[MQTT-3.3.4-7] a client may have as many unacknowledged messages as CONNACK says, and not one more', async () => {
  await using broker = await startTestBroker({ limits: { receiveMaximum: 3 } })
  using client = await broker.open(5)
  assert.equal((await client.connect()).properties.receiveMaximum, 3)
  for (const packetId of [1, 2, 3]) client.publish({ topicName: 'x', qos: 2, packetId })
  for (const packetId of [1, 2, 3]) assert.equal((await client.next('pubrec')).packetId, packetId)
  client.acknowledge('pubrel', 1)
  await client.next('pubcomp')
  client.publish({ topicName: 'x', qos: 1, packetId: 4 })
  await client.next('puback')
  client.publish({ topicName: 'x', qos: 2, packetId: 5 })
  assert.equal((await client.next('pubrec')).packetId, 5)
  client.publish({ topicName: 'x', qos: 1, packetId: 6 })
  await client.refused(0x93)
})

test('[MQTT-3.3.4-7] our client keeps to the Receive Maximum of its server, after a reconnection too', async () => {
  const client = new MqttClient(clientSettings(5))
  const first = accept(client, 5, false, { receiveMaximum: 3 })
  const outcomes = ['1', '2', '3', '4'].map((text) => client.publish(message(text, 1)))
  assert.deepEqual(first.takenNames(), ['publish 1', 'publish 2', 'publish 3'])
  first.destroy()
  const second = accept(client, 5, true, { receiveMaximum: 1 })
  for (const packetId of [1, 2, 3, 4]) {
    const sent = second
      .taken()
      .map((packet) => (packet.type === 'publish' ? [packet.packetId, packet.dup] : packet.type))
    assert.deepEqual(sent, [[packetId, packetId < 4]])
    second.acknowledge('puback', packetId)
  }
  assert.deepEqual(
    (await Promise.all(outcomes)).map(({ reasonCode }) => reasonCode),
    [0, 0, 0, 0],
  )
})

test('[MQTT-3.3.4-8] our client holds only PUBLISH back when the Receive Maximum of its server is reached', async () => {
  const client = new MqttClient(clientSettings(5))
  const server = accept(client, 5, false, { receiveMaximum: 1 })
  const outcomes = ['1', '2'].map((text) => client.publish(message(text, 2)))
  assert.deepEqual(server.takenNames(), ['publish 1'])
  const options = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
  const subscribed = client.subscribe([{ topicFilter: 'b', ...options }])
  const [request] = server.taken()
  assert.ok(request?.type === 'subscribe')
  server.send({ type: 'suback', packetId: request.packetId, reasonCodes: [1], properties: {} })
  await subscribed
  server.publish({ topicName: 'b', qos: 1, packetId: 9 })
  server.acknowledge('pubrec', 1)
  assert.deepEqual(server.takenNames(), ['puback 9', 'pubrel 1'])
  server.acknowledge('pubcomp', 1)
  assert.deepEqual(server.takenNames(), ['publish 2'])
  server.acknowledge('pubrec', 2, 0x80)
  await Promise.all(outcomes)
})

test('[MQTT-3.3.4-9] [MQTT-4.9.0-2] no more messages are unacknowledged than the client allows', async () => {
  await using broker = await startTestBroker()
  using client = await broker.client(5, { properties: { receiveMaximum: 2 } })
  await client.subscribe('a')
  await publishAll(broker, 1, ['1', '2', '3'])
  await publishAll(broker, 2, ['4', '5'])
  const [one, two] = [await client.message(), await client.message()]
  assert.deepEqual([one.text, two.text, await arrived(client)], ['1', '2', nothing])
  client.acknowledge('puback', two.packetId)
  const three = await client.message()
  assert.deepEqual([three.text, await arrived(client)], ['3', nothing])
  client.acknowledge('puback', three.packetId)
  const four = await client.message()
  client.acknowledge('pubrec', four.packetId)
  await client.next('pubrel')
  assert.deepEqual([four.text, await arrived(client)], ['4', nothing], 'PUBREC does not open the window')
  client.acknowledge('pubcomp', four.packetId)
  const five = await client.message()
  assert.equal(five.text, '5')
  await publishAll(broker, 2, ['6', '7'])
  assert.deepEqual(await arrived(client), nothing)
  client.acknowledge('pubrec', five.packetId, 0x80)
  assert.equal((await client.message()).text, '6', 'PUBREC with an error does')
  assert.deepEqual(await arrived(client), nothing)
})

test('[MQTT-3.3.4-9] what is sent again to a client that comes back keeps to its new Receive Maximum', async () => {
  await using broker = await startTestBroker()
  const connect = (receiveMaximum: number) => {
    const properties = { sessionExpiryInterval: 100, receiveMaximum }
    return broker.client(5, { clientIdentifier: 'c', cleanStart: false, properties })
  }
  using first = await connect(3)
  await first.subscribe('a')
  await publishAll(broker, 1, ['1', '2', '3', '4'])
  assert.deepEqual(await arrived(first), ['1', '2', '3'])
  using second = await connect(1)
  for (const text of ['1', '2', '3', '4']) {
    const message = await second.message()
    assert.deepEqual([message.text, await arrived(second)], [text, nothing])
    second.acknowledge('puback', message.packetId)
  }
})

test('[MQTT-4.9.0-1] sending begins with as many messages as the Receive Maximum, and with 65,535 if there is none', async () => {
  await using broker = await startTestBroker()
  for (const receiveMaximum of [1, 2, 3]) {
    using client = await broker.client(5, { properties: { receiveMaximum } })
    await client.subscribe('a')
    await publishAll(broker, 1, ['1', '2', '3', '4'])
    assert.deepEqual(await arrived(client), ['1', '2', '3', '4'].slice(0, receiveMaximum))
  }
  using unlimited = await broker.client(5)
  await unlimited.subscribe('a')
  const payloads = Array.from({ length: 300 }, (_, number) => String(number))
  await publishAll(broker, 1, payloads)
  assert.deepEqual(await arrived(unlimited), payloads)
  using zero = await broker.open(5)
  zero.sendBytes('10 10 0004 4d515454 05 02 0000 03 210000 0000')
  assert.equal((await zero.next('connack')).reasonCode, 0x82)
})

test('[MQTT-3.3.4-10] [MQTT-4.9.0-3] at the Receive Maximum everything but PUBLISH is taken and answered as ever', async () => {
  await using broker = await startTestBroker()
  using client = await broker.client(5, { properties: { receiveMaximum: 1 } })
  await client.subscribe('a')
  await publishAll(broker, 2, ['1', '2'])
  const one = await client.message()
  await client.quiet()
  assert.equal(await client.subscribe('b'), 2)
  await client.unsubscribe('b')
  client.publish({ topicName: 'x', qos: 1, packetId: 4 })
  assert.equal((await client.next('puback')).packetId, 4)
  client.publish({ topicName: 'x', qos: 2, packetId: 5 })
  assert.equal((await client.next('pubrec')).packetId, 5)
  client.acknowledge('pubrel', 5)
  assert.equal((await client.next('pubcomp')).packetId, 5)
  await publishAll(broker, 0, ['at QoS 0'])
  assert.deepEqual(await arrived(client), ['at QoS 0'])
  client.acknowledge('pubrec', one.packetId)
  assert.equal((await client.next('pubrel')).packetId, one.packetId)
  client.acknowledge('pubcomp', one.packetId)
  assert.equal((await client.message()).text, '2')
  await client.leave()
})
