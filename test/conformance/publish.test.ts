/**
 * PUBLISH, its flags, Topic Name and answers: MQTT 5.0 and 3.1.1 section 3.3.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import type { WireClient } from '../support/wire-client.ts'

const versions: readonly (4 | 5)[] = [4, 5]

/** 5.0 is told the Reason Code; either is closed, for that statement, and nothing of it is passed on. */
async function expectRefused(broker: TestBroker, bytes: string, reasonCode: number, statement: string): Promise<void> {
  const version = statement.startsWith('MQTT3') ? 4 : 5
  using watcher = await broker.client(5)
  await watcher.subscribe('#')
  const clientIdentifier = `${statement} ${bytes}`
  using client = await broker.client(version, { clientIdentifier })
  const closed = new Promise<string>((resolve) => {
    broker.broker.on('disconnected', function onDisconnected(event) {
      if (event.clientIdentifier !== clientIdentifier) return
      broker.broker.off('disconnected', onDisconnected)
      resolve(event.reason)
    })
  })
  client.sendBytes(bytes)
  await client.refused(reasonCode)
  assert.ok((await closed).endsWith(`[${statement}]`), await closed)
  await watcher.quiet()
}

/** PUBLISH at QoS 0 to these bytes, without payload. */
function publishTo(name: Buffer, version: 4 | 5): string {
  const size = name.length.toString(16).padStart(4, '0')
  const body = `${size}${name.toString('hex')}${version === 5 ? '00' : ''}`
  return `30${(body.length / 2).toString(16).padStart(2, '0')}${body}`
}

test('[MQTT-3.3.1-1] [MQTT3-3.3.1-1] a PUBLISH that is sent again has DUP 1', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    const properties = version === 5 ? { sessionExpiryInterval: 100 } : {}
    const fields = { clientIdentifier: `c${version}`, cleanStart: false, properties }
    using first = await broker.client(version, fields)
    await first.subscribe('a')
    for (const qos of [1, 2] as const) await broker.broker.publish({ topicName: 'a', payload: `at ${qos}`, qos })
    for (const text of ['at 1', 'at 2']) {
      const message = await first.message()
      assert.deepEqual([message.text, message.dup], [text, false])
    }
    for (const _ of ['once', 'twice']) {
      using again = await broker.client(version, fields)
      for (const text of ['at 1', 'at 2']) {
        const message = await again.message()
        assert.deepEqual([message.text, message.dup], [text, true])
      }
    }
  }
})

test('[MQTT-3.3.1-2] [MQTT3-3.3.1-2] DUP 1 at QoS 0 is malformed', async () => {
  await using broker = await startTestBroker()
  await expectRefused(broker, '38 04 0001 61 00', 0x81, 'MQTT-3.3.1-2')
  await expectRefused(broker, '38 03 0001 61', 0x81, 'MQTT3-3.3.1-2')
})

test('[MQTT-3.3.1-2] [MQTT3-3.3.1-2] [MQTT-3.3.1-3] [MQTT3-3.3.1-3] the DUP a message came with is not passed on', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using publisher = await broker.client(version)
    for (const qos of [0, 1, 2] as const) {
      using subscriber = await broker.client(version)
      await subscriber.subscribe('a', { qos })
      publisher.publish({ topicName: 'a', qos: 1, dup: true, packetId: 1 })
      await publisher.next('puback')
      publisher.publish({ topicName: 'a', qos: 2, dup: true, packetId: 2 })
      await publisher.next('pubrec')
      publisher.acknowledge('pubrel', 2)
      await publisher.next('pubcomp')
      for (const publishedQos of [1, 2]) {
        const message = await subscriber.message()
        assert.deepEqual([message.qos, message.dup], [Math.min(qos, publishedQos), false])
      }
    }
  }
})

test('[MQTT-3.3.1-4] [MQTT3-3.3.1-4] both QoS bits set is malformed', async () => {
  await using broker = await startTestBroker()
  await expectRefused(broker, '36 06 0001 61 0001 00', 0x81, 'MQTT-3.3.1-4')
  await expectRefused(broker, '36 05 0001 61 0001', 0x81, 'MQTT3-3.3.1-4')
})

