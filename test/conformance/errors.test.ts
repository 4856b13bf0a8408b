/**
 * What follows from an error: MQTT 5.0 section 4.13, 3.1.1 section 4.8.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectPacket, field, packet } from '../support/packet-hex.ts'
import { startTestBroker } from '../support/test-broker.ts'

test('[MQTT-4.13.1-1] a Malformed Packet or Protocol Error closes the connection with its Reason Code', async () => {
  await using broker = await startTestBroker()
  for (const [bytes, reasonCode] of [
    ['0000', 0x81],
    ['c00100', 0x81],
    [packet('30', '0005', '61'), 0x81],
    [packet('30', field('a+'), '00'), 0x81],
    [packet('36', field('a'), '0001', '00'), 0x81],
    [packet('82', '0001', '00', field('a'), '03'), 0x81],
    [packet('82', '0001', '00', field('a'), '30'), 0x82],
    [packet('82', '0001', '00'), 0x82],
    [packet('32', field('a'), '0000', '00'), 0x82],
    [packet('30', field(''), '00'), 0x82],
    [packet('30', field('a'), '02 0102'), 0x82],
    [packet('30', field('a'), '05 1100000001'), 0x82],
    [packet('30', field('a'), '0a 0200000001 0200000001'), 0x82],
    [packet('30', field('a'), '03 230000'), 0x94],
    [connectPacket(5, 2, field('c')), 0x82],
    [packet('20', '0000', '00'), 0x82],
    [packet('90', '0001', '00', '00'), 0x82],
    ['d000', 0x82],
    ['f000', 0x82],
  ] as const) {
    using client = await broker.client(5)
    client.sendBytes(bytes)
    assert.equal((await client.next('disconnect')).reasonCode, reasonCode, bytes)
    await client.closed()
  }
})

test('[MQTT-4.13.2-1] the connection is closed even if the client takes no packet that could say why', async () => {
  await using broker = await startTestBroker()
  using client = await broker.client(5, {
    clientIdentifier: 'c',
    keepAliveSeconds: 60,
    properties: { maximumPacketSize: 16 },
  })
  client.sendBytes('f000')
  assert.equal((await client.next('disconnect')).properties.reasonString, undefined)
  await client.closed()
  using deaf = await broker.open(5)
  deaf.sendBytes(connectPacket(5, 2, field('c'), '27 00000002'))
  await deaf.closed()
})

test('[MQTT-4.13.2-1] the connection is closed after a CONNACK at or above 0x80', async () => {
  await using broker = await startTestBroker({ authenticate: () => false })
  using client = await broker.open(5)
  assert.equal((await client.connect()).reasonCode, 0x86)
  await client.closed()
})

test('[MQTT-4.13.2-1] the connection is closed after a DISCONNECT of the client at or above 0x80', async () => {
  await using broker = await startTestBroker()
  using client = await broker.client(5)
  client.send({ type: 'disconnect', reasonCode: 0x81, properties: {} })
  await client.closed()
})

test('[MQTT3-4.8.0-1] a protocol violation closes the connection it came over, and no other', async () => {
  await using broker = await startTestBroker()
  using other = await broker.client(4)
  for (const bytes of [
    '0000',
    'f000',
    'c00100',
    packet('30', field('')),
    packet('30', field('a+')),
    packet('32', field('a'), '0000'),
    packet('82', '0001'),
    packet('82', '0001', field('a'), '04'),
    connectPacket(4, 2, field('c')),
    packet('20', '0000'),
    'd000',
  ]) {
    using client = await broker.client(4)
    client.sendBytes(bytes)
    await client.closed()
  }
  await other.quiet()
})

test('[MQTT3-4.8.0-2] a message that cannot be taken for now closes the connection, and is not acknowledged', async () => {
  await using broker = await startTestBroker({ limits: { sessionQueueMessagesMax: 1 } })
  const away = await broker.client(4, { clientIdentifier: 'away', cleanStart: false })
  await away.subscribe('a')
  await away.leave()
  for (const qos of [1, 2] as const) {
    using client = await broker.client(4)
    if (qos === 1) {
      client.publish({ topicName: 'a', qos, packetId: 1 })
      await client.next('puback')
    }
    client.publish({ topicName: 'a', qos, packetId: 2 })
    await client.closed()
  }
})
