/**
 * CRC32c, the checksum of RFC 3720 appendix B.4 that version 2 of the PROXY protocol may bear. Not the CRC-32 of Node's zlib: it has another
 * polynomial.
 */

/** Castagnoli's, its bits in reverse. */
const polynomial = 0x82f63b78
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte
  for (let bit = 0; bit < 8; bit++) rest = (rest & 1) === 0 ? rest >>> 1 : (rest >>> 1) ^ polynomial
  return rest
})

/** As an unsigned number of 32 bits. */
export function crc32c(bytes: Uint8Array): number {
  let rest = 0xffff_ffff
  for (const byte of bytes) rest = (rest >>> 8) ^ (table[(rest ^ byte) & 0xff] ?? 0)
  return ~rest >>> 0
}
