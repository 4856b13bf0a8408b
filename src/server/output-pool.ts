/**
 * What output is collected in, lent to connections only while they have something to send: idle ones own none. @hot
 */
import { CollectedOutput } from './collected-output.ts'

/** Enough for a message to some thousand subscribers at once. */
const idleBytesMax = 16 * 1024 * 1024
const idle: CollectedOutput[] = []
let idleBytes = 0

export function lendOutput(): CollectedOutput {
  const output = idle.pop()
  if (output === undefined) return new CollectedOutput()
  idleBytes -= output.capacity
  return output
}

/** Only when it is empty. */
export function returnOutput(output: CollectedOutput): void {
  const size = output.capacity
  if (idleBytes + size > idleBytesMax) return
  idle.push(output)
  idleBytes += size
}
