import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32c } from './crc32c.ts'

test('the examples of RFC 3720 have the checksums that stand there', () => {
  const ascending = Uint8Array.from({ length: 32 }, (_, index) => index)
  const examples: [bytes: Uint8Array, checksum: number][] = [
    [new Uint8Array(32), 0x8a91_36aa],
    [new Uint8Array(32).fill(0xff), 0x62a8_ab43],
    [ascending, 0x46dd_794e],
    [ascending.toReversed(), 0x113f_db5c],
    [Buffer.from('123456789'), 0xe306_9283],
    [new Uint8Array(0), 0],
  ]
  for (const [bytes, checksum] of examples) assert.equal(crc32c(bytes), checksum)
})

test('one bit that is another is noticed, wherever it is', () => {
  const bytes = Buffer.from('PROXY protocol')
  const before = crc32c(bytes)
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const damaged = Buffer.from(bytes)
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    assert.notEqual(crc32c(damaged), before)
  }
})
