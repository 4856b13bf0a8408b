/**
 * SUBSCRIBE, what it grants, and SUBACK: MQTT 5.0 and 3.1.1 sections 3.8 and 3.9.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Qos, SubscriptionRequest } from '../../src/protocol/index.ts'
import { packetSize } from '../../src/protocol/packet-encoder.ts'
import { packet } from '../support/packet-hex.ts'
import { startTestBroker } from '../support/test-broker.ts'
import type { WireClient } from '../support/wire-client.ts'

const versions: readonly (4 | 5)[] = [4, 5]
const allQos: readonly Qos[] = [0, 1, 2]
const plain = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const

function request(topicFilter: string, qos: Qos = 0): SubscriptionRequest {
  return { ...plain, topicFilter, qos }
}

function ask(client: WireClient, packetId: number, ...subscriptions: SubscriptionRequest[]): void {
  client.send({ type: 'subscribe', packetId, subscriptions, properties: {} })
}

async function codesOf(client: WireClient, ...subscriptions: SubscriptionRequest[]): Promise<number[]> {
  ask(client, 5, ...subscriptions)
  return (await client.next('suback')).reasonCodes
}

/** A whole SUBSCRIBE without properties, as hexadecimal digits; `filters` are Topic Filters with their options. */
function subscribeBytes(version: 4 | 5, filters: string, first = '82'): string {
  return packet(first, '0001', version === 5 ? '00' : '', filters)
}

test('[MQTT-3.8.1-1] [MQTT3-3.8.1-1] SUBSCRIBE with other flags than 0010 closes the connection', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    for (const flags of '013456789abcdef') {
      using client = await broker.client(version)
      client.sendBytes(subscribeBytes(version, '0001 61 00', `8${flags}`))
      await client.refused(0x81)
    }
    using client = await broker.client(version)
    client.sendBytes(subscribeBytes(version, '0001 61 00', '82'))
    assert.deepEqual((await client.next('suback')).reasonCodes, [0])
  }
})

test('[MQTT-3.8.3-1] [MQTT3-3.8.3-1] a Topic Filter that is not well-formed UTF-8 closes the connection', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    for (const filter of ['0001 ff', '0002 c328', '0003 eda080', '0002 c0af', '0004 61f09f98']) {
      using client = await broker.client(version)
      client.sendBytes(subscribeBytes(version, `0001 61 00 ${filter} 00`))
      await client.refused(0x81)
    }
    using client = await broker.client(version)
    assert.equal(await client.subscribe('커피/😀', { qos: 1 }), 1)
  }
})

test('[MQTT-3.8.3-2] [MQTT3-3.8.3-3] SUBSCRIBE without a Topic Filter, or without its options, closes the connection', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    for (const [filters, reasonCode] of [
      ['', 0x82],
      ['0001 61', 0x81],
      ['0001 61 00 0001 62', 0x81],
    ] as const) {
      using client = await broker.client(version)
      client.sendBytes(subscribeBytes(version, filters))
      await client.refused(reasonCode)
    }
  }
})

test('[MQTT-3.8.3-3] with No Local a client does not get what it published itself, and gets all else', async () => {
  await using broker = await startTestBroker()
  using other = await broker.client(5)
  const fields = { clientIdentifier: 'c', cleanStart: false, properties: { sessionExpiryInterval: 60 } }
  using before = await broker.client(5, fields)
  await before.subscribe('a', { noLocal: true, qos: 0 }, 1)
  await before.subscribe('both/#', { noLocal: true, qos: 0 }, 2)
  await before.subscribe('both/+', { qos: 0 }, 3)
  await before.subscribe('mine', { qos: 0 })
  using client = await broker.client(5, fields)
  for (const publisher of [before, client, other]) {
    for (const topicName of ['a', 'both/x', 'mine']) publisher.publish({ topicName })
  }
  const got: unknown[] = []
  for (let count = 0; count < 5; count += 1) {
    const { topicName, properties } = await client.message()
    got.push([topicName, properties.subscriptionIdentifiers?.toSorted()])
  }
  assert.deepEqual(got.toSorted(), [
    ['a', [1]],
    ['both/x', [2, 3]],
    ['both/x', [3]],
    ['mine', undefined],
    ['mine', undefined],
  ])
  await client.quiet()
})

test('[MQTT-3.8.3-4] No Local on a Shared Subscription is a Protocol Error, wherever it stands', async () => {
  await using broker = await startTestBroker()
  const shared = { ...request('$share/g/a'), noLocal: true }
  for (const subscriptions of [[shared], [request('a'), shared]]) {
    using client = await broker.client(5)
    ask(client, 1, ...subscriptions)
    await client.refused(0x82)
  }
  using client = await broker.client(5)
  assert.deepEqual(await codesOf(client, request('$share/g/a'), { ...request('a'), noLocal: true }), [0, 0])
})

