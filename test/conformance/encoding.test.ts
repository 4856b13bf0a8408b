/**
 * Strings and Variable Byte Integers: MQTT 5.0 section 1.5, 3.1.1 section 1.5.3.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertMalformed, connectPacket, field, packet, sized } from '../support/packet-hex.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'

const versions: readonly (4 | 5)[] = [4, 5]

async function refuses(broker: TestBroker, version: 4 | 5, bytes: string): Promise<void> {
  using client = await broker.client(version)
  client.sendBytes(bytes)
  await client.refused(0x81)
}

/** Puts `bad` wherever a packet of a client holds a string. */
async function refusesEverywhere(broker: TestBroker, bad: Buffer): Promise<void> {
  const text = field(bad)
  for (const version of versions) {
    const noProperties = version === 5 ? '00' : ''
    await assertMalformed(broker, version, connectPacket(version, 0x02, text))
    await assertMalformed(broker, version, connectPacket(version, 0x82, field('c') + text))
    await assertMalformed(broker, version, connectPacket(version, 0x06, field('c') + noProperties + text + field('')))
    await refuses(broker, version, packet('30', text, noProperties))
    await refuses(broker, version, packet('82', '0001', noProperties, text, '00'))
    await refuses(broker, version, packet('a2', '0001', noProperties, text))
  }
  for (const identifier of ['03', '08']) await refuses(broker, 5, packet('30', field('a'), sized(identifier + text)))
  await refuses(broker, 5, packet('e0', '00', sized(`1f${text}`)))
}

test('[MQTT-1.5.4-1] [MQTT3-1.5.3-1] a string that is not well-formed UTF-8, or holds a surrogate, closes the connection', async () => {
  await using broker = await startTestBroker()
  for (const bad of ['eda080', 'edbfbf', 'c0af', 'f4908080', '80', 'e282']) {
    await refusesEverywhere(broker, Buffer.from(bad, 'hex'))
  }
})

test('[MQTT-1.5.4-1] [MQTT3-1.5.3-1] characters next to the surrogates and up to U+10FFFF arrive as they were sent', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version, { clientIdentifier: '\ud7ff\ue000' })
    const topicName = '\ud7ff/\ue000/\uffff/\u{10ffff}/\u0001/커피'
    assert.equal(await client.subscribe(topicName), 2)
    client.publish({ topicName })
    assert.equal((await client.message()).topicName, topicName)
  }
})

test('[MQTT-1.5.4-2] [MQTT3-1.5.3-2] a string that holds U+0000 closes the connection', async () => {
  await using broker = await startTestBroker()
  for (const bad of ['00', '610062', 'ea b0 80 00']) {
    await refusesEverywhere(broker, Buffer.from(bad.replaceAll(' ', ''), 'hex'))
  }
})

test('[MQTT-1.5.4-1] [MQTT-1.5.4-2] the Reason String says which of the two rules a string breaks', async () => {
  await using broker = await startTestBroker()
  for (const [bad, statement] of [
    ['0001 80', /is not well-formed UTF-8 \[MQTT-1\.5\.4-1\]$/],
    ['0001 00', /holds the character U\+0000 \[MQTT-1\.5\.4-2\]$/],
  ] as const) {
    using client = await broker.client(5)
    client.sendBytes(packet('a2', '0001', '00', bad))
    const { properties } = await client.next('disconnect')
    assert.match(properties.reasonString ?? '', statement)
  }
})

test('[MQTT-1.5.4-2] a program cannot make the broker send U+0000', async () => {
  const reasonString = 'no\u0000body'
  await using broker = await startTestBroker({
    authenticate: ({ userName }) => userName === null || { type: 'refused', reasonString },
  })
  const message = { topicName: 'a', payload: '' }
  for (const properties of [{ contentType: 'a\u0000' }, { userProperties: [['a', '\u0000']] as const }]) {
    await assert.rejects(broker.broker.publish({ ...message, properties }), /this is no value for/)
  }
  await assert.rejects(broker.broker.publish({ ...message, topicName: 'a\u0000' }), /U\+0000/)
  using client = await broker.open(5)
  const connack = await client.connect({ userName: 'minji' })
  assert.equal(connack.properties.reasonString?.includes('\u0000'), false)
})

