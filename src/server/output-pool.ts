/**
 * Output buffers, lent to connections only while they have something to send: idle ones own none. @hot
 */
import { ByteWriter } from '../protocol/byte-writer.ts'

/** Enough for a message to some thousand subscribers at once. */
const idleBytesMax = 16 * 1024 * 1024
const sizeMax = 256 * 1024
const idle: ByteWriter[] = []
let idleBytes = 0

export function lendWriter(): ByteWriter {
  const writer = idle.pop()
  if (writer === undefined) return new ByteWriter(4096)
  idleBytes -= writer.bytes.length
  return writer
}

/** Only when nothing refers to its bytes any more. Large ones are let go. */
export function returnWriter(writer: ByteWriter): void {
  writer.position = 0
  const size = writer.bytes.length
  if (size > sizeMax || idleBytes + size > idleBytesMax) return
  idle.push(writer)
  idleBytes += size
}
