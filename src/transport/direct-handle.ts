/**
 * Sockets that are read and written without the machinery of a stream, through the handle that Node has for each.
 *
 * Here chunks are read into one buffer for all sockets, and what is written is handed to the system at once. All else is left to the Socket,
 * also what the system does not take at once (docs/decisions/0050-sockets-by-their-handles.md).
 *
 * @hot
 */
import { writeSync } from 'node:fs'
import type { Socket } from 'node:net'

/** What one read takes at most; Node's own streams take as much. */
const readBytesMax = 65_536
/**
 * Where small chunks lie side by side: one that stays for a while keeps no more than this. No more than a slab of `Publish` has, which takes
 * a larger chunk for one that is whole: the rest of it would be taken as read before it is (src/server/received-bytes.test.ts).
 */
const slabSize = 16_384
/**
 * So small a chunk is copied by words here. With Node's own copy 90 bytes take 435 instructions, which have to come from memory themselves where a
 * chunk comes now and then (docs/decisions/0056-lines-not-instructions.md).
 */
const byWordsMax = 256
const buffer = Buffer.allocUnsafeSlow(readBytesMax)
const words = new Int32Array(buffer.buffer)
let slab = Buffer.allocUnsafeSlow(slabSize)
let slabWords = new Int32Array(slab.buffer)
/** Whole words. */
let slabUsed = 0

/** Who is told of what a handle has read. */
export interface HandleOwner {
  /** What `bytesRead` was the last time, as an integer of 32 bits. */
  bytesRead: number
  /** What has been read stands from `start` to `end`, and stays. */
  receiveBytes(bytes: Buffer, start: number, end: number): void
  /** Called before Node is told that nothing more comes, after which it destroys the socket as soon as it can. */
  readingEnds(): void
}

/** What Node's own code knows of a socket's handle, and its types do not. */
export interface DirectHandle {
  /** Since the connection was made. */
  readonly bytesRead: number
  /** -1 once it is closed. */
  readonly fd: number
  reading: boolean
  useUserBuffer(buffer: Buffer): void
  /** Returns 0 or the number of an error. */
  readStart(): number
  readStop(): number
}

const owner = Symbol('owner')

type ReadFunction = (this: OwnedHandle, chunk: unknown) => undefined

interface OwnedHandle extends DirectHandle {
  [owner]: HandleOwner
  /** Called after each read. */
  onread: ReadFunction
}

/** What Node has all sockets call: it knows what to do at the end of a connection, and when one breaks. */
let readOfNode: ReadFunction | null = null

/**
 * The handle of a socket that has read nothing yet: what it reads from now on is told to `to`, once it is resumed; its end, and an error,
 * to the socket. Null if it has, or if this Node does not know how: then the socket is as before.
 */
export function takeHandle(socket: Socket, to: HandleOwner): DirectHandle | null {
  const { _handle: handle } = socket as Socket & { _handle: Partial<OwnedHandle> | null }
  if (!isDirect(handle)) return null
  readOfNode ??= handle.onread
  handle[owner] = to
  handle.onread = hasRead
  handle.useUserBuffer(buffer)
  return handle
}

function isDirect(handle: Partial<OwnedHandle> | null): handle is OwnedHandle {
  if (handle === null) return false
  const { onread, bytesRead, fd, reading } = handle
  // What has been read, or is about to be, is in the stream.
  if (bytesRead !== 0 || reading !== false || typeof fd !== 'number' || typeof onread !== 'function') return false
  if (readOfNode !== null && onread !== readOfNode) return false
  return [handle.useUserBuffer, handle.readStart, handle.readStop].every((method) => typeof method === 'function')
}

function hasRead(this: OwnedHandle, chunk: unknown): undefined {
  const to = this[owner]
  // The difference of two numbers of 32 bits is right beyond them, too.
  const bytesRead = this.bytesRead | 0
  const bytes = (bytesRead - to.bytesRead) | 0
  if (bytes === 0) {
    to.readingEnds()
    return tellNode(this, chunk)
  }
  to.bytesRead = bytesRead
  keep(to, bytes)
}

/**
 * The end of a connection, or its error. The stack of that would name this place alone, and be written out for each of thousands that
 * break at once.
 */
function tellNode(handle: OwnedHandle, chunk: unknown): undefined {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return readOfNode?.call(handle, chunk)
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

/** Nothing more is read before `startReading`. Neither does anything to a handle that is closed. */
export function stopReading(handle: DirectHandle): void {
  if (!handle.reading || handle.fd < 0) return
  handle.reading = false
  handle.readStop()
}

export function startReading(handle: DirectHandle): void {
  if (handle.reading || handle.fd < 0) return
  handle.reading = true
  handle.readStart()
}

/**
 * Hands bytes to the system, nothing being before them in the socket's own queue, and returns how many it took. The rest is the socket's,
 * which meets again whatever stood in the way.
 */
export function writeNow({ fd }: DirectHandle, bytes: Uint8Array, start: number, end: number): number {
  if (fd < 0) return 0
  try {
    return writeSync(fd, bytes, start, end - start)
  } catch {
    return 0
  }
}

/** Hands on so many bytes that have just been read, in memory that they may stay in. */
function keep(to: HandleOwner, bytes: number): void {
  if (bytes > slabSize / 4) {
    const chunk = Buffer.allocUnsafeSlow(bytes)
    buffer.copy(chunk, 0, 0, bytes)
    to.receiveBytes(chunk, 0, bytes)
    return
  }
  if (slabUsed + bytes > slabSize) beginSlab()
  const start = slabUsed
  slabUsed = (start + bytes + 3) & ~3
  if (bytes <= byWordsMax) copyWords(slabWords, start >> 2, slabUsed >> 2)
  else buffer.copy(slab, start, 0, bytes)
  to.receiveBytes(slab, start, start + bytes)
  // The next chunk is likely as large. Where one comes now and then, memory takes longer than all else that is done for it: some 25 µs.
  if (slabUsed + bytes > slabSize) beginSlab()
}

/** What has been read, to the words from `start` to `end`. */
function copyWords(to: Int32Array, start: number, end: number): void {
  for (let word = start, from = 0; word < end; word++, from++) to[word] = words[from] ?? 0
}

function beginSlab(): void {
  slab = Buffer.allocUnsafeSlow(slabSize)
  slabWords = new Int32Array(slab.buffer)
  slabUsed = 0
}