test('[MQTT-1.5.4-1] a program cannot make the broker send half of a surrogate pair, or more bytes than a string has', async () => {
  await using broker = await startTestBroker()
  for (const contentType of ['a\ud800', 'x'.repeat(65_536), '각'.repeat(30_000)]) {
    await assert.rejects(broker.broker.publish({ topicName: 'a', properties: { contentType } }), /Content Type/)
  }
  using client = await broker.client(5)
  await client.subscribe('a')
  const contentType = 'x'.repeat(65_535)
  await broker.broker.publish({ topicName: 'a', qos: 0, properties: { contentType } })
  assert.equal((await client.message()).properties.contentType, contentType)
})

test('[MQTT-1.5.4-3] [MQTT3-1.5.3-3] the bytes EF BB BF at the beginning of a string stay there', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using marked = await broker.client(version)
    using plain = await broker.client(version)
    await marked.subscribe('\ufeffa')
    await plain.subscribe('a')
    const noProperties = version === 5 ? '00' : ''
    marked.sendBytes(packet('30', '0004 efbbbf61', noProperties, '31'))
    const { bytes, topicNameStart, topicNameEnd } = await marked.message()
    assert.equal(bytes.toString('hex', topicNameStart, topicNameEnd), 'efbbbf61')
    await plain.quiet()
  }
})

test('[MQTT-1.5.5-1] a Remaining Length in more bytes than it needs closes the connection', async () => {
  await using broker = await startTestBroker()
  for (const length of ['80 00', '80 80 00', '80 80 80 00', '84 00', '80 80 80 80 01']) {
    await refuses(broker, 5, `c0 ${length}`)
    await refuses(broker, 5, `30 ${length} 0001 61 00`)
  }
})

test('[MQTT-1.5.5-1] a Property Length or Subscription Identifier in more bytes than it needs closes the connection', async () => {
  await using broker = await startTestBroker()
  await refuses(broker, 5, packet('30', field('a'), '80 00'))
  await refuses(broker, 5, packet('30', field('a'), '82 00 01 01'))
  await refuses(broker, 5, packet('82', '0001', '03 0b 81 00', field('a'), '00'))
  await refuses(broker, 5, packet('82', '0001', '06 0b 80 80 80 80 01', field('a'), '00'))
})

test('[MQTT-1.5.5-1] the broker writes each length in the fewest bytes, and takes the longest of each size', async () => {
  await using broker = await startTestBroker({ limits: { packetBytesMax: 4_194_304 } })
  using client = await broker.client(5)
  await client.subscribe('a', { qos: 1 })
  for (const [length, digits] of [
    [127, '7f'],
    [128, '8001'],
    [16_383, 'ff7f'],
    [16_384, '808001'],
    [2_097_151, 'ffff7f'],
    [2_097_152, '80808001'],
  ] as const) {
    // Topic Name, Packet Identifier and Property Length take six bytes.
    client.publish({ topicName: 'a', payload: Buffer.alloc(length - 6), qos: 1, packetId: 1 })
    const answer = await client.nextOf('puback', 'publish')
    const message = answer.type === 'publish' ? answer : await client.message()
    if (answer.type === 'publish') await client.next('puback')
    const { bytes, packetStart, packetEnd } = message
    assert.equal(bytes.toString('hex', packetStart + 1, packetStart + 1 + digits.length / 2), digits)
    assert.equal(packetEnd - packetStart, 1 + digits.length / 2 + length)
    client.acknowledge('puback', message.packetId)
  }
})

test('[MQTT-1.5.7-1] the name and the value of a User Property each keep the rules for strings', async () => {
  await using broker = await startTestBroker()
  for (const bad of [Buffer.from([0]), Buffer.from('eda080', 'hex')]) {
    for (const pair of [field(bad) + field('v'), field('n') + field(bad)]) {
      const properties = sized(`26${pair}`)
      await refuses(broker, 5, packet('30', field('a'), properties))
      await refuses(broker, 5, packet('82', '0001', properties, field('a'), '00'))
    }
  }
})

test('[MQTT-1.5.7-1] a User Property of any characters, even none, arrives as it was sent', async () => {
  await using broker = await startTestBroker()
  using client = await broker.client(5)
  await client.subscribe('a')
  const userProperties = [
    ['', ''],
    ['이름', '값'],
    ['이름', '\ufeff\u{10ffff}'],
  ] as const
  client.publish({ topicName: 'a', properties: { userProperties } })
  assert.deepEqual((await client.message()).properties.userProperties, userProperties)
})