test('[MQTT-3.8.3-5] reserved bits in the Subscription Options are malformed, all others are taken', async () => {
  await using broker = await startTestBroker()
  for (const options of ['40', '80', 'c0', '41']) {
    using client = await broker.client(5)
    client.sendBytes(subscribeBytes(5, `0001 61 00 0001 62 ${options}`))
    await client.refused(0x81)
  }
  using client = await broker.client(5)
  for (const retainHandling of [0, 1, 2] as const) {
    for (const qos of allQos) {
      for (const flag of [true, false]) {
        const options = { qos, retainHandling, noLocal: flag, retainAsPublished: flag }
        assert.equal(await client.subscribe('a', options), qos)
      }
    }
  }
})

test('[MQTT3-3.8.3-4] reserved bits or QoS 3 in a SUBSCRIBE of 3.1.1 close the connection', async () => {
  await using broker = await startTestBroker()
  for (const options of ['03', '04', '08', '10', '20', '40', '80', '05']) {
    using client = await broker.client(4)
    client.sendBytes(subscribeBytes(4, `0001 61 00 0001 62 ${options}`))
    await client.closed()
  }
})

test('[MQTT-3.8.4-1] [MQTT3-3.8.4-1] every SUBSCRIBE is answered by a SUBACK, whatever it grants', async () => {
  await using broker = await startTestBroker({ authorize: ({ topic }) => topic !== 'secret' })
  for (const version of versions) {
    using client = await broker.client(version)
    for (const filter of ['a', 'secret', 'a/#/b', 'a', '$share/g/a']) ask(client, 1, request(filter))
    for (let count = 0; count < 5; count += 1) await client.next('suback')
    await client.quiet()
  }
})

test('[MQTT-3.8.4-2] [MQTT3-3.8.4-2] SUBACK has the Packet Identifier of its SUBSCRIBE', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version)
    const packetIds = [1, 0x1234, 0xff00, 0xffff, 1]
    for (const packetId of packetIds) ask(client, packetId, request('a'))
    for (const packetId of packetIds) assert.equal((await client.next('suback')).packetId, packetId)
  }
})

test('[MQTT-3.8.4-3] [MQTT3-3.8.4-3] a Subscription to an identical Topic Filter takes the place of the first', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version)
    await client.subscribe('a/+', { qos: 0 }, 1)
    await client.subscribe('a/+', { qos: 2 }, 2)
    await client.subscribe('a/+', { qos: 1 }, 3)
    await broker.broker.publish({ topicName: 'a/b', qos: 2 })
    const { qos, properties } = await client.message()
    assert.deepEqual([qos, properties.subscriptionIdentifiers], [1, version === 5 ? [3] : undefined])
    await client.quiet()
    await client.unsubscribe('a/+')
    await broker.broker.publish({ topicName: 'a/b' })
    await client.quiet()
  }
})

test('[MQTT-3.8.4-4] [MQTT3-3.8.4-3] replacing a Subscription sends Retained Messages again', async () => {
  await using broker = await startTestBroker()
  await broker.broker.publish({ topicName: 'a', payload: 'kept', retain: true })
  for (const version of versions) {
    using client = await broker.client(version)
    for (const qos of [0, 0, 1] as const) {
      await client.subscribe('a', { qos })
      const { text, retain } = await client.message()
      assert.deepEqual([text, retain], ['kept', true])
    }
    await client.quiet()
  }
})

test('[MQTT-3.8.4-4] [MQTT3-3.8.4-3] replacing a Subscription loses no message, sent or waiting', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version, { properties: version === 5 ? { receiveMaximum: 1 } : {} })
    await client.subscribe('a', { qos: 1 })
    for (const number of [1, 2, 3]) {
      client.publish({ topicName: 'a', payload: Buffer.from(`sent ${number}`) })
      await broker.broker.publish({ topicName: 'a', payload: `waits ${number}` })
      ask(client, 1, request('a', 1))
    }
    const got: string[] = []
    let subacks = 0
    while (subacks < 3 || got.length < 6) {
      const packet = await client.nextOf('suback', 'publish')
      if (packet.type === 'suback') subacks += 1
      if (packet.type !== 'publish') continue
      got.push(packet.payload.toString())
      if (packet.qos === 1) client.acknowledge('puback', packet.packetId)
    }
    for (const kind of ['sent', 'waits']) {
      const ofKind = got.filter((text) => text.startsWith(kind))
      assert.deepEqual(ofKind, [`${kind} 1`, `${kind} 2`, `${kind} 3`])
    }
    await client.quiet()
  }
})

