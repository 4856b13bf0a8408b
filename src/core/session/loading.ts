/**
 * How much of what waits is taken at a time: which messages are to be read from the store next, and when what was read leaves.
 */
import type { Backlog } from '../rest/backlog.ts'
import type { MessageBodies } from '../rest/message-bodies.ts'

/**
 * The rest of what waits follows when this has left: each message of it is objects, which the garbage collector copies for as long as
 * they wait, and many clients may come back at once.
 */
export const burstBytesMax = 32 * 1024

/** Messages asked for at a time: what the window takes twice over, within these. */
const loadMin = 32
export const loadMax = 1024
export const loadBytesMax = 4 * 1024 * 1024

/** Those that are in memory are not asked for: they may not be durable yet, and so not be there to read. */
export function messagesToLoad(backlog: Backlog, freeWindow: number, bodies: MessageBodies): number[] {
  const count = Math.min(loadMax, Math.max(loadMin, 2 * freeWindow))
  return backlog.peek(count, loadBytesMax, bodies)
}
