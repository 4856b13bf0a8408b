/**
 * What every transport promises its owner, seen from both ends. One suite, five transports.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { temporaryDirectory } from '../../test/support/temporary-directory.ts'
import type { Channel, Listener, TransportName } from './channel.ts'
import { type ConnectTarget, connectChannel } from './connect.ts'
import { parseListenUrl } from './listen-url.ts'
import { createListener } from './listener.ts'
import { Recorder } from './recorder.test.ts'
import { makeSelfSigned } from './self-signed.test.ts'
import { slackBytes } from './socket-support.ts'

const directory = temporaryDirectory()
const { certFile, keyFile } = makeSelfSigned(directory, 'server')
const files = `cert=${encodeURIComponent(certFile)}&key=${encodeURIComponent(keyFile)}`

const urls: Record<TransportName, string> = {
  tcp: 'tcp://127.0.0.1:0',
  tls: `tls://127.0.0.1:0?${files}`,
  unix: `unix://${join(directory, 'contract.sock')}`,
  ws: 'ws://127.0.0.1:0',
  wss: `wss://127.0.0.1:0/mqtt?${files}`,
}

/** How a client reaches a listener. */
function targetOf(listener: Listener): ConnectTarget {
  const { transport } = listener
  if (transport === 'unix') return { transport, path: listener.url.slice('unix://'.length) }
  const port = Number(new URL(listener.url).port)
  const tls = { caFile: certFile }
  return { transport, host: '127.0.0.1', port, ...(transport === 'tls' || transport === 'wss' ? { tls } : {}) }
}

interface End {
  channel: Channel
  recorder: Recorder
}

const opened: { channels: Channel[]; listeners: Listener[] } = { channels: [], listeners: [] }
afterEach(async () => {
  for (const channel of opened.channels.splice(0)) channel.destroy()
  for (const listener of opened.listeners.splice(0)) await listener.close()
})

/** A listener, and the channels it accepts with their recorders; `accepted` runs inside the accepting call. */
async function listen(transport: TransportName, accepted: (end: End) => void): Promise<Listener> {
  const listener = createListener(parseListenUrl(urls[transport]), (channel) => {
    const recorder = new Recorder()
    channel.handler = recorder
    opened.channels.push(channel)
    accepted({ channel, recorder })
  })
  opened.listeners.push(listener)
  await listener.listen()
  return listener
}

async function connect(listener: Listener): Promise<End> {
  const channel = await connectChannel(targetOf(listener))
  const recorder = new Recorder()
  channel.handler = recorder
  opened.channels.push(channel)
  return { channel, recorder }
}

async function openPair(transport: TransportName): Promise<{ server: End; client: End }> {
  const accepting = Promise.withResolvers<End>()
  const listener = await listen(transport, accepting.resolve)
  const client = await connect(listener)
  return { server: await accepting.promise, client }
}

/** Writes all of it in pieces of random length, as the contract asks: it stops at false until `drained`. */
async function send(end: End, bytes: Buffer): Promise<void> {
  let start = 0
  while (start < bytes.length) {
    const length = 1 + Math.floor(Math.random() ** 3 * 100_000)
    const stop = Math.min(start + length, bytes.length)
    const drained = end.recorder.untilDrained()
    if (!end.channel.write(bytes.subarray(start, stop))) await drained
    start = stop
  }
}

/** Writes until the channel says stop, because the other end does not read. Returns how much. */
async function fill(end: End): Promise<number> {
  const piece = randomBytes(60_000)
  let count = 0
  for (;;) {
    assert.ok(count < 64 * 1_048_576, 'a peer that does not read stops the writer')
    count += piece.length
    if (end.channel.write(piece)) continue
    // Where bytes are encrypted first, false may pass in a moment: only what stays is the peer's doing, and so much of it that false stays.
    const drained = end.recorder.drainedCount
    for (let turn = 0; turn < 50; turn++) await nextTurn()
    const { bufferedBytes, transport } = end.channel
    if (end.recorder.drainedCount === drained && bufferedBytes > slackBytes(transport)) return count
  }
}

/** Where Linux says what it will do for each connection. */
const systemConnections = '/proc/net/tcp'
const ticksPerSecond = 100

/** In how many seconds the system looks whether the peer is there: the keepalive timer of the connection between two ports. */
async function probeSeconds(ports: readonly number[]): Promise<number> {
  const [local, remote] = ports.map((port) => `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`)
  let line: string | undefined
  // Until the peer's system has acknowledged the last bytes another timer runs.
  for (let turn = 0; turn < 2000; turn++) {
    const lines = readFileSync(systemConnections, 'utf8').split('\n')
    line = lines.find((each) => each.includes(` ${local} ${remote} `))
    const [, ticks] = / 02:([0-9A-F]{8}) /.exec(line ?? '') ?? []
    if (ticks !== undefined) return Number.parseInt(ticks, 16) / ticksPerSecond
    await nextTurn()
  }
  assert.fail(`no timer of this kind: ${line}`)
}

