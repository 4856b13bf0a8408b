/**
 * What CONNACK announces, and that both sides keep to it: MQTT 5.0 section 3.2.2.3.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClientLink } from '../../src/server/client-link.ts'
import { connectPacket, field } from '../support/packet-hex.ts'
import { quietShell } from '../support/quiet-shell.ts'
import { RecordingChannel } from '../support/recording-channel.ts'
import { patient, startTestBroker } from '../support/test-broker.ts'

test('[MQTT-3.2.2-15] a packet as large as the Maximum Packet Size is taken, a larger one closes the connection', async () => {
  await using broker = await startTestBroker({ limits: { packetBytesMax: 100 } })
  using client = await broker.open(5)
  assert.equal((await client.connect()).properties.maximumPacketSize, 100)
  await client.subscribe('a', { qos: 0 })
  client.publish({ topicName: 'a', payload: Buffer.alloc(94) })
  assert.equal((await client.message()).payloadSize, 94)
  client.publish({ topicName: 'a', payload: Buffer.alloc(95) })
  await client.refused(0x95)
})

test('[MQTT-3.2.2-17] every alias up to the Topic Alias Maximum is taken, one above it closes the connection', async () => {
  await using broker = await startTestBroker({ limits: { topicAliasMaximum: 3 } })
  using client = await broker.open(5)
  assert.equal((await client.connect()).properties.topicAliasMaximum, 3)
  await client.subscribe('#', { qos: 0 })
  for (const topicAlias of [1, 2, 3]) client.publish({ topicName: `t${topicAlias}`, properties: { topicAlias } })
  for (const topicAlias of [3, 2, 1]) client.publish({ topicName: '', properties: { topicAlias } })
  const topicNames: string[] = []
  while (topicNames.length < 6) topicNames.push((await client.message()).topicName)
  assert.deepEqual(topicNames, ['t1', 't2', 't3', 't3', 't2', 't1'])
  client.publish({ topicName: 't4', properties: { topicAlias: 4 } })
  await client.refused(0x94)
})

test('[MQTT-3.2.2-18] where the Topic Alias Maximum is 0 every alias closes the connection', async () => {
  await using broker = await startTestBroker({ limits: { topicAliasMaximum: 0 } })
  using client = await broker.open(5)
  assert.equal((await client.connect()).properties.topicAliasMaximum ?? 0, 0)
  client.publish({ topicName: 'a', properties: { topicAlias: 1 } })
  await client.refused(0x94)
})

test('[MQTT-3.2.2-19] CONNACK goes without a Reason String that the client has no room for', async () => {
  await using broker = await startTestBroker({ authenticate: () => false })
  using roomy = await broker.open(5)
  const words = (await roomy.connect()).properties.reasonString ?? ''
  assert.ok(words.length > 0)
  // Fixed Header, flags, Reason Code, Property Length and the property's identifier and length come on top.
  for (const [spare, expected] of [
    [8, words],
    [7, undefined],
  ] as const) {
    using client = await broker.open(5)
    const connack = await client.connect({ properties: { maximumPacketSize: words.length + spare } })
    assert.deepEqual([connack.reasonCode, connack.properties.reasonString], [0x86, expected])
  }
})

test('[MQTT-3.2.2-19] CONNACK keeps to the room of a client whose CONNECT is malformed further on', async () => {
  await using broker = await startTestBroker()
  for (const [properties, expected] of [
    ['', 'string'],
    ['2700000014', 'undefined'],
  ] as const) {
    using client = await broker.open(5)
    client.sendBytes(connectPacket(5, 2, `${field('c')}00`, properties))
    const connack = await client.next('connack')
    assert.deepEqual([connack.reasonCode, typeof connack.properties.reasonString], [0x81, expected])
  }
})

test('[MQTT-3.2.2-20] CONNACK goes without User Properties that the client has no room for', () => {
  for (const [maximumPacketSize, expected] of [
    [19, [['name', 'value']]],
    [18, undefined],
  ] as const) {
    const channel = new RecordingChannel('client')
    const link = new ClientLink(channel, { url: 'tcp://test', tellsPublisher: true }, quietShell())
    const { connection } = link
    connection.protocolVersion = 5
    connection.maximumPacketSize = maximumPacketSize
    const properties = { userProperties: [['name', 'value']] as [string, string][] }
    link.send({
      type: 'packet',
      connection,
      packet: { type: 'connack', sessionPresent: false, reasonCode: 0, properties },
    })
    link.flush()
    const [connack] = channel.written
    assert.ok(connack?.type === 'connack')
    assert.deepEqual(connack.properties.userProperties, expected)
  }
})

test('[MQTT-3.2.2-21] the Server Keep Alive in CONNACK is what the broker goes by', async () => {
  await using broker = await startTestBroker({ limits: { keepAliveSecondsMax: 10 } })
  for (const keepAliveSeconds of [0, 100]) {
    using client = await broker.open(5)
    assert.equal((await client.connect({ keepAliveSeconds })).properties.serverKeepAlive, 10)
    broker.advanceBy(14)
    await client.quiet()
    broker.advanceBy(16)
    await client.refused(0x8d)
  }
})

test('[MQTT-3.2.2-22] without a Server Keep Alive in CONNACK the broker goes by the Keep Alive of CONNECT', async () => {
  await using broker = await startTestBroker(patient)
  using silent = await broker.open(5)
  assert.equal((await silent.connect({ keepAliveSeconds: 0 })).properties.serverKeepAlive, undefined)
  using client = await broker.open(5)
  assert.equal((await client.connect({ keepAliveSeconds: 20 })).properties.serverKeepAlive, undefined)
  broker.advanceBy(29)
  await client.quiet()
  broker.advanceBy(31)
  await client.refused(0x8d)
  broker.advanceBy(100_000)
  await silent.quiet()
})