test('[MQTT-3.3.2-1] [MQTT3-3.3.2-1] the Topic Name is the first field, text in UTF-8', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using subscriber = await broker.client(version)
    await subscriber.subscribe('커피정보/#')
    using client = await broker.client(version)
    client.sendBytes(publishTo(Buffer.from('커피정보/😀'), version))
    assert.equal((await subscriber.message()).topicName, '커피정보/😀')
  }
  for (const bytes of ['ff', 'c0af', 'eda080', '610062', 'e38182e3']) {
    await expectRefused(broker, publishTo(Buffer.from(bytes, 'hex'), 5), 0x81, 'MQTT-3.3.2-2')
    await expectRefused(broker, publishTo(Buffer.from(bytes, 'hex'), 4), 0x81, 'MQTT3-3.3.2-2')
  }
  await expectRefused(broker, '30 01 00', 0x81, 'MQTT-4.13.1-1')
  await expectRefused(broker, '30 03 0005 61', 0x81, 'MQTT-4.13.1-1')
  await expectRefused(broker, publishTo(Buffer.alloc(0), 5), 0x82, 'MQTT-3.3.2-1')
})

test('[MQTT-3.3.2-2] [MQTT3-3.3.2-2] a Topic Name with a wildcard is refused', async () => {
  await using broker = await startTestBroker()
  for (const name of ['#', '+', 'a/#', 'a/+', '+/a', 'a/+/b', 'a#b', 'a+']) {
    await expectRefused(broker, publishTo(Buffer.from(name), 5), 0x81, 'MQTT-3.3.2-2')
    await expectRefused(broker, publishTo(Buffer.from(name), 4), 0x81, 'MQTT3-3.3.2-2')
  }
})

test('[MQTT-3.3.2-3] [MQTT3-3.3.2-3] a message arrives under the Topic Name it was published to, where that matches', async () => {
  await using broker = await startTestBroker()
  const topicNames = ['a/1', 'a/2', 'b/2', 'a/b/2', 'a', 'A/2', 'a/2/', '/a/2']
  const expected: [string, readonly string[]][] = [
    ['a/2', ['a/2']],
    ['a/+', ['a/1', 'a/2']],
    ['a/#', ['a/1', 'a/2', 'a/b/2', 'a', 'a/2/']],
    ['+/2', ['a/2', 'b/2', 'A/2']],
    ['#', topicNames],
  ]
  for (const version of versions) {
    using publisher = await broker.client(version)
    for (const [topicFilter, matching] of expected) {
      using subscriber = await broker.client(version)
      await subscriber.subscribe(topicFilter, { qos: 0 })
      for (const topicName of topicNames) publisher.publish({ topicName, payload: Buffer.from(topicName) })
      for (const name of matching) {
        const { topicName, text } = await subscriber.message()
        assert.deepEqual([topicName, text], [name, name])
      }
      await publisher.quiet()
      await subscriber.quiet()
    }
  }
})

test('[MQTT-3.3.4-1] [MQTT3-3.3.4-1] PUBLISH is answered with nothing, PUBACK or PUBREC, as its QoS demands', async () => {
  await using broker = await startTestBroker()
  await broker.broker.subscribe('somebody/#', {}, () => {})
  for (const version of versions) {
    using client = await broker.client(version)
    for (const topicName of ['somebody/listens', 'nobody/listens']) {
      client.publish({ topicName, qos: 0 })
      await client.quiet()
      client.publish({ topicName, qos: 1, packetId: 0x1234 })
      assert.equal((await client.next('puback')).packetId, 0x1234)
      client.publish({ topicName, qos: 2, packetId: 0x4321 })
      assert.equal((await client.next('pubrec')).packetId, 0x4321)
      client.acknowledge('pubrel', 0x4321)
      await client.next('pubcomp')
      await client.quiet()
    }
  }
})

test('[MQTT-3.3.4-2] [MQTT3-3.3.5-1] overlapping Subscriptions deliver at the highest QoS among them', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
    ] as const) {
      using client = await broker.client(version)
      for (const [position, topicFilter] of ['a/b', 'a/+', 'a/#'].entries()) {
        await client.subscribe(topicFilter, { qos: order[position] ?? 0 })
        const highest = Math.max(...order.slice(0, position + 1))
        await broker.broker.publish({ topicName: 'a/b', payload: 'x', qos: 2 })
        const message = await client.message()
        assert.equal(message.qos, highest)
        if (message.qos === 1) client.acknowledge('puback', message.packetId)
        if (message.qos === 2) await finishReceiving(client, message.packetId)
        await client.quiet()
      }
    }
  }
})

