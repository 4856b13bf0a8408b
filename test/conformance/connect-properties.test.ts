/**
 * What the properties of CONNECT ask of the broker: MQTT 5.0 sections 3.1.2.11.4 to 3.1.2.11.9.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConnectProperties, Qos } from '../../src/protocol/index.ts'
import type { EnhancedAuthenticationMethod } from '../../src/server/authentication/authentication.ts'
import { connectPacket, field } from '../support/packet-hex.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import type { WireClient } from '../support/wire-client.ts'

/** Bytes of a PUBLISH of 5.0 to `a`, at QoS 1 and 2, without its payload. */
const overhead = 2 + 3 + 2 + 1
const staying = { clientIdentifier: 'c', cleanStart: false }

function payload(packetBytes: number, qos: Qos): string {
  return 'x'.repeat(packetBytes - overhead + (qos === 0 ? 2 : 0))
}

/** Receives a message of that length and ends its exchange. */
async function take(client: WireClient, length: number): Promise<void> {
  const message = await client.message()
  assert.equal(message.text.length, length)
  if (message.qos === 1) client.acknowledge('puback', message.packetId)
  if (message.qos !== 2) return
  client.acknowledge('pubrec', message.packetId)
  await client.next('pubrel')
  client.acknowledge('pubcomp', message.packetId)
}

test('[MQTT-3.1.2-24] [MQTT-3.1.2-25] a PUBLISH of the Maximum Packet Size arrives, a larger one is dropped', async () => {
  await using broker = await startTestBroker()
  using other = await broker.client(5)
  await other.subscribe('a')
  using client = await broker.client(5, { ...staying, properties: { maximumPacketSize: 50 } })
  await client.subscribe('a')
  for (const qos of [0, 1, 2] as const) {
    for (const size of [50, 51, 50]) {
      const { matched } = await broker.broker.publish({ topicName: 'a', payload: payload(size, qos), qos })
      assert.equal(matched, 2)
      await take(other, payload(size, qos).length)
      if (size === 50) await take(client, payload(size, qos).length)
      else await client.quiet()
    }
  }
})

test('[MQTT-3.1.2-24] properties count towards the Maximum Packet Size', async () => {
  await using broker = await startTestBroker()
  using client = await broker.client(5, { ...staying, properties: { maximumPacketSize: 50 } })
  // A Subscription Identifier takes two bytes more than the message has.
  await client.subscribe('a', { qos: 1 }, 5)
  for (const size of [49, 48]) await broker.broker.publish({ topicName: 'a', payload: payload(size, 1) })
  await take(client, payload(48, 1).length)
  await client.quiet()
})

test('[MQTT-3.1.2-24] Retained Messages and what waited for the client keep to the Maximum Packet Size', async () => {
  await using broker = await startTestBroker()
  await broker.broker.publish({ topicName: 'a', payload: payload(51, 1), retain: true })
  const fields = (maximumPacketSize: number) => ({
    ...staying,
    properties: { sessionExpiryInterval: 3600, maximumPacketSize },
  })
  using first = await broker.client(5, fields(50))
  await first.subscribe('a', { qos: 1 })
  await first.quiet()
  // One is sent and not acknowledged, then the client leaves and two wait; it comes back with less room.
  await broker.broker.publish({ topicName: 'a', payload: payload(50, 1) })
  await first.message()
  await first.leave()
  for (const size of [42, 40]) await broker.broker.publish({ topicName: 'a', payload: payload(size, 1) })
  using again = await broker.client(5, fields(40))
  await take(again, payload(40, 1).length)
  await again.quiet()
})

test('[MQTT-3.1.2-24] a CONNACK that refuses leaves its Reason String out rather than be too large', async () => {
  await using broker = await startTestBroker({ authenticate: () => false })
  for (const [maximumPacketSize, isTold] of [
    [20, false],
    [200, true],
  ] as const) {
    using client = await broker.open(5)
    const { reasonCode, properties } = await client.connect({ properties: { maximumPacketSize } })
    assert.deepEqual([reasonCode, properties.reasonString !== undefined], [0x86, isTold])
  }
})

