/**
 * Shared Subscriptions: MQTT 5.0 section 4.8.2. 3.1.1 has none; its clients may use them here all the same.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Qos } from '../../src/protocol/index.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import type { WireClient } from '../support/wire-client.ts'

const versions: readonly (4 | 5)[] = [4, 5]

/** A member of a group whose Session outlives its connection. */
async function member(broker: TestBroker, clientIdentifier: string, receiveMaximum = 10): Promise<WireClient> {
  const properties = { sessionExpiryInterval: 60, receiveMaximum }
  return broker.client(5, { clientIdentifier, cleanStart: false, properties })
}

function publish(broker: TestBroker, payload: string, qos: Qos): Promise<unknown> {
  return broker.broker.publish({ topicName: 'a', payload, qos })
}

test('[MQTT-4.8.2-1] a Shared Subscription begins with "$share/" and has a share name', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using one = await broker.client(version)
    using two = await broker.client(version)
    for (const filter of ['$share//a', '$share/', '$share//', '$share///a']) {
      assert.equal(await one.subscribe(filter), version === 5 ? 0x8f : 0x80, filter)
    }
    for (const client of [one, two]) {
      for (const filter of ['$share/g/a', '$share/h/a']) assert.equal(await client.subscribe(filter, { qos: 0 }), 0)
      // Not shared: ordinary Topic Filters that look alike, and match no message here.
      for (const filter of ['$share', '$SHARE/g/a', '$shared/g/a', '/$share/g/a', 'share/g/a']) {
        assert.equal(await client.subscribe(filter, { qos: 0 }), 0)
      }
    }
    await publish(broker, 'x', 0)
    let copies = 0
    for (const client of [one, two]) {
      client.send({ type: 'pingreq' })
      while ((await client.nextOf('publish', 'pingresp')).type === 'publish') copies += 1
    }
    assert.equal(copies, 2, 'one for each share name')
  }
})

test('[MQTT-4.8.2-2] a share name has no wildcard and is followed by "/" and a Topic Filter', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version)
    for (const filter of [
      '$share/+/a',
      '$share/#/a',
      '$share/g+/a',
      '$share/g#/a',
      '$share/#',
      '$share/g',
      '$share/g/',
    ]) {
      assert.equal(await client.subscribe(filter), version === 5 ? 0x8f : 0x80, filter)
    }
    await publish(broker, 'x', 0)
    await client.quiet()
    // The share name ends at the first "/": the rest is the Topic Filter, and may begin with another.
    for (const [filter, topicName] of [
      ['$share/g//b', '/b'],
      ['$share/공유/b/+', 'b/c'],
      ['$share/g/#', 'c'],
      ['$share/g/$share/h', '$share/h'],
    ] as const) {
      assert.equal(await client.subscribe(filter, { qos: 0 }), 0, filter)
      await broker.broker.publish({ topicName, qos: 0 })
      assert.equal((await client.message()).topicName, topicName)
      await client.unsubscribe(filter)
    }
    await client.quiet()
  }
})

test('[MQTT-4.8.2-3] each copy has the lower of the published QoS and the one granted to the member chosen', async () => {
  await using broker = await startTestBroker()
  const members: [Qos, WireClient][] = []
  for (const qos of [0, 1, 2] as const) members.push([qos, await broker.client(5)])
  for (const [qos, client] of members) await client.subscribe('$share/g/a', { qos })
  for (const published of [0, 1, 2] as const) {
    // As many as there are members, so that each gets one.
    for (let count = 0; count < 3; count += 1) await publish(broker, 'x', published)
    for (const [granted, client] of members) {
      const { qos, packetId } = await client.message()
      assert.equal(qos, Math.min(published, granted))
      if (qos === 1) client.acknowledge('puback', packetId)
      if (qos === 2) client.acknowledge('pubrec', packetId, 0x80)
    }
    for (const [, client] of members) await client.quiet()
  }
})

test('[MQTT-4.8.2-3] a message that goes on to another member has the QoS granted to that one', async () => {
  await using broker = await startTestBroker()
  for (const [first, second, expected] of [
    [1, 0, 0],
    [1, 2, 1],
    [2, 1, 1],
  ] as const) {
    const before = await member(broker, 'before', 1)
    await before.subscribe('$share/g/a', { qos: first })
    for (const payload of ['sent', 'waits']) await publish(broker, payload, first)
    await before.message()
    using after = await broker.client(5)
    await after.subscribe('$share/g/a', { qos: second })
    before.send({ type: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 0 } })
    const messages = first === 1 ? ['sent', 'waits'] : ['waits']
    for (const payload of messages) {
      const { text, qos, dup } = await after.message()
      assert.deepEqual([text, qos, dup], [payload, expected, false])
    }
    await after.quiet()
  }
})

test('[MQTT-4.8.2-4] a QoS 2 delivery that was cut is finished when the same client is back', async () => {
  await using broker = await startTestBroker()
  using other = await member(broker, 'other')
  const one = await member(broker, 'one')
  await one.subscribe('$share/g/a')
  for (const payload of ['released', 'sent']) await publish(broker, payload, 2)
  const [released, sent] = [await one.message(), await one.message()]
  one.acknowledge('pubrec', released.packetId)
  await one.next('pubrel')
  await other.subscribe('$share/g/a')
  await broker.lose(one)
  await other.quiet()
  using again = await member(broker, 'one')
  const resent = await again.message()
  assert.deepEqual([resent.text, resent.dup, resent.packetId], ['sent', true, sent.packetId])
  assert.equal((await again.next('pubrel')).packetId, released.packetId)
  again.acknowledge('pubcomp', released.packetId)
  again.acknowledge('pubrec', sent.packetId)
  assert.equal((await again.next('pubrel')).packetId, sent.packetId)
  again.acknowledge('pubcomp', sent.packetId)
  await again.quiet()
  await other.quiet()
})

test('[MQTT-4.8.2-5] a QoS 2 message that was sent goes to nobody else if the Session ends', async () => {
  await using broker = await startTestBroker()
  using other = await member(broker, 'other')
  const one = await member(broker, 'one')
  await one.subscribe('$share/g/a')
  for (const payload of ['released', 'sent']) await publish(broker, payload, 2)
  const released = await one.message()
  one.acknowledge('pubrec', released.packetId)
  await one.message()
  await one.next('pubrel')
  await other.subscribe('$share/g/a')
  await broker.lose(one)
  broker.advanceBy(61)
  await other.quiet()
  assert.equal(broker.broker.tally.copies.sessionEnded, 2)
  await publish(broker, 'next', 2)
  assert.equal((await other.message()).text, 'next')
})

test('[MQTT-4.8.2-6] a message that is answered with an error goes to nobody else, even if the Session ends', async () => {
  await using broker = await startTestBroker()
  for (const [qos, answer] of [
    [1, 'puback'],
    [2, 'pubrec'],
  ] as const) {
    using other = await member(broker, 'other')
    const one = await member(broker, 'one', 1)
    await one.subscribe('$share/g/a')
    for (const payload of ['refused', 'next']) await publish(broker, payload, qos)
    await other.subscribe('$share/g/a')
    one.acknowledge(answer, (await one.message()).packetId, 0x83)
    const next = await one.message()
    assert.equal(next.text, 'next', 'the place is free')
    one.acknowledge(answer, next.packetId, 0x80)
    await one.quiet()
    one.send({ type: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 0 } })
    await one.closed()
    await other.quiet()
    other.send({ type: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 0 } })
    await other.closed()
  }
})
