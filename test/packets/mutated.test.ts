/**
 * A million packets that somebody damaged: the decoder complains or decodes, quickly, and keeps no more than it may.
 *
 * PABAL_MUTATIONS changes the number, PABAL_SEED the seed.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PacketDecoder, ProtocolViolation } from '../../src/protocol/index.ts'
import { type Chance, makeChance } from '../support/chance.ts'
import { connects, encode, samples } from './generate.ts'

const count = Number(process.env.PABAL_MUTATIONS ?? 1_000_000)
const seed = Number(process.env.PABAL_SEED ?? 20_261_124)
const packetBytesMax = 4096
const limits = { connectBytesMax: 4096, packetBytesMax, propertiesMax: 100 }

function mutate(original: Buffer, other: Buffer, chance: Chance): Buffer {
  let bytes = Buffer.from(original)
  for (let round = chance(3); round >= 0; round--) {
    const position = chance(bytes.length)
    switch (chance(5)) {
      case 0:
        bytes[position] = (bytes[position] ?? 0) ^ (1 << chance(8))
        break
      case 1:
        bytes[position] = chance(256)
        break
      case 2:
        bytes = bytes.subarray(0, position + 1)
        break
      case 3:
        if (bytes.length > 1) bytes[1] = chance(256)
        break
      default:
        bytes = Buffer.concat([bytes.subarray(0, position), other.subarray(chance(other.length))])
    }
    if (bytes.length === 0) return original
  }
  return bytes
}

test('damaged packets are refused by name or decoded, fast and in bounded memory', () => {
  const chance = makeChance(seed)
  const corpus = fc
    .sample(samples, { numRuns: 1000, seed })
    .map(({ role, version, packet }) => ({ role, version, bytes: encode(packet, version) }))
  const first = ([4, 5] as const).flatMap((version) =>
    fc
      .sample(connects(version), { numRuns: 100, seed })
      .map((packet) => ({ role: 'server' as const, version: 0 as const, bytes: encode(packet, version) })),
  )
  const all = [...corpus, ...first]
  let slowestMs = 0
  let refused = 0
  for (let number = 0; number < count; number++) {
    const { role, version, bytes } = all[chance(all.length)] ?? all[0] ?? assert.fail()
    const damaged = mutate(bytes, all[chance(all.length)]?.bytes ?? bytes, chance)
    const isFirst = role === 'server' && version === 0
    const decoder = new PacketDecoder(
      isFirst ? { role, ...limits } : { role: 'client', ...limits, protocolVersion: version || 5 },
    )
    const beganMs = performance.now()
    try {
      decoder.push(damaged)
      while (decoder.next() !== null);
      assert.ok(decoder.bufferedBytes <= packetBytesMax)
    } catch (error) {
      assert.ok(
        error instanceof ProtocolViolation,
        `seed ${seed}, packet ${number}, ${damaged.toString('hex')}: ${error}`,
      )
      refused += 1
    }
    slowestMs = Math.max(slowestMs, performance.now() - beganMs)
  }
  assert.ok(refused > count / 10 && refused < count)
  // Ten times what the decoder is held to: this is a shared machine, and a pause for garbage counts.
  assert.ok(slowestMs < 500, `the slowest took ${slowestMs} ms`)
})
