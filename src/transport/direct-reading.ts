/**
 * Sockets that are read without the machinery of a stream.
 *
 * Node makes memory for each chunk, makes it smaller, and hands it through Readable and an event. With `onread` it reads into one buffer
 * for all sockets and calls a function. Only who makes a Socket can ask for that, and a server makes its own, so each is made again
 * around the same handle (docs/decisions/0049-sockets-read-directly.md).
 */
import { type BoundSocket, Socket, type SocketConstructorOpts } from 'node:net'

/** What one read takes at most; Node's own streams take as much. */
const readBytesMax = 65_536
/** Where small chunks lie side by side: one that stays for a while keeps no more than this. */
const slabSize = 16_384
const buffer = Buffer.allocUnsafeSlow(readBytesMax)
let slab = Buffer.allocUnsafeSlow(slabSize)
let slabUsed = 0

/** What Node's own code knows of a socket, and its types do not. */
interface InnerSocket extends Socket {
  _handle: (BoundSocket & { useUserBuffer?: (buffer: Buffer) => void }) | null
  /** The server that counts it. */
  _server: object | null
}

interface InnerOptions extends SocketConstructorOpts {
  readonly pauseOnCreate: boolean
}

/**
 * The same connection as a socket that calls `arrived`, with itself as `this`, for each chunk, once it is resumed. `socket` comes from a
 * server with `pauseOnConnect`, and is of no use afterwards. Null if this Node does not know how: then `socket` is as before.
 */
export function readDirectly(socket: Socket, arrived: (this: Socket, bytes: number) => boolean): Socket | null {
  const accepted = socket as InnerSocket
  const handle = accepted._handle
  if (typeof handle?.useUserBuffer !== 'function') return null
  const onread = { buffer, callback: arrived }
  const options: InnerOptions = { handle, pauseOnCreate: true, allowHalfOpen: true, onread }
  const direct = new Socket(options) as InnerSocket
  direct._server = accepted._server
  accepted._handle = null
  accepted._server = null
  return direct
}

/** The chunk of so many bytes that has just been read, in memory that it may stay in. */
export function takeChunk(bytes: number): Buffer {
  if (bytes > slabSize / 4) {
    const chunk = Buffer.allocUnsafeSlow(bytes)
    buffer.copy(chunk, 0, 0, bytes)
    return chunk
  }
  if (slabUsed + bytes > slabSize) {
    slab = Buffer.allocUnsafeSlow(slabSize)
    slabUsed = 0
  }
  const start = slabUsed
  slabUsed += bytes
  buffer.copy(slab, start, 0, bytes)
  return slab.subarray(start, slabUsed)
}
