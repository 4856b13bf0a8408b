/**
 * UNSUBSCRIBE and UNSUBACK: MQTT 5.0 sections 3.10 and 3.11, 3.1.1 sections 3.10 and 3.11.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packet } from '../support/packet-hex.ts'
import { startTestBroker } from '../support/test-broker.ts'
import { staying, type WireClient } from '../support/wire-client.ts'

const versions: readonly (4 | 5)[] = [4, 5]

function ask(client: WireClient, packetId: number, ...topicFilters: string[]): void {
  client.send({ type: 'unsubscribe', packetId, topicFilters, properties: {} })
}

/** A whole UNSUBSCRIBE without properties, as hexadecimal digits. */
function unsubscribeBytes(version: 4 | 5, filters: string, first = 'a2'): string {
  return packet(first, '0001', version === 5 ? '00' : '', filters)
}

test('[MQTT-3.10.1-1] [MQTT3-3.10.1-1] UNSUBSCRIBE with other flags than 0010 closes the connection', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    for (const flags of '013456789abcdef') {
      using client = await broker.client(version)
      client.sendBytes(unsubscribeBytes(version, '0001 61', `a${flags}`))
      await client.refused(0x81)
    }
    using client = await broker.client(version)
    client.sendBytes(unsubscribeBytes(version, '0001 61', 'a2'))
    await client.next('unsuback')
  }
})

test('[MQTT-3.10.3-1] [MQTT3-3.10.3-1] the Topic Filters of UNSUBSCRIBE are well-formed UTF-8, one behind the other', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    for (const filter of ['0001 ff', '0002 c328', '0003 eda080', '0002 c0af', '00', '0002 61']) {
      using client = await broker.client(version)
      client.sendBytes(unsubscribeBytes(version, `0001 61 ${filter}`))
      await client.refused(0x81)
    }
    using client = await broker.client(version)
    for (const filter of ['a', '커피']) await client.subscribe(filter)
    client.sendBytes(unsubscribeBytes(version, `0001 61 0006 ${Buffer.from('커피').toString('hex')}`))
    assert.deepEqual((await client.next('unsuback')).reasonCodes, version === 5 ? [0, 0] : [])
    for (const topicName of ['a', '커피']) await broker.broker.publish({ topicName })
    await client.quiet()
  }
})

test('[MQTT-3.10.3-2] [MQTT3-3.10.3-2] UNSUBSCRIBE without a Topic Filter closes the connection', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version)
    client.sendBytes(unsubscribeBytes(version, ''))
    await client.refused(0x82)
  }
})

test('[MQTT-3.10.4-1] [MQTT3-3.10.4-1] only an identical Topic Filter is removed, character by character', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version)
    await client.subscribe('a/é', { qos: 0 })
    const others = ['A/é', 'a/É', 'a/e\u0301', 'a/é/', '/a/é', 'a', 'a/#', 'a/+', '#', ' a/é', '$share/g/a/é']
    for (const filter of others) assert.deepEqual(await client.unsubscribe(filter), version === 5 ? [0x11] : [])
    await broker.broker.publish({ topicName: 'a/é' })
    await client.message()
    assert.deepEqual(await client.unsubscribe('a/é'), version === 5 ? [0] : [])
    await broker.broker.publish({ topicName: 'a/é' })
    await client.quiet()
  }
})

test('[MQTT-3.10.4-2] [MQTT3-3.10.4-2] nothing more is queued for a Topic Filter that was removed', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version, staying(version, 'c'))
    await client.subscribe('a', { qos: 2 }, 1)
    await client.subscribe('b/#', { qos: 2 }, 2)
    await client.subscribe('b/+', { qos: 0 }, 3)
    await client.unsubscribe('a', 'b/#')
    for (const topicName of ['a', 'b', 'b/c']) await broker.broker.publish({ topicName, qos: 2 })
    const { topicName, qos, properties } = await client.message()
    assert.deepEqual([topicName, qos], ['b/c', 0])
    assert.deepEqual(properties.subscriptionIdentifiers, version === 5 ? [3] : undefined)
    await client.leave()
    for (const topicName of ['a', 'b']) await broker.broker.publish({ topicName, qos: 2 })
    using again = await broker.client(version, staying(version, 'c'))
    await again.quiet()
  }
})

