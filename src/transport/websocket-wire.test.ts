/**
 * A WebSocket listener seen from the wire: requests and frames made by hand.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach } from 'node:test'
import type { Channel, Listener } from './channel.ts'
import { parseListenUrl } from './listen-url.ts'
import { createListener } from './listener.ts'
import type { ListenerOptions } from './listener-options.ts'
import { Recorder } from './recorder.test.ts'

export interface Accepted {
  channel: Channel
  recorder: Recorder
}

/** A listener and a way to talk to it byte by byte. */
export class Wire {
  readonly listener: Listener
  readonly #accepting = Promise.withResolvers<Accepted>()
  readonly accepted: Promise<Accepted> = this.#accepting.promise
  readonly sockets: Socket[] = []
  acceptedCount = 0

  constructor(url: string, options: Partial<ListenerOptions>) {
    this.listener = createListener(
      parseListenUrl(url),
      (channel) => {
        const recorder = new Recorder()
        channel.handler = recorder
        this.acceptedCount += 1
        this.#accepting.resolve({ channel, recorder })
      },
      options,
    )
  }

  get port(): number {
    return Number(new URL(this.listener.url).port)
  }

  connect(): Socket {
    const socket = connect(this.port, '127.0.0.1')
    socket.on('error', () => {})
    this.sockets.push(socket)
    return socket
  }

  /** Sends a request, behind the header of a proxy, and resolves with all of the answer once the server has closed. */
  async request(line: string, headers: Record<string, string>, proxyHeader = ''): Promise<string> {
    const socket = this.connect()
    socket.write(proxyHeader + requestText(line, headers))
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    await once(socket, 'close')
    return Buffer.concat(chunks).toString()
  }

  /** Opens a WebSocket; resolves with the head of the answer and the socket, whose frames come next. */
  async open(headers: Record<string, string> = upgrade, proxyHeader = ''): Promise<{ head: string; peer: RawPeer }> {
    const socket = this.connect()
    socket.write(proxyHeader + requestText('GET /mqtt HTTP/1.1', headers))
    const peer = new RawPeer(socket)
    const head = await peer.readHead()
    return { head, peer }
  }
}

/** The client's side of a WebSocket, by hand. */
export class RawPeer {
  readonly socket: Socket
  #bytes = Buffer.alloc(0)
  #isClosed = false
  #wake: () => void = () => {}

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk])
      this.#wake()
    })
    socket.on('close', () => {
      this.#isClosed = true
      this.#wake()
    })
  }

  async #take(count: number): Promise<Buffer> {
    while (this.#bytes.length < count) {
      assert.ok(!this.#isClosed, 'the server closed before the answer was complete')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const taken = this.#bytes.subarray(0, count)
    this.#bytes = this.#bytes.subarray(count)
    return taken
  }

  async readHead(): Promise<string> {
    let head = ''
    while (!head.endsWith('\r\n\r\n')) head += (await this.#take(1)).toString('latin1')
    return head
  }

  /** A frame of the server, which must not be masked: its first byte and its payload of less than 126 bytes. */
  async readFrame(): Promise<{ first: number; payload: Buffer }> {
    const [first = 0, length = 0] = await this.#take(2)
    assert.ok(length < 126, 'the tests send short frames only')
    return { first, payload: await this.#take(length) }
  }

  /** Reads until the Close frame and returns its code. */
  async readCloseCode(): Promise<number> {
    for (;;) {
      const { first, payload } = await this.readFrame()
      if (first === 0x88) return payload.readUInt16BE(0)
    }
  }

  async untilClosed(): Promise<void> {
    if (!this.#isClosed) await once(this.socket, 'close')
  }
}

/** The headers of a good request. */
export const upgrade = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'AAECAwQFBgcICQoLDA0ODw==',
  'Sec-WebSocket-Protocol': 'mqtt',
}

function requestText(line: string, headers: Record<string, string>): string {
  const lines = Object.entries({ Host: 'broker.example', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${line}\r\n${lines.join('')}\r\n`
}

/** A masked frame. `first` is FIN and opcode: 0x82 binary, 0x81 text, 0x02 a beginning, 0x00 a continuation, 0x80 the last. */
export function frame(first: number, payload: Uint8Array = Buffer.alloc(0), announced = payload.length): Buffer {
  const mask = Buffer.from([1, 2, 3, 4])
  const length =
    announced < 126
      ? Buffer.from([0x80 | announced])
      : Buffer.from([0xff, 0, 0, 0, 0, announced >>> 24, announced >>> 16, announced >>> 8, announced])
  return Buffer.concat([Buffer.from([first]), length, mask, payload.map((byte, index) => byte ^ ((index % 4) + 1))])
}

const wires: Wire[] = []
afterEach(async () => {
  for (const wire of wires.splice(0)) {
    for (const socket of wire.sockets) socket.destroy()
    if (wire.acceptedCount > 0) (await wire.accepted).channel.destroy()
    await wire.listener.close()
  }
})

/** Starts a listener; it is closed after the test. */
export async function listen(url = 'ws://127.0.0.1:0', options: Partial<ListenerOptions> = {}): Promise<Wire> {
  const wire = new Wire(url, options)
  wires.push(wire)
  await wire.listener.listen()
  return wire
}
