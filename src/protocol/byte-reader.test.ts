import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteReader } from './byte-reader.ts'
import { ProtocolViolation } from './protocol-violation.ts'

function reader(hex: string, version = 5): ByteReader {
  const bytes = Buffer.from(`ff${hex}ff`, 'hex')
  return new ByteReader(bytes, 1, bytes.length - 1, version)
}

function violates(read: () => unknown, reasonCode: number, statement: string): void {
  assert.throws(
    read,
    (error) => error instanceof ProtocolViolation && error.reasonCode === reasonCode && error.statement === statement,
  )
}

test('[MQTT-1.5.5-1] a Variable Byte Integer has at most four bytes, and no more than it needs', () => {
  assert.equal(reader('00').readVariableByteInteger('x'), 0)
  assert.equal(reader('7f').readVariableByteInteger('x'), 127)
  assert.equal(reader('8001').readVariableByteInteger('x'), 128)
  assert.equal(reader('ffffff7f').readVariableByteInteger('x'), 268_435_455)
  for (const hex of ['8000', '808000', 'ff8000', 'ffffffff', '8080808001']) {
    violates(() => reader(hex).readVariableByteInteger('x'), 0x81, 'MQTT-1.5.5-1')
  }
})

test('nothing is read behind the end of the packet, although the chunk goes on', () => {
  violates(() => reader('').readByte('x'), 0x81, 'MQTT-4.13.1-1')
  violates(() => reader('01').readUint16('x'), 0x81, 'MQTT-4.13.1-1')
  violates(() => reader('010203').readUint32('x'), 0x81, 'MQTT-4.13.1-1')
  violates(() => reader('80').readVariableByteInteger('x'), 0x81, 'MQTT-4.13.1-1')
  violates(() => reader('000261').readString('x'), 0x81, 'MQTT-4.13.1-1')
  violates(() => reader('000261').readBinary('x'), 0x81, 'MQTT-4.13.1-1')
})

test('binary data is a copy, so that the chunk may go', () => {
  const source = reader('00020102')
  const value = source.readBinary('x')
  source.bytes.fill(9)
  assert.deepEqual([...value], [1, 2])
  assert.equal(source.remaining, 0)
})

test('a fault is named by the statement of the version it is found in', () => {
  violates(() => reader('0001ff', 5).readString('x'), 0x81, 'MQTT-1.5.4-1')
  violates(() => reader('0001ff', 4).readString('x'), 0x81, 'MQTT3-1.5.3-1')
  violates(() => reader('0000', 5).readPacketId(), 0x82, 'MQTT-2.2.1-3')
  violates(() => reader('0000', 4).readPacketId(), 0x82, 'MQTT3-2.3.1-1')
})

test('what is left over after the last field is malformed', () => {
  const source = reader('0102')
  source.readByte('x')
  violates(() => source.expectEnd('PUBACK'), 0x81, 'MQTT-4.13.1-1')
  source.readByte('x')
  source.expectEnd('PUBACK')
})

test('Binary Data is a copy that keeps no more memory than it takes: a will or correlation data may stay for long', () => {
  assert.equal(reader('0003010203').readBinary('x').buffer.byteLength, 3)
})