async function finishReceiving(client: WireClient, packetId: number): Promise<void> {
  client.acknowledge('pubrec', packetId)
  await client.next('pubrel')
  client.acknowledge('pubcomp', packetId)
}

test('[MQTT-3.3.4-3] the Subscription Identifier goes along with each message, live, waiting or retained', async () => {
  await using broker = await startTestBroker()
  using publisher = await broker.client(5)
  for (const qos of [0, 1] as const) {
    const topicName = `a/${qos}`
    using client = await broker.client(5, { properties: { receiveMaximum: 1 } })
    await client.subscribe(topicName, { qos }, 268_435_455)
    for (const text of ['1', '2']) publisher.publish({ topicName, payload: Buffer.from(text), qos, packetId: qos })
    for (const text of ['1', '2']) {
      const message = await client.message()
      assert.deepEqual([message.text, message.properties.subscriptionIdentifiers], [text, [268_435_455]])
      if (qos === 1) client.acknowledge('puback', message.packetId)
    }
    await client.subscribe(topicName, { qos })
    await broker.broker.publish({ topicName, payload: 'replaced', qos, retain: true })
    const { packetId, properties } = await client.message()
    assert.equal(properties.subscriptionIdentifiers, undefined, 'the new Subscription has none')
    if (qos === 1) client.acknowledge('puback', packetId)
    await client.subscribe(topicName, { qos }, 7)
    assert.deepEqual((await client.message()).properties.subscriptionIdentifiers, [7])
  }
})

test('[MQTT-3.3.4-4] one copy for several Subscriptions carries the identifiers of all of them', async () => {
  await using broker = await startTestBroker()
  for (const qos of [0, 1, 2] as const) {
    using client = await broker.client(5)
    const filters = [
      ['a/b', 1],
      ['a/+', 0],
      ['a/#', 300],
      ['+/b', 1],
      ['#', 20],
      ['other', 5],
    ] as const
    for (const [topicFilter, id] of filters) await client.subscribe(topicFilter, { qos }, id)
    await broker.broker.publish({ topicName: 'a/b', payload: 'x', qos: 2 })
    const { subscriptionIdentifiers = [] } = (await client.message()).properties
    assert.deepEqual(
      [...subscriptionIdentifiers].sort((one, other) => one - other),
      [1, 1, 20, 300],
    )
    await client.quiet()
  }
})

test('[MQTT-3.3.4-5] a copy of its own for a Shared Subscription carries the identifier of that Subscription', async () => {
  await using broker = await startTestBroker()
  using client = await broker.client(5)
  await client.subscribe('a', { qos: 1 }, 1)
  await client.subscribe('$share/x/a', { qos: 1 }, 2)
  await client.subscribe('$share/y/+', { qos: 1 }, 3)
  await broker.broker.publish({ topicName: 'a', payload: 'x' })
  const found: unknown[] = []
  for (const _ of [1, 2, 3]) found.push((await client.message()).properties.subscriptionIdentifiers)
  assert.deepEqual(found.sort(), [[1], [2], [3]])
  await client.quiet()
})

test('[MQTT-3.3.4-6] a Subscription Identifier in a PUBLISH from a client is a Protocol Error', async () => {
  await using broker = await startTestBroker()
  await expectRefused(broker, '30 06 0001 61 02 0b05', 0x82, 'MQTT-3.3.4-6')
  await expectRefused(broker, '32 08 0001 61 0001 02 0b05', 0x82, 'MQTT-3.3.4-6')
})

test('[MQTT3-3.3.5-2] an unauthorized PUBLISH goes unnoticed at QoS 0 and closes the connection at QoS 1 and 2', async () => {
  await using broker = await startTestBroker({ authorize: ({ topic }) => topic !== 'forbidden' })
  using watcher = await broker.client(4)
  await watcher.subscribe('#')
  for (const qos of [0, 1, 2] as const) {
    using client = await broker.client(4)
    client.publish({ topicName: 'forbidden', qos, packetId: qos })
    if (qos === 0) await client.quiet()
    else await client.closed()
    await watcher.quiet()
  }
})
