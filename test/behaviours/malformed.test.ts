/**
 * Behaviours brokers get wrong, 1 to 24: packets that break the rules.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertMalformed, connectPacket, field, outcome, packet, sized } from '../support/packet-hex.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import type { WireClient } from '../support/wire-client.ts'

const versions: readonly (4 | 5)[] = [4, 5]

/** Sends bytes after CONNACK: 5.0 is told that Reason Code, both are closed. */
async function refuses(broker: TestBroker, version: 4 | 5, bytes: string, reasonCode: number): Promise<void> {
  using client = await broker.client(version)
  client.sendBytes(bytes)
  await client.refused(reasonCode)
}

test('behaviour 1: Will QoS 3 and the reserved flag are malformed', async () => {
  await using broker = await startTestBroker()
  const will = `${field('w')}${field('x')}`
  await assertMalformed(broker, 5, connectPacket(5, 0x1e, `${field('c')}00${will}`))
  await assertMalformed(broker, 4, connectPacket(4, 0x1e, `${field('c')}${will}`))
  await assertMalformed(broker, 5, connectPacket(5, 3, field('c')))
  await assertMalformed(broker, 4, connectPacket(4, 3, field('c')))
})

test('behaviour 2: Will QoS or Will Retain without Will Flag is malformed', async () => {
  await using broker = await startTestBroker()
  for (const flags of [0x0a, 0x12, 0x22]) {
    await assertMalformed(broker, 5, connectPacket(5, flags, field('c')))
    await assertMalformed(broker, 4, connectPacket(4, flags, field('c')))
  }
})

test('behaviour 3: bytes behind the last field of CONNECT are malformed', async () => {
  await using broker = await startTestBroker()
  await assertMalformed(broker, 5, connectPacket(5, 2, `${field('c')}00`))
  await assertMalformed(broker, 4, connectPacket(4, 2, `${field('c')}00`))
})

test('behaviour 4: a Password without a User Name is for 5.0 only', async () => {
  await using broker = await startTestBroker()
  assert.equal(await outcome(broker, 5, connectPacket(5, 0x42, `${field('c')}${field('p')}`)), 0)
  await assertMalformed(broker, 4, connectPacket(4, 0x42, `${field('c')}${field('p')}`))
})

test('behaviour 5: other protocol names and levels are refused in the form of their version', async () => {
  await using broker = await startTestBroker()
  assert.equal(await outcome(broker, 4, connectPacket(3, 2, field('c'))), 1)
  assert.equal(await outcome(broker, 4, connectPacket(4, 2, field('c'), '', 'MQIsdp')), 1)
  assert.equal(await outcome(broker, 4, connectPacket(3, 2, field('c'), '', 'MQIsdp')), 1)
  assert.equal(await outcome(broker, 5, connectPacket(6, 2, field('c'))), 0x84)
})

test('behaviour 6: an empty Client Identifier is given one, except to keep a Session in 3.1.1', async () => {
  await using broker = await startTestBroker()
  assert.equal(await outcome(broker, 4, connectPacket(4, 0, field(''))), 2)
  for (const cleanStart of [true, false]) {
    using client = await broker.open(5)
    const { properties } = await client.connect({ cleanStart })
    assert.match(properties.assignedClientIdentifier ?? '', /^pabal-/)
  }
})

test('behaviour 7: U+0000 and surrogates close the connection wherever there is text', async () => {
  await using broker = await startTestBroker()
  for (const bad of ['000100', '0003eda080']) {
    for (const version of versions) {
      await assertMalformed(broker, version, connectPacket(version, 2, bad))
      await assertMalformed(broker, version, connectPacket(version, 0x82, `${field('c')}${bad}`))
      const will = `${field('c')}${version === 5 ? '00' : ''}${bad}${field('x')}`
      await assertMalformed(broker, version, connectPacket(version, 6, will))
      const properties = version === 5 ? '00' : ''
      await refuses(broker, version, packet('30', bad, properties), 0x81)
      await refuses(broker, version, packet('82', '0001', properties, bad, '00'), 0x81)
    }
  }
})

test('behaviour 8: the rules for text hold in properties too', async () => {
  await using broker = await startTestBroker()
  for (const property of ['03000100', '08000100', '26000100000161', '26000161000100']) {
    await refuses(broker, 5, packet('30', field('a'), sized(property)), 0x81)
  }
  await refuses(broker, 5, 'e006 00 04 1f000100', 0x81)
})

test('behaviour 9: wrong flags of a fixed header close the connection', async () => {
  await using broker = await startTestBroker()
  const packets = [
    'c100',
    'c800',
    '41020001',
    '51020001',
    '60020001',
    '71020001',
    'e100',
    '8006 0001 00 000161 00',
    'a006 0001 00 000161',
  ]
  for (const version of versions) for (const packet of packets) await refuses(broker, version, packet, 0x81)
})

test('behaviour 10: PINGREQ with a body closes the connection', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) await refuses(broker, version, 'c00100', 0x81)
})

test('behaviour 11: acknowledgements too short, too long or for Packet Identifier 0 close the connection', async () => {
  await using broker = await startTestBroker()
  for (const first of ['40', '50', '62', '70']) {
    for (const version of versions) {
      await refuses(broker, version, `${first}0100`, 0x81)
      await refuses(broker, version, `${first}020000`, 0x82)
    }
    await refuses(broker, 4, `${first}03000100`, 0x81)
    await refuses(broker, 5, `${first}050001000000`, 0x81)
  }
})

