/**
 * A channel over WebSocket. MQTT 5.0 section 6.
 *
 * Only binary frames carry MQTT [MQTT-6.0.0-1]; where one ends means nothing [MQTT-6.0.0-2], so each message is passed on as a piece of
 * the stream. One chunk of the socket may hold many messages: those that were decoded after `pause` are held back, in order.
 */
import type { Socket } from 'node:net'
import type { RawData, WebSocket } from 'ws'
import type { Channel, ChannelHandler } from './channel.ts'
import { type Departing, departures, endInTurn } from './departures.ts'
import { afterFlush, formatRemoteAddress, slackBytes, unattended } from './socket-support.ts'

/** What both sides of a WebSocket have in common. Empty frames and tiny chunks cost memory too, so their number is bounded. */
export const webSocketBounds = {
  perMessageDeflate: false,
  maxFragments: 4096,
  maxBufferedChunks: 16_384,
  // Text is refused whether it is text or not.
  skipUTF8Validation: true,
  /** Ends a closing handshake that the peer began and does not finish. */
  closeTimeout: 5000,
}

/** What our Close frame says. */
interface Farewell {
  readonly code: number
  readonly reason: string
}

const goodbye: Farewell = { code: 1000, reason: '' }
const textRefused: Farewell = { code: 1003, reason: 'MQTT needs binary frames' }
const owner = Symbol('channel')

type Owned = (WebSocket | Socket) & { [owner]: WebSocketChannel }

export class WebSocketChannel implements Channel, Departing {
  readonly transport: 'ws' | 'wss'
  readonly remoteAddress: string
  readonly certificateName: string | null
  readonly #webSocket: WebSocket
  readonly #socket: Socket
  readonly #slackBytes: number
  #handler: ChannelHandler = unattended
  #error: Error | null = null
  #lingerTimer: NodeJS.Timeout | null = null
  readonly #held: Buffer[] = []
  #isPaused = false
  #awaitsFlush = false
  #isEnding = false
  #farewell: Farewell | null = null
  #isClosed = false
  #isReported = false

  /**
   * `webSocket` is open and `socket` lies beneath it; both belong to the channel from now on. `remoteAddress` is given where a proxy may
   * stand before the client.
   */
  constructor(
    transport: 'ws' | 'wss',
    webSocket: WebSocket,
    socket: Socket,
    certificateName: string | null = null,
    remoteAddress: string | null = null,
  ) {
    this.transport = transport
    this.certificateName = certificateName
    this.remoteAddress = remoteAddress ?? formatRemoteAddress(socket)
    this.#webSocket = webSocket
    this.#socket = socket
    this.#slackBytes = slackBytes(transport)
    // The property is this module's own: the types of the emitters do not know it.
    ;(webSocket as Owned)[owner] = this
    ;(socket as Owned)[owner] = this
    endInTurn(socket)
    // What `ws` calls to answer a Close frame.
    webSocket.close = closeInTurn
    webSocket.pause()
    webSocket.on('message', messageArrived)
    webSocket.on('error', failed)
    webSocket.on('close', webSocketClosed)
    // `ws` keeps the reason to itself when the socket fails.
    socket.on('error', failed)
  }

  get handler(): ChannelHandler {
    return this.#handler
  }

