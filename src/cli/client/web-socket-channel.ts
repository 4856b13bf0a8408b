/**
 * A client's channel over WebSocket: MQTT 5.0 section 6. Packets may be cut anywhere by frames [MQTT-6.0.0-2].
 */
import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import type { Channel, ChannelHandler } from '../../transport/channel.ts'

const ignore: ChannelHandler = { receiveBytes: () => {}, drained: () => {}, closed: () => {} }

/** Upgrades a connected socket, for TLS one whose handshake is done. */
export function openWebSocketChannel(socket: Socket, url: string): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const webSocket = new WebSocket(url, ['mqtt'], { createConnection: () => socket, perMessageDeflate: false })
    webSocket.once('error', reject)
    webSocket.once('open', () => {
      webSocket.off('error', reject)
      resolve(new WebSocketChannel(webSocket, url.startsWith('wss:') ? 'wss' : 'ws', socket))
    })
  })
}

class WebSocketChannel implements Channel {
  readonly transport: 'ws' | 'wss'
  readonly remoteAddress: string
  readonly #webSocket: WebSocket
  #handler: ChannelHandler = ignore
  #error: Error | null = null
  #isEnding = false
  #awaitsFlush = false

  constructor(webSocket: WebSocket, transport: 'ws' | 'wss', socket: Socket) {
    this.transport = transport
    this.remoteAddress = `${socket.remoteAddress ?? ''}:${socket.remotePort ?? ''}`
    this.#webSocket = webSocket
    webSocket.binaryType = 'nodebuffer'
    webSocket.pause()
    webSocket.on('message', (bytes: Buffer) => {
      if (!this.#isEnding) this.#handler.receiveBytes(bytes)
    })
    webSocket.on('error', (error) => {
      this.#error ??= error
    })
    webSocket.on('close', () => this.#handler.closed(this.#error))
  }

  get handler(): ChannelHandler {
    return this.#handler
  }

  set handler(handler: ChannelHandler) {
    this.#handler = handler
    this.#webSocket.resume()
  }

  write(bytes: Uint8Array): boolean {
    if (this.#webSocket.readyState !== WebSocket.OPEN) return false
    this.#webSocket.send(bytes, { binary: true }, (error) => {
      if (error || !this.#awaitsFlush || this.bufferedBytes > 0) return
      this.#awaitsFlush = false
      this.#handler.drained()
    })
    if (this.bufferedBytes === 0) return true
    this.#awaitsFlush = true
    return false
  }

  get bufferedBytes(): number {
    return this.#webSocket.bufferedAmount
  }

  pause(): void {
    this.#webSocket.pause()
  }

  resume(): void {
    this.#webSocket.resume()
  }

  end(lingerMs = 5000): void {
    if (this.#isEnding) return
    this.#isEnding = true
    this.#webSocket.close()
    const timer = setTimeout(() => this.#webSocket.terminate(), lingerMs)
    this.#webSocket.once('close', () => clearTimeout(timer))
  }

  destroy(): void {
    this.#isEnding = true
    this.#webSocket.terminate()
  }
}
