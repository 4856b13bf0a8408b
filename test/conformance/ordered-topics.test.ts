/**
 * Ordered Topics: messages of one client reach each subscriber as they came. MQTT 5.0 and 3.1.1 section 4.6.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Qos } from '../../src/protocol/index.ts'
import { TroubledStore } from '../simulation/troubled-store.ts'
import { startTestBroker } from '../support/test-broker.ts'
import type { ConnectFields, WireClient } from '../support/wire-client.ts'

const versions: readonly (4 | 5)[] = [4, 5]

/** A client whose Session survives its Network Connection. */
function staying(version: 4 | 5, receiveMaximum = 65_535): ConnectFields {
  const properties = version === 5 ? { sessionExpiryInterval: 1000, receiveMaximum } : {}
  return { clientIdentifier: `stays${version}`, cleanStart: false, properties }
}

function send(client: WireClient, number: number, qos: Qos): void {
  client.publish({ topicName: 'a', payload: Buffer.from(String(number)), qos, packetId: qos === 0 ? 0 : number })
}

/** Counts up to `count`. */
function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, position) => String(position + 1))
}

/** Takes messages and acknowledges each before it waits for the next. */
async function receive(client: WireClient, count: number): Promise<string[]> {
  const texts: string[] = []
  while (texts.length < count) {
    const packet = await client.nextOf('publish', 'pubrel')
    if (packet.type === 'pubrel') client.acknowledge('pubcomp', packet.packetId)
    if (packet.type !== 'publish') continue
    texts.push(packet.payload.toString())
    if (packet.qos > 0) client.acknowledge(packet.qos === 1 ? 'puback' : 'pubrec', packet.packetId)
  }
  return texts
}

test('[MQTT-4.6.0-5] [MQTT3-4.6.0-6] messages of one client arrive as they were sent, at each QoS', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    for (const qos of [0, 1, 2] as const) {
      using subscriber = await broker.client(version, version === 5 ? { properties: { receiveMaximum: 3 } } : {})
      await subscriber.subscribe('a')
      using publisher = await broker.client(version)
      for (let number = 1; number <= 40; number++) send(publisher, number, qos)
      assert.deepEqual(await receive(subscriber, 40), numbers(40), `QoS ${qos}`)
    }
  }
})

test('[MQTT-4.6.0-5] [MQTT3-4.6.0-6] messages that waited for a client arrive as they were sent, before later ones', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using before = await broker.client(version, staying(version))
    await before.subscribe('a')
    await before.leave()
    using publisher = await broker.client(4)
    for (let number = 1; number <= 3000; number++) send(publisher, number, 1)
    for (let number = 1; number <= 3000; number++) await publisher.next('puback')
    using subscriber = await broker.client(version, staying(version, 10))
    for (let number = 3001; number <= 3100; number++) send(publisher, number, 1)
    assert.deepEqual(await receive(subscriber, 3100), numbers(3100))
  }
})

test('[MQTT-4.6.0-5] [MQTT3-4.6.0-6] a message whose permission is still being asked for is not overtaken', async () => {
  let asked = 0
  const later = () => new Promise<boolean>((resolve) => setImmediate(() => resolve(true)))
  const authorize = () => {
    asked += 1
    return asked === 1 ? later() : true
  }
  for (const version of versions) {
    await using broker = await startTestBroker({
      authorize: (request) => request.action === 'subscribe' || authorize(),
    })
    using subscriber = await broker.client(version)
    await subscriber.subscribe('a')
    using publisher = await broker.client(version)
    asked = 0
    for (let number = 1; number <= 3; number++) send(publisher, number, 1)
    assert.deepEqual(await receive(subscriber, 3), numbers(3))
  }
})

test('[MQTT-4.6.0-6] [MQTT3-4.6.0-5] every Topic Name is ordered on every Subscription, whatever else comes', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using subscriber = await broker.client(version)
    for (const topicFilter of ['a', '#', 'b/+']) await subscriber.subscribe(topicFilter)
    using publisher = await broker.client(version)
    const expected = new Map<string, string[]>()
    for (let number = 1; number <= 60; number++) {
      const topicName = ['a', 'b/1', 'c'][number % 3] ?? ''
      const qos = ([0, 1, 2] as const)[(number >> 2) % 3] ?? 0
      publisher.publish({ topicName, payload: Buffer.from(String(number)), qos, packetId: qos === 0 ? 0 : number })
      expected.set(`${topicName} ${qos}`, [...(expected.get(`${topicName} ${qos}`) ?? []), String(number)])
    }
    const found = new Map<string, string[]>()
    for (let count = 0; count < 60; count++) {
      const { topicName, qos, text } = await subscriber.message()
      found.set(`${topicName} ${qos}`, [...(found.get(`${topicName} ${qos}`) ?? []), text])
    }
    assert.deepEqual([...found].toSorted(), [...expected].toSorted())
  }
})

test('[MQTT-4.6.0-5] [MQTT-4.6.0-6] [MQTT3-4.6.0-6] what is sent to a client that comes back is not overtaken', async () => {
  for (const version of versions) {
    const store = new TroubledStore()
    await using broker = await startTestBroker({ store })
    using first = await broker.client(version, staying(version))
    await first.subscribe('a')
    using publisher = await broker.client(version)
    send(publisher, 1, 1)
    await first.message()
    using second = await broker.open(version)
    using _held = store.hold()
    const connected = second.connect(staying(version))
    await publisher.next('puback')
    await publisher.quiet()
    send(publisher, 2, 1)
    await publisher.quiet()
    store.releaseOne()
    await connected
    send(publisher, 3, 1)
    await publisher.quiet()
    store.release()
    assert.deepEqual(await receive(second, 3), numbers(3))
  }
})

test('[MQTT-4.6.0-5] [MQTT-4.6.0-6] [MQTT3-4.6.0-6] a Retained Message on its way to a new Subscription is not overtaken', async () => {
  for (const version of versions) {
    for (const qos of [0, 1, 2] as const) {
      const store = new TroubledStore()
      await using broker = await startTestBroker({ store })
      using publisher = await broker.client(version)
      publisher.publish({ topicName: 'a', payload: Buffer.from('1'), qos, retain: true, packetId: qos === 0 ? 0 : 1 })
      if (qos > 0) await publisher.next(qos === 1 ? 'puback' : 'pubrec')
      else await publisher.quiet()
      using subscriber = await broker.client(version, staying(version))
      using _held = store.hold()
      const subscribed = subscriber.subscribe('a')
      await publisher.quiet()
      send(publisher, 2, qos)
      await publisher.quiet()
      store.release()
      await subscribed
      assert.deepEqual(await receive(subscriber, 2), numbers(2), `QoS ${qos}`)
    }
  }
})