test('behaviour 12: QoS bits 11 are malformed', async () => {
  await using broker = await startTestBroker()
  await refuses(broker, 5, '3608 000161 0001 00 7878', 0x81)
  await refuses(broker, 4, '3607 000161 0001 7878', 0x81)
})

test('behaviour 13: DUP at QoS 0 closes the connection', async () => {
  await using broker = await startTestBroker()
  await refuses(broker, 5, '3804 000161 00', 0x81)
  await refuses(broker, 4, '3803 000161', 0x81)
})

test('behaviour 14: Packet Identifier 0 closes the connection without acknowledgement', async () => {
  await using broker = await startTestBroker()
  for (const packet of [
    '3206 000161 0000 00',
    '3406 000161 0000 00',
    '8207 0000 00 000161 00',
    'a206 0000 00 000161',
  ]) {
    await refuses(broker, 5, packet, 0x82)
  }
  for (const packet of ['3205 000161 0000', '8206 0000 000161 00', 'a205 0000 000161']) {
    await refuses(broker, 4, packet, 0x82)
  }
})

test('behaviour 15: QoS 3, Retain Handling 3 and reserved Subscription Options close the connection', async () => {
  await using broker = await startTestBroker()
  for (const [options, code] of [
    ['03', 0x81],
    ['30', 0x82],
    ['40', 0x81],
    ['80', 0x81],
  ] as const) {
    await refuses(broker, 5, `8207 0001 00 000161 ${options}`, code)
  }
  for (const options of ['03', '04', '80']) await refuses(broker, 4, `8206 0001 000161 ${options}`, 0x81)
})

test('behaviour 16: No Local on a Shared Subscription is a Protocol Error', async () => {
  await using broker = await startTestBroker()
  using client = await broker.client(5)
  const request = {
    topicFilter: '$share/g/a',
    qos: 1,
    noLocal: true,
    retainAsPublished: false,
    retainHandling: 0,
  } as const
  client.send({ type: 'subscribe', packetId: 1, subscriptions: [request], properties: {} })
  await client.refused(0x82)
})

test('behaviour 17: SUBSCRIBE and UNSUBSCRIBE without a filter close the connection', async () => {
  await using broker = await startTestBroker()
  for (const first of ['82', 'a2']) {
    await refuses(broker, 5, `${first}03000100`, 0x82)
    await refuses(broker, 4, `${first}020001`, 0x82)
  }
})

test('behaviour 18: invalid filters are never granted', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version)
    for (const filter of ['a/#/b', 'a+', '#a', 'a/b+', '+a/b', 'a#']) {
      assert.equal(await client.subscribe(filter), version === 5 ? 0x8f : 0x80, filter)
    }
  }
})

test('behaviour 19: a property twice, or one that does not belong, is a Protocol Error', async () => {
  await using broker = await startTestBroker()
  assert.equal(await outcome(broker, 5, connectPacket(5, 2, field('c'), '11 00000001 11 00000001')), 0x82)
  assert.equal(await outcome(broker, 5, connectPacket(5, 2, field('c'), '0101')), 0x82)
  await refuses(broker, 5, '3008 000161 04 0101 0101', 0x82)
  await refuses(broker, 5, '3009 000161 05 1100000001', 0x82)
})

test('behaviour 20: values out of range are refused', async () => {
  await using broker = await startTestBroker()
  for (const properties of ['210000', '2700000000', '1702', '1902']) {
    assert.equal(await outcome(broker, 5, connectPacket(5, 2, field('c'), properties)), 0x82, properties)
  }
  await refuses(broker, 5, '3006 000161 02 0102', 0x82)
  await refuses(broker, 5, '3007 000161 03 230000', 0x94)
  await refuses(broker, 5, '8209 0001 02 0b00 000161 00', 0x82)
})

test('behaviour 21: Authentication Data without a method is a Protocol Error', async () => {
  await using broker = await startTestBroker()
  assert.equal(await outcome(broker, 5, connectPacket(5, 2, field('c'), '16000161')), 0x82)
})

test('behaviour 22: a Subscription Identifier from a client is refused and not forwarded', async () => {
  await using broker = await startTestBroker()
  using subscriber = await broker.client(5)
  await subscriber.subscribe('a')
  await refuses(broker, 5, '3006 000161 02 0b01', 0x82)
  await subscriber.quiet()
})

test('behaviour 23: an empty Response Topic, or one with a wildcard, is refused', async () => {
  await using broker = await startTestBroker()
  await refuses(broker, 5, '3007 000161 03 080000', 0x82)
  await refuses(broker, 5, '3008 000161 04 08000123', 0x82)
  assert.equal(
    await outcome(broker, 5, connectPacket(5, 6, `${field('c')}04 08 0001 2b ${field('w')}${field('x')}`)),
    0x82,
  )
})

test('behaviour 24: a first packet that is too large, or no CONNECT, is refused before it is buffered', async () => {
  await using broker = await startTestBroker()
  const refusedAt: WireClient[] = []
  for (const first of ['10ffffff7f', '30ffffff7f', '10808008']) {
    const client = await broker.open(4)
    client.sendBytes(first)
    await client.closed()
    refusedAt.push(client)
  }
  assert.equal(refusedAt.length, 3)
})