test('[MQTT-3.10.4-2] [MQTT3-3.10.4-2] Retained Messages still to be sent are not sent after UNSUBACK', async () => {
  await using broker = await startTestBroker()
  for (let number = 0; number < 1000; number += 1) {
    await broker.broker.publish({ topicName: `kept/${number}`, payload: 'x', retain: true })
  }
  for (const version of versions) {
    using client = await broker.client(version)
    const options = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
    client.send({ type: 'subscribe', packetId: 1, subscriptions: [{ topicFilter: '#', ...options }], properties: {} })
    ask(client, 2, '#')
    await client.next('suback')
    while ((await client.nextOf('publish', 'unsuback')).type === 'publish');
    await client.quiet()
    await client.subscribe('kept/7', { qos: 0 })
    assert.equal((await client.message()).topicName, 'kept/7')
    await client.quiet()
  }
})

test('[MQTT-3.10.4-3] [MQTT3-3.10.4-3] QoS 1 and 2 messages on their way are delivered to the end', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using before = await broker.client(version, staying(version, 'c'))
    await before.subscribe('a', { qos: 2 })
    for (const qos of [1, 2, 2] as const) await broker.broker.publish({ topicName: 'a', payload: `QoS ${qos}`, qos })
    const packets = [await before.message(), await before.message(), await before.message()]
    const [one = 0, two = 0, three = 0] = packets
      .toSorted((a, b) => a.packetId - b.packetId)
      .map((each) => each.packetId)
    before.acknowledge('pubrec', three)
    await before.next('pubrel')
    await before.unsubscribe('a')
    using client = await broker.client(version, staying(version, 'c'))
    const resent = [await client.message(), await client.message()]
    assert.deepEqual(
      resent.map(({ text, dup, packetId }) => [text, dup, packetId]),
      [
        ['QoS 1', true, one],
        ['QoS 2', true, two],
      ],
    )
    assert.equal((await client.next('pubrel')).packetId, three)
    client.acknowledge('puback', one)
    client.acknowledge('pubrec', two)
    assert.equal((await client.next('pubrel')).packetId, two)
    client.acknowledge('pubcomp', two)
    client.acknowledge('pubcomp', three)
    await client.quiet()
    assert.equal(broker.broker.tally.copies.acknowledged, version === 4 ? 3 : 6)
  }
})

test('[MQTT-3.10.4-4] every UNSUBSCRIBE is answered by an UNSUBACK', async () => {
  await using broker = await startTestBroker()
  using client = await broker.client(5)
  await client.subscribe('a')
  for (const filter of ['a', 'a', 'a/#/b', '$share/g/a']) ask(client, 1, filter)
  for (let count = 0; count < 4; count += 1) await client.next('unsuback')
  await client.quiet()
})

test('[MQTT-3.10.4-5] [MQTT3-3.10.4-4] UNSUBACK has the Packet Identifier of its UNSUBSCRIBE', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version)
    await client.subscribe('a')
    const packetIds = [1, 0x1234, 0xff00, 0xffff, 1]
    for (const packetId of packetIds) ask(client, packetId, 'a')
    for (const packetId of packetIds) assert.equal((await client.next('unsuback')).packetId, packetId)
  }
})

test('[MQTT-3.10.4-5] [MQTT3-3.10.4-5] UNSUBACK comes even if nothing was removed', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version)
    ask(client, 7, 'never/subscribed')
    assert.equal((await client.next('unsuback')).packetId, 7)
  }
})

test('[MQTT-3.10.4-6] [MQTT3-3.10.4-6] several Topic Filters in one UNSUBSCRIBE work as if each had its own, with one UNSUBACK', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version)
    for (const filter of ['a', 'b', 'c', 'a/+']) await client.subscribe(filter, { qos: 0 })
    ask(client, 1, 'a', 'unknown', 'a', 'a/+', 'c')
    await client.next('unsuback')
    await client.quiet()
    for (const topicName of ['a', 'b', 'c', 'a/x']) await broker.broker.publish({ topicName })
    assert.equal((await client.message()).topicName, 'b')
    await client.quiet()
  }
})

test('[MQTT-3.11.3-1] the codes of UNSUBACK are in the order of the Topic Filters', async () => {
  await using broker = await startTestBroker()
  using client = await broker.client(5)
  for (const filter of ['a', 'z', 'm']) await client.subscribe(filter)
  assert.deepEqual(await client.unsubscribe('z', 'unknown', 'a', 'other'), [0, 0x11, 0, 0x11])
  assert.deepEqual(await client.unsubscribe('z', 'a', 'm'), [0x11, 0x11, 0])
})

test('[MQTT-3.11.3-2] UNSUBACK has a code defined for it for each Topic Filter', async () => {
  await using broker = await startTestBroker()
  using client = await broker.client(5)
  await client.subscribe('a')
  await client.subscribe('$share/g/a')
  assert.deepEqual(await client.unsubscribe('unknown', 'a/#/b', 'a', '$share/g/a', 'a'), [0x11, 0x11, 0, 0, 0x11])
})