for (const transport of ['tcp', 'tls', 'unix', 'ws', 'wss'] as const) {
  describe(`a channel over ${transport}`, { timeout: 60_000 }, () => {
    test('carries random bytes both ways at once, intact and in order', async () => {
      const { server, client } = await openPair(transport)
      const down = randomBytes(3_000_000)
      const up = randomBytes(3_000_000)
      await Promise.all([
        send(server, down),
        send(client, up),
        server.recorder.untilBytes(up.length),
        client.recorder.untilBytes(down.length),
      ])
      assert.ok(client.recorder.bytes.equals(down))
      assert.ok(server.recorder.bytes.equals(up))
    })

    test('says where its peer is', async () => {
      const { server, client } = await openPair(transport)
      assert.equal(server.channel.transport, transport)
      assert.equal(client.channel.transport, transport)
      const expected = transport === 'unix' ? /^unix$/ : /^127\.0\.0\.1:\d+$/
      assert.match(server.channel.remoteAddress, expected)
      assert.match(client.channel.remoteAddress, expected)
    })

    // Only Linux shows them, and none of a socket that has no network.
    const isShown = transport !== 'unix' && existsSync(systemConnections)
    if (isShown)
      test('has the system look for the peer when it is told to', async () => {
        const { server, client } = await openPair(transport)
        const ports = [client, server].map(({ channel }) => Number(channel.remoteAddress.split(':').at(-1)))
        const before = await probeSeconds(ports)
        server.channel.probeAfter(600)
        assert.ok(before > 600, `the system would look after ${before} seconds`)
        const after = await probeSeconds(ports)
        assert.ok(after > 590 && after <= 600, `it looks after ${after} seconds`)
      })

    test('answers false when the peer does not read, and says drained when it does again', async () => {
      const { server, client } = await openPair(transport)
      client.channel.pause()
      const count = await fill(server)
      assert.ok(server.channel.bufferedBytes > 0)
      const drained = server.recorder.untilDrained()
      assert.equal(server.channel.write(Buffer.from('and this')), false)
      const before = server.recorder.drainedCount
      client.channel.resume()
      await drained
      assert.equal(server.channel.bufferedBytes, 0)
      await client.recorder.untilBytes(count + 8)
      assert.equal(client.recorder.byteCount, count + 8)
      assert.equal(server.recorder.drainedCount, before + 1, 'once, however often it was false')
    })

    test('lets bytes be overwritten as soon as bufferedBytes is 0', async () => {
      const { server, client } = await openPair(transport)
      const expected: Buffer[] = []
      let bytes = Buffer.alloc(5000)
      let reused = 0
      for (let round = 0; round < 500; round++) {
        bytes.fill(round)
        expected.push(Buffer.from(bytes))
        const drained = server.recorder.untilDrained()
        const goOn = server.channel.write(bytes)
        if (server.channel.bufferedBytes === 0) reused += 1
        else bytes = Buffer.alloc(5000)
        if (!goOn) await drained
      }
      await client.recorder.untilBytes(500 * 5000)
      assert.ok(client.recorder.bytes.equals(Buffer.concat(expected)))
      if (transport !== 'tls' && transport !== 'wss') assert.ok(reused > 0)
    })

    test('receives nothing while paused, so that the writer feels it, and everything after resume', async () => {
      const { server, client } = await openPair(transport)
      server.channel.pause()
      const count = await fill(client)
      assert.equal(server.recorder.byteCount, 0)
      server.channel.resume()
      assert.equal(server.recorder.byteCount, 0)
      await server.recorder.untilBytes(count)
      assert.equal(server.recorder.byteCount, count)
    })

    test('reads nothing before it has a handler, nor then if it was paused meanwhile', async () => {
      const accepting = Promise.withResolvers<Channel>()
      const listener = createListener(parseListenUrl(urls[transport]), accepting.resolve)
      opened.listeners.push(listener)
      await listener.listen()
      const client = await connect(listener)
      const channel = await accepting.promise
      opened.channels.push(channel)
      let count = await fill(client)
      channel.pause()
      channel.resume()
      count += await fill(client)
      channel.pause()
      const recorder = new Recorder()
      channel.handler = recorder
      count += await fill(client)
      assert.equal(recorder.byteCount, 0)
      channel.resume()
      await recorder.untilBytes(count)
      assert.equal(recorder.byteCount, count)
    })

    test('can be paused in the middle of receiving, again and again', async () => {
      const { server, client } = await openPair(transport)
      let isPaused = false
      server.recorder.onChunk = () => {
        assert.equal(isPaused, false, 'nothing arrives while paused')
        isPaused = true
        server.channel.pause()
        setImmediate(() => {
          isPaused = false
          server.channel.resume()
        })
      }
      const sent: Buffer[] = []
      for (let index = 0; index < 300; index++) {
        const piece = Buffer.alloc(1 + (index % 17), index)
        sent.push(piece)
        client.channel.write(piece)
      }
      client.channel.end()
      assert.equal(await server.recorder.untilClosed(), null)
      assert.ok(server.recorder.bytes.equals(Buffer.concat(sent)))
    })

    test('loses nothing of what arrives before the handler is set', async () => {
      const listener = await listen(transport, ({ channel }) => {
        channel.write(Buffer.from('hello '))
        channel.write(Buffer.from('there'))
        channel.end()
      })
      const channel = await connectChannel(targetOf(listener))
      opened.channels.push(channel)
      for (let turn = 0; turn < 20; turn++) await nextTurn()
      const recorder = new Recorder()
      channel.handler = recorder
      assert.equal(await recorder.untilClosed(), null)
      assert.equal(recorder.bytes.toString(), 'hello there')
    })

    test('is closed without an error at both ends when one ends', async () => {
      const { server, client } = await openPair(transport)
      client.channel.write(Buffer.from('bye'))
      client.channel.end()
      assert.equal(await server.recorder.untilClosed(), null)
      assert.equal(await client.recorder.untilClosed(), null)
      assert.equal(server.recorder.bytes.toString(), 'bye')
    })

    test('sends everything before it ends', async () => {
      const { server, client } = await openPair(transport)
      const bytes = randomBytes(4_000_000)
      client.channel.pause()
      server.channel.write(bytes)
      server.channel.end()
      client.channel.resume()
      assert.equal(await client.recorder.untilClosed(), null)
      assert.ok(client.recorder.bytes.equals(bytes))
      assert.equal(await server.recorder.untilClosed(), null)
      assert.equal(server.recorder.drainedCount, 0, 'nobody goes on writing')
    })

    test('receives nothing more once it is ending', async () => {
      const { server, client } = await openPair(transport)
      server.channel.end()
      client.channel.write(Buffer.from('too late'))
      assert.equal(await server.recorder.untilClosed(), null)
      assert.equal(server.recorder.byteCount, 0)
    })

    test('is destroyed after its time when the peer does not read', async () => {
      const { server, client } = await openPair(transport)
      client.channel.pause()
      await fill(server)
      server.channel.end(30)
      assert.equal(await server.recorder.untilClosed(), null)
    })

    test('is closed with the error when the peer resets the connection', async () => {
      const { server, client } = await openPair(transport)
      client.channel.pause()
      await fill(server)
      // A close that leaves bytes unread makes the system send a reset.
      client.channel.destroy()
      const error = await server.recorder.untilClosed()
      assert.ok(error !== null && 'code' in error)
      assert.match(String(error.code), /^(ECONNRESET|EPIPE)$/)
      assert.equal(await client.recorder.untilClosed(), null)
    })

    test('drops what is written after the end, and stays silent', async () => {
      const { server, client } = await openPair(transport)
      server.channel.end()
      assert.equal(server.channel.write(Buffer.from('late')), false)
      server.channel.end()
      server.channel.pause()
      server.channel.resume()
      assert.equal(await server.recorder.untilClosed(), null)
      assert.equal(server.channel.write(Buffer.from('later')), false)
      server.channel.end()
      server.channel.destroy()
      assert.equal(await client.recorder.untilClosed(), null)
      assert.equal(client.recorder.byteCount, 0)
      assert.equal(server.recorder.drainedCount, 0)
      await server.recorder.untilClosed()
    })

    test('reports its end to a handler that comes late', async () => {
      const listener = await listen(transport, () => {})
      const channel = await connectChannel(targetOf(listener))
      channel.destroy()
      for (let turn = 0; turn < 20; turn++) await nextTurn()
      const recorder = new Recorder()
      channel.handler = recorder
      assert.equal(recorder.closings.length, 0)
      assert.equal(await recorder.untilClosed(), null)
    })

    test('outlives its listener', async () => {
      const accepting = Promise.withResolvers<End>()
      const listener = await listen(transport, accepting.resolve)
      const client = await connect(listener)
      const server = await accepting.promise
      await listener.close()
      client.channel.write(Buffer.from('still here'))
      await server.recorder.untilBytes(10)
      await assert.rejects(connectChannel(targetOf(listener)), {
        code: transport === 'unix' ? 'ENOENT' : 'ECONNREFUSED',
      })
    })
  })
}
