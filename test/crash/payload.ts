/**
 * What a message of the crash test carries: whose it is and its number; the rest follows from the number.
 */
const headerSize = 8

export function makePayload(stream: number, sequence: number): Buffer {
  const payload = Buffer.allocUnsafe(sizeOf(sequence)).fill(sequence & 0xff)
  payload.writeUInt32LE(stream, 0)
  payload.writeUInt32LE(sequence, 4)
  return payload
}

/** Null if it is not as it was made. */
export function readPayload(payload: Buffer): { stream: number; sequence: number } | null {
  if (payload.length < headerSize) return null
  const stream = payload.readUInt32LE(0)
  const sequence = payload.readUInt32LE(4)
  if (payload.length !== sizeOf(sequence)) return null
  const filler = sequence & 0xff
  for (let index = headerSize; index < payload.length; index++) if (payload[index] !== filler) return null
  return { stream, sequence }
}

/** Bytes. Small ones mostly, now and then a large one. */
function sizeOf(sequence: number): number {
  return headerSize + ((sequence * 7) % 60) + (sequence % 499 === 0 ? 20_000 : 0)
}