test('[MQTT-3.1.2-24] other packets leave their Reason String out, too', async () => {
  await using broker = await startTestBroker()
  using client = await broker.client(5, { ...staying, properties: { maximumPacketSize: 20 } })
  client.sendBytes(`820b 0001 00 ${field('a/#/b')} 00`)
  const suback = await client.next('suback')
  assert.deepEqual([suback.reasonCodes, suback.properties], [[0x8f], {}])
  client.sendBytes('c1 00')
  const { reasonCode, properties } = await client.next('disconnect')
  assert.deepEqual([reasonCode, properties], [0x81, {}])
})

test('[MQTT-3.1.2-24] an answer that is too large without words is not sent', async () => {
  await using broker = await startTestBroker()
  using client = await broker.client(5, { ...staying, properties: { maximumPacketSize: 20 } })
  const filter = `${field('a')}00`
  client.sendBytes(`823f 0001 00 ${filter.repeat(15)}`)
  assert.equal((await client.next('suback')).reasonCodes.length, 15)
  client.sendBytes(`8243 0002 00 ${filter.repeat(16)}`)
  await client.quiet()
})

test('[MQTT-3.1.2-24] a client that has no room for its CONNACK gets none and is closed', async () => {
  await using broker = await startTestBroker()
  using client = await broker.open(5)
  client.sendBytes(connectPacket(5, 2, field(''), '270000000a'))
  await client.closed()
})

test('[MQTT-3.1.2-25] a message too large is over with for the client: its place is free and it never comes again', async () => {
  await using broker = await startTestBroker()
  const properties = { sessionExpiryInterval: 3600, receiveMaximum: 1 }
  using first = await broker.client(5, { ...staying, properties: { ...properties, maximumPacketSize: 50 } })
  await first.subscribe('a')
  for (const qos of [1, 2] as const) {
    for (const size of [100, 50]) await broker.broker.publish({ topicName: 'a', payload: payload(size, qos), qos })
  }
  await take(first, payload(50, 1).length)
  await take(first, payload(50, 2).length)
  await first.quiet()
  await first.leave()
  using again = await broker.client(5, { ...staying, properties })
  await again.quiet()
  assert.deepEqual(await broker.broker.publish({ topicName: 'a', payload: payload(100, 1) }), {
    reasonCode: 0,
    matched: 1,
  })
  await take(again, payload(100, 1).length)
})

/** Topic Aliases that came with messages on five Topic Names, three times over; each must stand for its own name. */
async function aliasesSent(broker: TestBroker, properties: ConnectProperties): Promise<Set<number | undefined>> {
  using client = await broker.client(5, { ...staying, properties })
  await client.subscribe('topic/+', { qos: 0 })
  const aliases = new Set<number | undefined>()
  const names = new Map<number, string>()
  for (let round = 0; round < 3; round++) {
    for (const name of ['topic/1', 'topic/2', 'topic/3', 'topic/4', 'topic/5']) {
      await broker.broker.publish({ topicName: name, payload: name, qos: 0 })
      const { topicName, text: sent, properties: received } = await client.message()
      const alias = received.topicAlias
      aliases.add(alias)
      if (alias !== undefined && topicName !== '') names.set(alias, topicName)
      assert.equal(topicName === '' ? names.get(alias ?? 0) : topicName, sent)
    }
  }
  return aliases
}

test('[MQTT-3.1.2-26] no Topic Alias is above the Topic Alias Maximum of this CONNECT', async () => {
  await using broker = await startTestBroker()
  assert.deepEqual(await aliasesSent(broker, { topicAliasMaximum: 3 }), new Set([undefined, 1, 2, 3]))
  assert.deepEqual(await aliasesSent(broker, { topicAliasMaximum: 1 }), new Set([undefined, 1]))
})

test('[MQTT-3.1.2-27] without a Topic Alias Maximum, or with 0, no Topic Alias is sent', async () => {
  await using broker = await startTestBroker()
  assert.deepEqual(await aliasesSent(broker, {}), new Set([undefined]))
  assert.deepEqual(await aliasesSent(broker, { topicAliasMaximum: 0 }), new Set([undefined]))
})

