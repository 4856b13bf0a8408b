/**
 * Bytes to keep: a copy with memory of its own.
 *
 * `Buffer.from` would take a piece of the 64 KiB that Node gives to whoever asks next: one short value that stays keeps all of it.
 */
export function ownBytes(bytes: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(end - start)
  bytes.copy(copy, 0, start, end)
  return copy
}
