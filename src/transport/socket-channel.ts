/**
 * A channel over one socket: TCP, TLS or Unix. MQTT 5.0 section 4.2.
 *
 * There may be a hundred thousand of them: the functions that listen to the socket are shared and find their channel
 * through a property of it, and nothing is attached that only busy connections need.
 *
 * @hot
 */
import type { Socket } from 'node:net'
import type { Channel, ChannelHandler } from './channel.ts'
import { breakInTurn, type Departing, departures } from './departures.ts'
import {
  type DirectHandle,
  type HandleOwner,
  startReading,
  stopReading,
  takeHandle,
  writeNow,
} from './direct-handle.ts'
import { afterFlush, formatRemoteAddress, slackBytes, unattended } from './socket-support.ts'

const owner = Symbol('channel')

interface OwnedSocket extends Socket {
  [owner]: SocketChannel
}

export class SocketChannel implements Channel, Departing, HandleOwner {
  // What each chunk looks at stands first.
  #handler: ChannelHandler = unattended
  #isEnding = false
  /** Of what was written before, something may wait in the socket. */
  #isQueued = false
  /** @internal */
  bytesRead = 0
  /** Null where the socket is read and written as a stream. */
  readonly #handle: DirectHandle | null
  readonly #socket: Socket
  readonly #slackBytes: number
  #isClosed = false
  #isPaused = false
  #awaitsFlush = false
  #error: Error | null = null
  #lingerTimer: NodeJS.Timeout | null = null
  readonly transport: 'tcp' | 'tls' | 'unix'
  readonly remoteAddress: string
  readonly certificateName: string | null

  /**
   * `socket` is connected, and for TLS its handshake is done; it belongs to the channel from now on. One that is paused and has
   * read nothing is read and written by its handle. `remoteAddress` is given where a proxy may stand before the client.
   */
  constructor(
    transport: 'tcp' | 'tls' | 'unix',
    socket: Socket,
    certificateName: string | null = null,
    remoteAddress: string | null = null,
  ) {
    this.transport = transport
    this.certificateName = certificateName
    this.remoteAddress = remoteAddress ?? (transport === 'unix' ? 'unix' : formatRemoteAddress(socket))
    this.#socket = socket
    this.#handle = socket.isPaused() ? takeHandle(socket, this) : null
    this.#slackBytes = slackBytes(transport)
    // The property is this module's own: no type of Node knows it.
    ;(socket as OwnedSocket)[owner] = this
    // Node would end our side at once when the peer has ended.
    socket.allowHalfOpen = true
    socket.on('error', socketFailed)
    socket.on('close', socketClosed)
  }

  get handler(): ChannelHandler {
    return this.#handler
  }

  set handler(handler: ChannelHandler) {
    const isFirst = this.#handler === unattended
    this.#handler = handler
    if (!isFirst) return
    if (this.#isClosed) {
      process.nextTick(() => this.#handler.closed(this.#error))
      return
    }
    const socket = this.#socket
    if (this.#isPaused) socket.pause()
    // Reading begins here, in a later turn: a socket nobody listens to reads nothing.
    if (this.#handle === null) socket.on('data', chunkArrived)
    socket.on('end', peerEnded)
    if (!this.#isPaused) this.#read()
  }

  write(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    if (this.#isEnding) return false
    if (this.#handle === null || this.#isQueued) return this.#writeStream(bytes.subarray(start, end))
    const taken = writeNow(this.#handle, bytes, start, end)
    return taken === end - start || this.#writeStream(bytes.subarray(start + taken, end))
  }

  #writeStream(bytes: Uint8Array): boolean {
    const socket = this.#socket
    if (!socket.writable) return false
    socket.write(bytes)
    this.#isQueued = socket.writableLength > 0
    if (socket.writableLength <= this.#slackBytes) return true
    if (!this.#awaitsFlush) {
      this.#awaitsFlush = true
      afterFlush(socket, () => {
        this.#awaitsFlush = false
        this.#isQueued = false
        if (!this.#isEnding && !this.#isClosed) this.#handler.drained()
      })
    }
    return false
  }

  get bufferedBytes(): number {
    return this.#handle === null || this.#isQueued ? this.#socket.writableLength : 0
  }

  pause(): void {
    if (this.#isEnding) return
    this.#isPaused = true
    if (this.#handler === unattended) return
    // The stream stays as it is: there is never anything in it.
    if (this.#handle === null) this.#socket.pause()
    else stopReading(this.#handle)
  }

  resume(): void {
    if (this.#isEnding) return
    this.#isPaused = false
    if (this.#handler !== unattended) this.#read()
  }

  #read(): void {
    const socket = this.#socket
    if (this.#handle === null) socket.resume()
    else if (!socket.isPaused()) startReading(this.#handle)
    else {
      socket.resume()
      // At once: the stream would have its handle read in a later tick, whatever is wanted by then.
      socket.read(0)
    }
  }

  probeAfter(seconds: number): void {
    this.#socket.setKeepAlive(true, seconds * 1000)
  }

  end(lingerMs = 5000): void {
    if (this.#isEnding || this.#isClosed) return
    this.#isEnding = true
    this.#lingerTimer = setTimeout(destroySocket, lingerMs, this.#socket)
    departures.add(this)
  }

  destroy(): void {
    this.#isEnding = true
    this.#socket.destroy()
  }

  /** @internal */
  depart(): void {
    if (this.#isClosed) {
      const handler = this.#handler
      // An end may have been waiting for its turn, too.
      this.#handler = unattended
      handler.closed(this.#error)
      return
    }
    const socket = this.#socket
    if (socket.destroyed) return
    // The end of the peer is seen only by reading.
    if (!socket.readableEnded) {
      socket.end()
      this.#read()
    } else if (socket.writableLength > 0 || this.transport === 'tls') socket.end()
    else socket.destroy()
  }

  /** @internal Without a peer that reads, what is still to be sent would keep the socket open for ever. */
  receiveEnd(): void {
    if (this.#isEnding) return
    if (this.#socket.writableLength > 0) this.end()
    else departures.add(this)
  }

  /** @internal */
  receiveBytes(bytes: Buffer, start: number, end: number): void {
    if (!this.#isEnding) this.#handler.receiveBytes(bytes, start, end)
  }

  /** @internal */
  readingEnds(): void {
    breakInTurn(this.#socket)
  }

  /** @internal `closed` follows. */
  receiveError(error: Error): void {
    this.#error ??= error
  }

  /** @internal */
  receiveClose(): void {
    this.#isClosed = true
    if (this.#lingerTimer !== null) clearTimeout(this.#lingerTimer)
    if (this.#handler !== unattended) departures.add(this)
  }
}

// What the socket calls, with itself as `this`: one function each for all sockets.

function chunkArrived(this: Socket, chunk: Buffer): void {
  channelOf(this).receiveBytes(chunk, 0, chunk.length)
}

function peerEnded(this: Socket): void {
  channelOf(this).receiveEnd()
}

function socketFailed(this: Socket, error: Error): void {
  channelOf(this).receiveError(error)
}

function socketClosed(this: Socket): void {
  channelOf(this).receiveClose()
}

function channelOf(socket: Socket): SocketChannel {
  // The constructor has put it there before it attached anything.
  return (socket as OwnedSocket)[owner]
}

function destroySocket(socket: Socket): void {
  socket.destroy()
}