test('[MQTT-3.8.4-5] [MQTT3-3.8.4-4] several Topic Filters in one SUBSCRIBE work as if each had its own, with one SUBACK', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version)
    await codesOf(client, request('a'), request('b/#/wrong'), request('c'), request('a/+'))
    await client.quiet()
    for (const topicName of ['a', 'b', 'c', 'a/x']) await broker.broker.publish({ topicName })
    for (const topicName of ['a', 'c', 'a/x']) assert.equal((await client.message()).topicName, topicName)
    await client.quiet()
  }
})

test('[MQTT-3.8.4-6] [MQTT3-3.8.4-5] SUBACK has a code for each Topic Filter, failed and repeated ones too', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version)
    const filters = [request('a'), request('a#'), request('a', 1), request('+b'), request('b')]
    assert.equal((await codesOf(client, ...filters)).length, 5)
    const many = Array.from({ length: 300 }, (_, number) => request(`many/${number}`))
    assert.equal((await codesOf(client, ...many)).length, 300)
  }
})

test('[MQTT-3.8.4-7] [MQTT3-3.8.4-5] each code of SUBACK is the granted QoS or a failure', async () => {
  await using broker = await startTestBroker({ authorize: ({ topic }) => topic !== 'secret' })
  for (const version of versions) {
    using client = await broker.client(version)
    for (const qos of allQos) {
      assert.deepEqual(await codesOf(client, request('a', qos)), [qos])
      const [code = 0] = await codesOf(client, request('secret', qos))
      assert.ok(code >= 0x80)
    }
  }
})

test('[MQTT-3.8.4-8] [MQTT3-3.8.4-6] a message comes with the lower of its own and the granted QoS', async () => {
  await using broker = await startTestBroker()
  for (const qos of allQos) await broker.broker.publish({ topicName: `kept/${qos}`, payload: 'x', qos, retain: true })
  for (const version of versions) {
    for (const granted of allQos) {
      using client = await broker.client(version)
      await client.subscribe('live', { qos: granted })
      for (const qos of allQos) {
        await broker.broker.publish({ topicName: 'live', qos })
        assert.equal((await client.message()).qos, Math.min(qos, granted))
        await client.subscribe(`kept/${qos}`, { qos: granted })
        assert.equal((await client.message()).qos, Math.min(qos, granted))
      }
    }
  }
})

test('[MQTT-3.9.2-1] SUBACK has a Reason String, unless it would exceed the Maximum Packet Size of the client', async () => {
  await using broker = await startTestBroker()
  using unlimited = await broker.client(5)
  ask(unlimited, 1, request('a/#/b'))
  const whole = await unlimited.next('suback')
  assert.match(whole.properties.reasonString ?? '', /"#"/)
  const size = packetSize(whole, 5)
  for (const [maximumPacketSize, expected] of [
    [size, whole.properties.reasonString],
    [size - 1, undefined],
  ] as const) {
    using limited = await broker.client(5, { clientIdentifier: 'c', properties: { maximumPacketSize } })
    ask(limited, 1, request('a/#/b'))
    const { reasonCodes, properties } = await limited.next('suback')
    assert.deepEqual([reasonCodes, properties.reasonString], [[0x8f], expected])
  }
})

test('[MQTT-3.9.3-1] [MQTT3-3.9.3-1] the codes of SUBACK are in the order of the Topic Filters', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version)
    const failed = version === 5 ? 0x8f : 0x80
    const filters = [request('z', 2), request('a', 0), request('#/m', 1), request('b', 1), request('+x', 1)]
    assert.deepEqual(await codesOf(client, ...filters), [2, 0, failed, 1, failed])
    assert.deepEqual(await codesOf(client, ...filters.toReversed()), [failed, 1, failed, 0, 2])
  }
})

test('[MQTT-3.9.3-2] [MQTT3-3.9.3-2] SUBACK uses no codes but those defined for it', async () => {
  const limits = { subscriptionsPerSessionMax: 3 }
  await using broker = await startTestBroker({ limits, authorize: ({ topic }) => topic !== 'secret' })
  const filters = [request('0', 0), request('1', 1), request('2', 2), request('3'), request('secret'), request('a#')]
  for (const [version, expected] of [
    [4, [0, 1, 2, 0x80, 0x80, 0x80]],
    [5, [0, 1, 2, 0x97, 0x87, 0x8f]],
  ] as const) {
    using client = await broker.client(version)
    assert.deepEqual(await codesOf(client, ...filters), expected)
  }
})
