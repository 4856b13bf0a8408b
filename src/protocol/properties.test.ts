import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { decodeProperties, encodeProperties, type PropertyHolder, propertiesSize } from './properties.ts'
import { ProtocolViolation } from './protocol-violation.ts'

function decode(hex: string, holder: PropertyHolder = 'publish', propertiesMax = 10): object {
  const bytes = Buffer.from(hex, 'hex')
  return decodeProperties(new ByteReader(bytes, 0, bytes.length, 5), holder, { propertiesMax })
}

function refuses(hex: string, reasonCode: number, holder: PropertyHolder = 'publish', propertiesMax = 10): void {
  assert.throws(
    () => decode(hex, holder, propertiesMax),
    (error) => error instanceof ProtocolViolation && error.reasonCode === reasonCode,
    hex,
  )
}

test('properties are read up to their length and not beyond', () => {
  const bytes = Buffer.from('0201010909', 'hex')
  const reader = new ByteReader(bytes, 0, bytes.length, 5)
  assert.deepEqual(decodeProperties(reader, 'publish', { propertiesMax: 10 }), { payloadFormatIndicator: 1 })
  assert.equal(reader.remaining, 2)
})

test('a length beyond the packet and a property cut short are malformed', () => {
  refuses('0301', 0x81)
  refuses('020200', 0x81)
  refuses('80', 0x81)
})

test('a property that comes twice, or not in this packet, or with a value out of range, is a Protocol Error', () => {
  refuses('0401000101', 0x82)
  refuses('022501', 0x82)
  refuses('020102', 0x82)
  refuses('03210000', 0x82, 'connect')
  refuses('021702', 0x82, 'connect')
  refuses('020b00', 0x82)
  refuses('017f', 0x82)
})

test('[MQTT-3.3.2-8] Topic Alias 0 has a Reason Code of its own', () => {
  refuses('03230000', 0x94)
})

test('User Properties and Subscription Identifiers may repeat, and keep their order', () => {
  assert.deepEqual(decode('1226000161000131260001610001320b010b02'), {
    userProperties: [
      ['a', '1'],
      ['a', '2'],
    ],
    subscriptionIdentifiers: [1, 2],
  })
})

test('more bytes of properties than allowed are too many, the last one allowed is not', () => {
  const bytes = Buffer.from('050900020102', 'hex')
  const read = (propertiesBytesMax: number) =>
    decodeProperties(new ByteReader(bytes, 0, bytes.length, 5), 'publish', { propertiesMax: 1, propertiesBytesMax })
  assert.deepEqual(read(5), { correlationData: Buffer.from([1, 2]) })
  assert.throws(() => read(4), {
    message: '5 bytes of properties in PUBLISH; at most 4 are taken',
    limit: 'propertiesBytesMax',
  })
})

test('more properties than allowed are too many, the last one allowed is not', () => {
  const three = '12260001610000260001610000260001610000'
  assert.equal(Object.keys(decode(three, 'publish', 3)).length, 1)
  refuses(three, 0x95, 'publish', 2)
})

test('the size is known before anything is written, and what is written is read again', () => {
  const properties = {
    payloadFormatIndicator: 1,
    messageExpiryInterval: 4_000_000_000,
    topicAlias: 65_535,
    responseTopic: '답',
    correlationData: Buffer.from([1, 2]),
    userProperties: [['', 'é']],
    subscriptionIdentifiers: [1, 268_435_455],
  }
  const writer = new ByteWriter()
  const size = propertiesSize(properties)
  encodeProperties(writer, properties, size)
  assert.equal(writer.position, 1 + size)
  assert.deepEqual(decode(writer.bytes.subarray(0, writer.position).toString('hex')), properties)
})
