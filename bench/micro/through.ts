/**
 * Messages through the whole broker but its sockets: bytes of a publisher in, bytes of subscribers out, and back their acknowledgements.
 */
import assert from 'node:assert/strict'
import { createServer, connect as openSocket, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Qos } from '../../src/protocol/control-packet.ts'
import { ClientLink } from '../../src/server/client-link.ts'
import { lendOutput, returnOutput } from '../../src/server/output-pool.ts'
import { ReadingTime } from '../../src/server/reading-time.ts'
import type { Shell } from '../../src/server/shell.ts'
import { SocketChannel } from '../../src/transport/socket-channel.ts'
import { quietShell } from '../../test/support/quiet-shell.ts'
import { CountingChannel } from '../counting-channel.ts'
import * as mqtt from '../mqtt.mjs'
import type { MicroBenchmark } from './micro.ts'

const many = 400
/** Clients that send one message each in turn: more than the processor's caches hold. */
const silent = 5000
const inOneRound = 250
const payload = Buffer.alloc(64, 120)
const server = [
  'server/client-link.ts',
  'server/turn-runner.ts',
  'server/output-pool.ts',
  'server/collected-output.ts',
  'server/shared-output.ts',
]

/** Counts PUBLISH packets, all of one size, and acknowledges those of QoS 1. */
class AcknowledgingChannel extends CountingChannel {
  acknowledges = false
  #acknowledgements: Buffer[] = []

  override write(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    if (this.acknowledges) this.#acknowledgements.push(acknowledgementsOf(Buffer.from(bytes.subarray(start, end))))
    return super.write(bytes, start, end)
  }

