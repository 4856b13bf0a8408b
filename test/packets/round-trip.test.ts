/**
 * What is encoded is decoded again, however the bytes are cut.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ControlPacket, PacketDecoder } from '../../src/protocol/index.ts'
import { connects, encode, plain, type Role, type Sample, samples } from './generate.ts'

const limits = { connectBytesMax: 65_536, packetBytesMax: 1_048_576, propertiesMax: 100 }

/** A decoder that has had its CONNECT already, if it is a server's. */
function decoderFor(role: Role, version: 4 | 5): PacketDecoder {
  if (role === 'client') return new PacketDecoder({ role, ...limits, protocolVersion: version })
  const decoder = new PacketDecoder({ role, ...limits })
  decoder.push(
    Buffer.from(
      version === 5 ? '100d00044d51545405020000000000' : '100c00044d5154540402000000 00'.replace(' ', ''),
      'hex',
    ),
  )
  assert.equal(decoder.next()?.type, 'connect')
  assert.equal(decoder.next(), null)
  return decoder
}

function decodeAll(decoder: PacketDecoder, chunks: readonly Buffer[]): ControlPacket[] {
  const packets: ControlPacket[] = []
  for (const chunk of chunks) {
    decoder.push(chunk)
    for (let packet = decoder.next(); packet !== null; packet = decoder.next()) packets.push(packet)
  }
  return packets
}

function normal(packet: Sample['packet']): object {
  return JSON.parse(JSON.stringify(packet))
}

test('every packet is decoded as it was encoded', () => {
  fc.assert(
    fc.property(samples, ({ role, version, packet }) => {
      const decoded = decodeAll(decoderFor(role, version), [encode(packet, version)])
      assert.deepEqual(
        decoded.map((each) => normal(plain(each) as Sample['packet'])),
        [normal(packet)],
      )
    }),
    { numRuns: 5000 },
  )
})

test('every CONNECT is decoded as it was encoded', () => {
  for (const version of [4, 5] as const) {
    fc.assert(
      fc.property(connects(version), (packet) => {
        const decoder = new PacketDecoder({ role: 'server', ...limits })
        assert.deepEqual(
          decodeAll(decoder, [encode(packet, version)]).map((each) => normal(each as Sample['packet'])),
          [normal(packet)],
        )
        assert.equal(decoder.protocolVersion, version)
      }),
      { numRuns: 2000 },
    )
  }
})

test('cut at any byte, or fed one byte at a time, a packet is the same', () => {
  fc.assert(
    fc.property(samples, ({ role, version, packet }) => {
      const bytes = encode(packet, version)
      for (let cut = 1; cut < bytes.length; cut++) {
        const decoded = decodeAll(decoderFor(role, version), [bytes.subarray(0, cut), bytes.subarray(cut)])
        assert.deepEqual(
          decoded.map((each) => normal(plain(each) as Sample['packet'])),
          [normal(packet)],
        )
      }
      const single = Array.from(bytes, (_, position) => bytes.subarray(position, position + 1))
      const decoded = decodeAll(decoderFor(role, version), single)
      assert.deepEqual(
        decoded.map((each) => normal(plain(each) as Sample['packet'])),
        [normal(packet)],
      )
    }),
    { numRuns: 400 },
  )
})
