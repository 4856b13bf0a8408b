/**
 * Output buffers, lent to connections only while they have something to send: idle ones own none. @hot
 */
import { ByteWriter } from '../protocol/byte-writer.ts'

const idleMax = 256
const sizeMax = 256 * 1024
const idle: ByteWriter[] = []

export function lendWriter(): ByteWriter {
  return idle.pop() ?? new ByteWriter(4096)
}

/** Only when nothing refers to its bytes any more. Large ones are let go. */
export function returnWriter(writer: ByteWriter): void {
  writer.position = 0
  if (idle.length < idleMax && writer.bytes.length <= sizeMax) idle.push(writer)
}