  set handler(handler: ChannelHandler) {
    this.#handler = handler
    if (!this.#isEnding && !this.#isPaused) this.#readOn()
    else if (this.#isEnding && this.#isClosed) departures.add(this)
  }

  write(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    const socket = this.#socket
    if (this.#isEnding || !socket.writable) return false
    this.#webSocket.send(bytes.subarray(start, end))
    if (socket.writableLength <= this.#slackBytes) return true
    if (!this.#awaitsFlush) {
      this.#awaitsFlush = true
      afterFlush(socket, () => {
        this.#awaitsFlush = false
        if (!this.#isEnding) this.#handler.drained()
      })
    }
    return false
  }

  /** Frames are counted with their headers. */
  get bufferedBytes(): number {
    return this.#socket.writableLength
  }

  probeAfter(seconds: number): void {
    this.#socket.setKeepAlive(true, seconds * 1000)
  }

  pause(): void {
    if (this.#isEnding) return
    this.#isPaused = true
    this.#webSocket.pause()
  }

  resume(): void {
    this.#isPaused = false
    if (this.#handler !== unattended) this.#readOn()
  }

  end(lingerMs = 5000): void {
    this.#end(goodbye, lingerMs)
  }

  destroy(): void {
    this.#isEnding = true
    if (this.#isClosed) departures.add(this)
    else this.#webSocket.terminate()
  }

  #end(farewell: Farewell, lingerMs: number): void {
    if (this.#isEnding) return
    this.#isEnding = true
    this.#farewell = farewell
    if (!this.#isClosed) this.#lingerTimer = setTimeout(terminate, lingerMs, this.#webSocket)
    departures.add(this)
  }

  /** @internal */
  depart(): void {
    if (this.#isClosed) this.#reportClosed()
    else if (this.#farewell !== null) {
      close(this.#webSocket, this.#farewell.code, this.#farewell.reason)
      // The peer's Close frame is seen only by reading.
      this.#webSocket.resume()
    }
  }

  /** In a later turn, as with every transport, and what was held back before anything newer. */
  #readOn(): void {
    if (this.#held.length > 0 || this.#isClosed) process.nextTick(() => this.#release())
    else this.#webSocket.resume()
  }

  /** Several ways lead here; the owner is told once. */
  #reportClosed(): void {
    if (this.#isReported || this.#handler === unattended) return
    this.#isReported = true
    this.#handler.closed(this.#error)
  }

  /** Hands out what was held back, for as long as the owner wants it; then reading goes on. */
  #release(): void {
    let count = 0
    for (const chunk of this.#held) {
      if (this.#isPaused || this.#isEnding) break
      count += 1
      this.#handler.receiveBytes(chunk, 0, chunk.length)
    }
    this.#held.splice(0, count)
    if (this.#isPaused) return
    if (this.#isClosed) departures.add(this)
    else this.#webSocket.resume()
  }

  /** @internal */
  receiveMessage(message: RawData, isBinary: boolean): void {
    if (this.#isEnding) return
    if (!isBinary) {
      this.#error = new Error('the peer sent a text frame, but MQTT needs binary frames [MQTT-6.0.0-1]')
      this.#end(textRefused, 5000)
      return
    }
    // The binary type `nodebuffer`, which is the default, makes every message one Buffer.
    const chunk = message as Buffer
    if (chunk.length === 0) return
    if (this.#isPaused || this.#held.length > 0 || this.#handler === unattended) this.#held.push(chunk)
    else this.#handler.receiveBytes(chunk, 0, chunk.length)
  }

  /** @internal The socket failed, a frame was broken or a message too long; `closed` follows. */
  receiveError(error: Error): void {
    this.#error ??= error
  }

  /** @internal */
  receiveClose(): void {
    this.#isClosed = true
    if (this.#lingerTimer !== null) clearTimeout(this.#lingerTimer)
    // What arrived before the end is delivered before it.
    if (this.#isEnding || this.#held.length === 0) departures.add(this)
  }
}

// What the WebSocket and its socket call, with themselves as `this`: one function each for all of them.

function messageArrived(this: WebSocket, message: RawData, isBinary: boolean): void {
  channelOf(this).receiveMessage(message, isBinary)
}

function failed(this: WebSocket | Socket, error: Error): void {
  channelOf(this).receiveError(error)
}

function webSocketClosed(this: WebSocket): void {
  channelOf(this).receiveClose()
}

function channelOf(emitter: WebSocket | Socket): WebSocketChannel {
  // The constructor has put it there before it attached anything.
  return (emitter as Owned)[owner]
}

/** Thousands may leave in one turn of the event loop, and the answer to each costs a system call. */
function closeInTurn(this: WebSocket, code?: number, reason?: string | Buffer): void {
  departures.add({ depart: () => close(this, code, reason) })
}

/** With the method of its class. */
function close(webSocket: WebSocket, code?: number, reason?: string | Buffer): void {
  ;(Object.getPrototypeOf(webSocket) as WebSocket).close.call(webSocket, code, reason)
}

function terminate(webSocket: WebSocket): void {
  webSocket.terminate()
}
