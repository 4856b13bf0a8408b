/**
 * Faults as decoders and brokers have them: behind conditions that chance alone does not meet all at once.
 */
import type { Script } from './script.ts'

/** Five bytes, each looked at when the one before is right. */
export function readPlanted(input: Buffer): void {
  if (input[0] !== 0x50) return
  if (input[1] !== 0x41) return
  if (input[2] !== 0x42) return
  if (input[3] !== 0x4c) return
  if (input[4] !== input.length) return
  throw new Error('planted')
}

/** A client that does five things in that order, with a mistake in the last. */
export function takePlanted({ packets }: Script): void {
  const types = packets.map((packet) => (packet[0] ?? 0) >> 4)
  if (types[1] !== 8) return
  if (types[2] !== 10) return
  if (types[3] !== 6) return
  if (types[4] !== 8) return
  if (types[5] !== 4) return
  if (packets[5]?.[1] !== 0x7f) return
  throw new Error('planted')
}
