import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DecoderOptions, PacketDecoder } from './packet-decoder.ts'
import { ProtocolViolation } from './protocol-violation.ts'

const options: DecoderOptions = { role: 'server', connectBytesMax: 64, packetBytesMax: 200, propertiesMax: 10 }
const connect = Buffer.from('100d00044d51545405020000000000', 'hex')

/** A server's decoder that has had its CONNECT. */
function connected(): PacketDecoder {
  const decoder = new PacketDecoder(options)
  decoder.push(connect)
  assert.equal(decoder.next()?.type, 'connect')
  return decoder
}

function refuses(decoder: PacketDecoder, hex: string, reasonCode: number): void {
  decoder.push(Buffer.from(hex, 'hex'))
  assert.throws(
    () => decoder.next(),
    (error) => error instanceof ProtocolViolation && error.reasonCode === reasonCode,
    hex,
  )
}

/** A PUBLISH to `a` of so many bytes in all: at least 7, at most 129. */
function publishOf(size: number): Buffer {
  const packet = Buffer.alloc(size)
  packet.set([0x30, size - 2, 0, 1, 0x61, 0])
  return packet
}

test('a packet larger than allowed is refused by its header alone, before a byte of it has come', () => {
  refuses(new PacketDecoder(options), '1040', 0x95)
  refuses(connected(), '30c701', 0x95)
  const decoder = connected()
  decoder.push(Buffer.from('30c501', 'hex'))
  assert.equal(decoder.next(), null)
  assert.equal(decoder.bufferedBytes, 3)
})

test('the limit of CONNECT ends with CONNECT', () => {
  const decoder = connected()
  decoder.push(publishOf(100))
  assert.equal(decoder.next()?.type, 'publish')
})

test('the first packet is told by its first byte, and must be CONNECT', () => {
  for (const first of ['30', 'c0', '16', '00', 'f0'])
    refuses(new PacketDecoder(options), first, first === '16' ? 0x81 : 0x82)
})

test('what only a server sends is a Protocol Error from a client, and the other way round', () => {
  for (const hex of ['20', '90', 'b0', 'd0']) refuses(connected(), hex, 0x82)
  const client = (): PacketDecoder => new PacketDecoder({ ...options, role: 'client', protocolVersion: 5 })
  for (const hex of ['10', '82', 'a2', 'c0']) refuses(client(), hex, 0x82)
})

test('AUTH is unknown in 3.1.1', () => {
  const decoder = new PacketDecoder({ ...options, role: 'client', protocolVersion: 4 })
  refuses(decoder, 'f000', 0x81)
})

test('a Remaining Length longer than needed or than four bytes is malformed', () => {
  refuses(connected(), '308000', 0x81)
  refuses(connected(), '3080808080', 0x81)
})

test('a packet that comes byte by byte is the same, and takes no more room than itself', () => {
  const decoder = connected()
  const bytes = publishOf(120)
  for (const [position, byte] of bytes.entries()) {
    assert.equal(decoder.next(), null)
    decoder.push(Buffer.from([byte]))
    assert.ok(decoder.bufferedBytes <= position)
  }
  const packet = decoder.next()
  assert.ok(packet?.type === 'publish')
  assert.deepEqual(packet.bytes, bytes)
  assert.ok(packet.bytes.buffer.byteLength <= 240)
  assert.equal(decoder.bufferedBytes, 0)
})

test('packets are found wherever the chunks are cut', () => {
  const all = Buffer.concat([publishOf(7), publishOf(50), publishOf(20), Buffer.from('c000', 'hex')])
  for (let cut = 0; cut <= all.length; cut++) {
    const decoder = connected()
    const found: string[] = []
    for (const chunk of [all.subarray(0, cut), all.subarray(cut)]) {
      decoder.push(chunk)
      for (let packet = decoder.next(); packet !== null; packet = decoder.next()) {
        found.push(packet.type === 'publish' ? String(packet.packetEnd - packet.packetStart) : packet.type)
      }
    }
    assert.deepEqual(found, ['7', '50', '20', 'pingreq'], `cut at ${cut}`)
  }
})