  /** What was written is acknowledged. */
  acknowledge(): void {
    for (const bytes of this.#acknowledgements.splice(0)) if (bytes.length > 0) this.receive(bytes)
  }
}

function acknowledgementsOf(bytes: Buffer): Buffer {
  const out: number[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 2 + (bytes[at + 1] ?? 0)
    if ((bytes[at] ?? 0) >> 4 === 3) {
      const packetIdAt = at + 4 + bytes.readUInt16BE(at + 2)
      out.push(0x40, 2, bytes[packetIdAt] ?? 0, bytes[packetIdAt + 1] ?? 0)
    }
    at = end
  }
  return Buffer.from(out)
}

function clientOf(shell: Shell, clientId: string): AcknowledgingChannel {
  const channel = new AcknowledgingChannel()
  const link = new ClientLink(channel, { url: 'tcp://nowhere', tellsPublisher: true }, shell)
  assert.equal(channel.handler, link)
  channel.receive(mqtt.connect({ version: 4, clientId, clean: true }))
  return channel
}

function through(name: string, qos: Qos, subscribers: number, covers: readonly string[]): MicroBenchmark {
  const shell = quietShell({ receiveMaximum: 65_535 })
  const publisher = clientOf(shell, 'publisher')
  const others = Array.from({ length: subscribers }, (_, i) => clientOf(shell, `subscriber-${i}`))
  for (const other of others) other.receive(mqtt.subscribe({ version: 4, packetId: 1, filters: ['a/+'], qos }))
  const messages = Math.max(1, Math.round(many / subscribers))
  const packet = (packetId: number) => mqtt.publish({ version: 4, topic: 'a/b', payload, qos, packetId })
  const chunk = Buffer.concat(Array.from({ length: messages }, (_, i) => packet(i + 1)))
  const last = subscribers - 1
  let isReady = false
  return {
    name,
    covers,
    operations: messages * subscribers,
    async round() {
      // So many are not written to in one turn of the event loop.
      for (let turn = 0; turn < 2 && !isReady; turn++) await nextTurn()
      isReady = true
      const before = others.map((other) => other.bytesWritten)
      const sentTo = (index: number) => (others[index]?.bytesWritten ?? 0) - (before[index] ?? 0)
      for (const other of others) other.acknowledges = qos > 0
      publisher.receive(Buffer.from(chunk))
      for (let turn = 0; turn < 2 && sentTo(last) < chunk.length; turn++) await nextTurn()
      for (const other of others) other.acknowledge()
      for (const index of others.keys()) assert.equal(sentTo(index), chunk.length)
    },
  }
}

/** Each of very many clients sends one message to itself, and nothing more until all others have. */
function inTurn(): MicroBenchmark {
  const shell = quietShell()
  const clients = Array.from({ length: silent }, (_, number) => {
    const topic = `in/turn/${number}/self`
    const channel = clientOf(shell, `client-${number}`)
    channel.receive(mqtt.subscribe({ version: 4, packetId: 1, filters: [topic], qos: 0 }))
    return { channel, chunk: mqtt.publish({ version: 4, topic, payload, qos: 0, packetId: 0 }) }
  })
  let at = 0
  let isReady = false
  return {
    name: 'through the broker at QoS 0, 5,000 clients in turn',
    covers: ['core/session/inbound.ts', 'protocol/topic-name-cache.ts'],
    operations: inOneRound,
    async round() {
      // Until each has its SUBACK.
      while (!isReady) {
        await nextTurn()
        isReady = clients.every(({ channel }) => channel.bytesWritten === 9)
      }
      const now = clients.slice(at, at + inOneRound)
      at = (at + inOneRound) % silent
      const before = now.map(({ channel }) => channel.bytesWritten)
      for (const { channel, chunk } of now) channel.receive(chunk)
      await nextTurn()
      for (const [index, { channel, chunk }] of now.entries()) {
        assert.equal(channel.bytesWritten - (before[index] ?? 0), chunk.length)
      }
    },
  }
}

function pool(): MicroBenchmark {
  return {
    name: 'an output buffer, lent and given back',
    covers: ['server/output-pool.ts'],
    operations: many,
    round() {
      for (let i = 0; i < many; i++) returnOutput(lendOutput())
    },
  }
}

function readingTime(): MicroBenchmark {
  const reading = new ReadingTime(Date.now)
  return {
    name: 'whether a turn of the event loop has read for too long',
    covers: ['server/reading-time.ts'],
    operations: many,
    round() {
      for (let i = 0; i < many; i++) void reading.isOver
    },
  }
}

/** Through a socket of this process and back. */
function echo(): MicroBenchmark {
  const listener = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => {
    const channel = new SocketChannel('tcp', socket)
    channel.handler = {
      receiveBytes: (bytes, start, end) => void channel.write(bytes, start, end),
      drained() {},
      closed() {},
    }
  })
  let socket: Socket | null = null
  let missing = 0
  let arrived = () => {}
  const chunk = Buffer.alloc(4096)
  async function open(): Promise<Socket> {
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    const address = listener.address()
    assert.ok(address !== null && typeof address === 'object')
    const opened = openSocket({ port: address.port, host: '127.0.0.1', noDelay: true })
    opened.on('data', (bytes) => {
      missing -= bytes.length
      if (missing === 0) arrived()
    })
    return opened
  }
  return {
    name: 'a chunk of 4 KiB in and out of a socket',
    covers: ['transport/direct-handle.ts', 'transport/socket-channel.ts'],
    operations: 1,
    async round() {
      socket ??= await open()
      missing = chunk.length
      const back = new Promise<void>((resolve) => {
        arrived = resolve
      })
      socket.write(chunk)
      await back
    },
    close() {
      socket?.destroy()
      listener.close()
    },
  }
}

export const throughBenchmarks: readonly MicroBenchmark[] = [
  through('through the broker at QoS 0, one subscriber', 0, 1, server),
  through('through the broker at QoS 0, 400 subscribers', 0, 400, server),
  through('through the broker at QoS 1, one subscriber', 1, 1, server),
  through('through the broker at QoS 1, 400 subscribers', 1, 400, [...server, 'server/shared-output.ts']),
  inTurn(),
  pool(),
  readingTime(),
  echo(),
]