test('[MQTT-3.1.2-28] Response Information is sent to those who ask for it only', async () => {
  await using broker = await startTestBroker({ responseTopicPrefix: 'answers/' })
  for (const [properties, expected] of [
    [{}, undefined],
    [{ requestResponseInformation: false }, undefined],
    [{ requestResponseInformation: true }, 'answers/c'],
  ] as const) {
    using client = await broker.open(5)
    const connack = await client.connect({ ...staying, properties })
    assert.equal(connack.properties.responseInformation, expected)
  }
})

/** Whether words came with PUBACK, PUBREC and SUBACK that refuse, and whether a User Property came with PUBLISH. */
async function wordsSent(client: WireClient): Promise<boolean[]> {
  const found: boolean[] = []
  const note = (packet: { properties: { reasonString?: string; userProperties?: unknown } }) => {
    found.push(packet.properties.reasonString !== undefined || packet.properties.userProperties !== undefined)
  }
  client.publish({ topicName: 'forbidden', qos: 1, packetId: 1 })
  note(await client.next('puback'))
  client.publish({ topicName: 'forbidden', qos: 2, packetId: 2 })
  note(await client.next('pubrec'))
  const subscription = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
  const subscriptions = ['forbidden', 'a'].map((topicFilter) => ({ ...subscription, topicFilter }))
  client.send({ type: 'subscribe', packetId: 3, subscriptions, properties: {} })
  note(await client.next('suback'))
  client.publish({ topicName: 'a', properties: { userProperties: [['k', 'v']] } })
  note(await client.next('publish'))
  client.send({ type: 'unsubscribe', packetId: 4, topicFilters: ['never'], properties: {} })
  note(await client.next('unsuback'))
  return found
}

test('[MQTT-3.1.2-29] without Request Problem Information words come with PUBLISH only, among CONNACK and DISCONNECT', async () => {
  await using broker = await startTestBroker({ authorize: ({ topic }) => topic !== 'forbidden' })
  using unwilling = await broker.client(5, { properties: { requestProblemInformation: false } })
  assert.deepEqual(await wordsSent(unwilling), [false, false, false, true, false])
  for (const properties of [{}, { requestProblemInformation: true }]) {
    using willing = await broker.client(5, { properties })
    assert.deepEqual(await wordsSent(willing), [true, true, true, true, false])
  }
})

/** Asks once, then lets everybody in. */
const twoSteps: EnhancedAuthenticationMethod = {
  name: 'two steps',
  begin: () => {
    let count = 0
    return {
      step: () => {
        count += 1
        return count === 1 ? { type: 'continue', data: Buffer.from('more?') } : { type: 'accepted', account: 'a' }
      },
    }
  },
}
const method = `15${field('two steps')}`

test('[MQTT-3.1.2-30] during enhanced authentication only AUTH and DISCONNECT are taken', async () => {
  await using broker = await startTestBroker({ authenticationMethods: [twoSteps] })
  const connect = connectPacket(5, 2, field(''), method)
  for (const packet of ['c000', '3004 000161 00', '8207 0001 00 000161 00', 'a206 0001 00 000161', '40020001']) {
    using client = await broker.open(5)
    client.sendBytes(connect)
    await client.next('auth')
    client.sendBytes(packet)
    assert.equal((await client.next('connack')).reasonCode, 0x82)
    await client.closed()
  }
  using eager = await broker.open(5)
  eager.sendBytes(`${connect}c000`)
  await eager.next('auth')
  assert.equal((await eager.next('connack')).reasonCode, 0x82)
  await eager.closed()
})

test('[MQTT-3.1.2-30] during enhanced authentication AUTH goes on with it and DISCONNECT gives it up', async () => {
  await using broker = await startTestBroker({ authenticationMethods: [twoSteps] })
  const connect = connectPacket(5, 2, field(''), method)
  using patient = await broker.open(5)
  patient.sendBytes(connect)
  await patient.next('auth')
  patient.send({ type: 'auth', reasonCode: 0x18, properties: { authenticationMethod: 'two steps' } })
  assert.equal((await patient.next('connack')).reasonCode, 0)
  await patient.quiet()
  using other = await broker.open(5)
  other.sendBytes(connect)
  await other.next('auth')
  await other.leave()
})
