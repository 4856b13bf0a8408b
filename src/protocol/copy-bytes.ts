/**
 * Bytes that are kept, as a copy of their own.
 *
 * Not `Buffer.from`: that is a part of a block of 64 KiB that Node shares among small buffers, and one of them keeps all of it.
 */
export function copyBytes(bytes: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(end - start)
  bytes.copy(copy, 0, start, end)
  return copy
}
