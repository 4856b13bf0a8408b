/**
 * An open WebSocket as the frames on the wire show it. MQTT 5.0 section 6.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect, Socket } from 'node:net'
import { afterEach, describe, test } from 'node:test'
import { connectChannel } from './connect.ts'
import type { ListenerOptions } from './listener-options.ts'
import { Recorder } from './recorder.test.ts'
import { takeUpgrade } from './websocket.ts'
import { type Accepted, frame, listen, RawPeer, upgrade, type Wire } from './websocket-wire.test.ts'

async function openPeer(options: Partial<ListenerOptions> = {}): Promise<Accepted & { peer: RawPeer; wire: Wire }> {
  const wire = await listen(undefined, options)
  const { peer } = await wire.open()
  return { wire, peer, ...(await wire.accepted) }
}

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

const hosts: Server[] = []
const peers: Socket[] = []
afterEach(() => {
  for (const socket of peers.splice(0)) socket.destroy()
  for (const server of hosts.splice(0)) server.close()
})

/** A WebSocket at an HTTP server of the test's own, whose side of the connection is `accepted`; the peer may end its side alone. */
async function openHosted() {
  const server = createServer()
  hosts.push(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  const taken = new Promise<Accepted & { accepted: Socket }>((resolve) => {
    server.on('upgrade', (request, socket, head) => {
      assert.ok(socket instanceof Socket)
      peers.push(socket)
      takeUpgrade(request, socket, head, {
        ...{ origins: [], mayBeAnyPage: true, messageBytesMax: 1_000_000, remoteAddress: '192.0.2.7:1' },
        accept: (channel) => {
          const recorder = new Recorder()
          channel.handler = recorder
          resolve({ channel, recorder, accepted: socket })
        },
      })
    })
  })
  const bound = server.address()
  const port = typeof bound === 'object' ? (bound?.port ?? 0) : 0
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  peers.push(socket.on('error', () => {}))
  const lines = Object.entries({ Host: 'a', ...upgrade }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`GET / HTTP/1.1\r\n${lines.join('')}\r\n`)
  const peer = new RawPeer(socket)
  await peer.readHead()
  return { peer, ...(await taken) }
}

test('a peer that was refused at the server of somebody else, and does not go, is cut off', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const server = createServer()
  hosts.push(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  const refusing = once(server, 'upgrade')
  const bound = server.address()
  const port = typeof bound === 'object' ? (bound?.port ?? 0) : 0
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  peers.push(socket.on('error', () => {}))
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  const [request, accepted, head] = await refusing
  peers.push(accepted)
  takeUpgrade(request, accepted, head, {
    ...{ origins: [], mayBeAnyPage: true, messageBytesMax: 1000, remoteAddress: '192.0.2.7:1' },
    accept: () => assert.fail('it was taken'),
  })
  await once(socket.resume(), 'end')
  context.mock.timers.tick(999)
  assert.equal(accepted.destroyed, false)
  context.mock.timers.tick(1)
  assert.equal(accepted.destroyed, true)
})

describe('an open WebSocket', { timeout: 30_000 }, () => {
  test('[MQTT-6.0.0-1] a text frame closes it with 1003', async () => {
    const { peer, recorder } = await openPeer()
    peer.socket.write(
      Buffer.concat([frame(0x82, Buffer.from('a')), frame(0x81, Buffer.from('b')), frame(0x82, Buffer.from('c'))]),
    )
    assert.equal(await peer.readCloseCode(), 1003)
    peer.socket.end(frame(0x88, Buffer.from([3, 235])))
    const error = await recorder.untilClosed()
    assert.equal(error?.message, 'the peer sent a text frame, but MQTT needs binary frames [MQTT-6.0.0-1]')
    assert.equal(recorder.bytes.toString(), 'a')
  })

  test('[MQTT-6.0.0-1] a text frame that is no text closes it with 1003, too', async () => {
    const { peer, recorder } = await openPeer()
    peer.socket.write(frame(0x81, Buffer.from([0xff, 0xfe])))
    assert.equal(await peer.readCloseCode(), 1003)
    peer.socket.destroy()
    assert.ok((await recorder.untilClosed()) !== null)
  })

  test('[MQTT-6.0.0-2] where a frame ends means nothing', async () => {
    const { peer, recorder } = await openPeer()
    const ping = frame(0x89, Buffer.from('?'))
    const pieces = [frame(0x02, Buffer.from('a')), ping, frame(0x00, Buffer.from('bc')), frame(0x80), frame(0x82)]
    const bytes = Buffer.concat([...pieces, frame(0x82, Buffer.from('defgh'))])
    for (let index = 0; index < bytes.length; index++) peer.socket.write(bytes.subarray(index, index + 1))
    await recorder.untilBytes(8)
    assert.equal(recorder.bytes.toString(), 'abcdefgh')
    assert.ok(recorder.chunks.every(({ length }) => length > 0))
    const { first, payload } = await peer.readFrame()
    assert.equal(first, 0x8a)
    assert.equal(payload.toString(), '?')
  })

  test('each write is one binary frame', async () => {
    const { peer, channel } = await openPeer()
    assert.equal(channel.write(Buffer.from('one')), true)
    assert.equal(channel.write(new Uint8Array([1, 2])), true)
    assert.deepEqual(await peer.readFrame(), { first: 0x82, payload: Buffer.from('one') })
    assert.deepEqual(await peer.readFrame(), { first: 0x82, payload: Buffer.from([1, 2]) })
  })

  test('a message of countless empty frames is cut off', async () => {
    const { peer, recorder } = await openPeer()
    const flood = Buffer.concat(Array.from({ length: 5000 }, () => frame(0x00)))
    peer.socket.write(Buffer.concat([frame(0x02), flood]))
    assert.equal(await peer.readCloseCode(), 1008)
    peer.socket.destroy()
    assert.match(String(await recorder.untilClosed()), /Too many message fragments/)
    assert.equal(recorder.byteCount, 0)
  })

  test('a message in countless tiny pieces is cut off', async () => {
    const { peer, recorder, accepted } = await openHosted()
    // What TCP would put together again: each is one piece that has arrived.
    accepted.emit('data', frame(0x82, Buffer.alloc(0), 100_000))
    for (let count = 0; count < 17_000; count++) accepted.emit('data', Buffer.alloc(1))
    assert.equal(await peer.readCloseCode(), 1008)
    peer.socket.destroy()
    assert.match(String(await recorder.untilClosed()), /Too many buffered chunks/)
    assert.equal(recorder.byteCount, 0)
  })

  test('a peer that begins a closing handshake and does not end it is not waited for for ever', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] })
    const { peer, recorder, accepted } = await openHosted()
    peer.socket.write(frame(0x88, Buffer.from([3, 232])))
    assert.equal(await peer.readCloseCode(), 1000)
    context.mock.timers.tick(4999)
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual([accepted.destroyed, recorder.closings], [false, []])
    context.mock.timers.tick(1)
    assert.equal(await recorder.untilClosed(), null)
    assert.equal(accepted.destroyed, true)
  })

  test('what went wrong first is what is told', async () => {
    const { peer, recorder, accepted } = await openHosted()
    peer.socket.write(frame(0x81, Buffer.from('text')))
    assert.equal(await peer.readCloseCode(), 1003)
    accepted.destroy(new Error('later'))
    assert.match(String(await recorder.untilClosed()), /text frame/)
  })

  test('a peer that does not answer the end of a channel is waited for for five seconds', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] })
    const { peer, recorder, channel, accepted } = await openHosted()
    channel.end()
    assert.equal(await peer.readCloseCode(), 1000)
    context.mock.timers.tick(4999)
    assert.equal(accepted.destroyed, false)
    context.mock.timers.tick(1)
    assert.equal(accepted.destroyed, true)
    assert.equal(await recorder.untilClosed(), null)
  })

  test('a channel that is ending reads on for the answer of its peer, whether it was paused before or is afterwards', async (context) => {
    // So that no time runs out for an answer that is not read.
    context.mock.timers.enable({ apis: ['setTimeout'] })
    const pausedBefore = await openHosted()
    pausedBefore.channel.pause()
    pausedBefore.channel.end()
    const pausedAfterwards = await openHosted()
    pausedAfterwards.channel.end()
    for (const { peer, recorder, channel } of [pausedBefore, pausedAfterwards]) {
      assert.equal(await peer.readCloseCode(), 1000)
      channel.pause()
      peer.socket.end(frame(0x88, Buffer.from([3, 232])))
      assert.equal(await recorder.untilClosed(), null)
    }
  })

  for (const way of ['end', 'destroy'] as const) {
    test(`an owner that wants nothing more of what waits behind a pause (${way}) is told of the end that has come`, async () => {
      const { peer, channel, recorder, accepted } = await openHosted()
      recorder.onChunk = () => channel.pause()
      const letters = ['a', 'b'].map((letter) => frame(0x82, Buffer.from(letter)))
      peer.socket.end(Buffer.concat([...letters, frame(0x88, Buffer.from([3, 232]))]))
      await once(accepted, 'close')
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
      assert.equal(recorder.closings.length, 0)
      const before = timers()
      channel[way]()
      assert.equal(recorder.closings.length, 0, 'in a later turn')
      assert.equal(await recorder.untilClosed(), null)
      assert.equal(recorder.bytes.toString(), 'a')
      assert.ok(timers() <= before)
    })
  }

  test('another owner gets what waits behind the pause of the first, and then the end', async () => {
    const { peer, channel, recorder, accepted } = await openHosted()
    recorder.onChunk = () => channel.pause()
    const letters = ['a', 'b'].map((letter) => frame(0x82, Buffer.from(letter)))
    peer.socket.end(Buffer.concat([...letters, frame(0x88, Buffer.from([3, 232]))]))
    await once(accepted, 'close')
    const other = new Recorder()
    channel.handler = other
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual([other.byteCount, other.closings.length], [0, 0])
    channel.resume()
    assert.equal(await other.untilClosed(), null)
    assert.equal(other.bytes.toString(), 'b')
  })

  test('a handler that comes while its channel is ending is told when it has ended', async () => {
    const wire = await listen()
    const channel = await connectChannel({ transport: 'ws', host: '127.0.0.1', port: wire.port })
    const other = await wire.accepted
    other.channel.pause()
    channel.end()
    const recorder = new Recorder()
    channel.handler = recorder
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    assert.equal(recorder.closings.length, 0)
    other.channel.resume()
    assert.equal(await recorder.untilClosed(), null)
  })

  test('an owner that ends a channel in the middle of what was held back gets nothing more of it', async () => {
    const { peer, channel, recorder } = await openHosted()
    recorder.onChunk = () => (recorder.byteCount === 1 ? channel.pause() : channel.end())
    peer.socket.write(Buffer.concat(['a', 'b', 'c'].map((letter) => frame(0x82, Buffer.from(letter)))))
    await recorder.untilBytes(1)
    channel.resume()
    assert.equal(await peer.readCloseCode(), 1000)
    peer.socket.end(frame(0x88, Buffer.from([3, 232])))
    assert.equal(await recorder.untilClosed(), null)
    assert.equal(recorder.bytes.toString(), 'ab')
  })

  test('nothing is written to a socket that is gone before its end was told', async () => {
    const { channel, recorder, accepted } = await openHosted()
    accepted.destroy()
    assert.equal(channel.write(Buffer.from('x')), false)
    assert.equal(await recorder.untilClosed(), null)
  })

  test('when a channel is closed no timer of its end is left', async () => {
    const { peer, recorder, channel } = await openHosted()
    const before = timers()
    channel.end(3_600_000)
    channel.end(3_600_000)
    assert.ok(timers() > before)
    assert.equal(await peer.readCloseCode(), 1000)
    peer.socket.end(frame(0x88, Buffer.from([3, 232])))
    assert.equal(await recorder.untilClosed(), null)
    assert.ok(timers() <= before)
  })

  test('nothing is written once the peer has begun to close', async () => {
    const { peer, channel, recorder } = await openHosted()
    peer.socket.write(frame(0x88, Buffer.from([3, 232])))
    assert.equal(await peer.readCloseCode(), 1000)
    assert.equal(channel.write(Buffer.from('x')), false)
    peer.socket.end()
    assert.equal(await recorder.untilClosed(), null)
    assert.equal(recorder.drainedCount, 0)
  })

  test('a message longer than allowed is refused when its length is read', async () => {
    const { peer, recorder } = await openPeer({ webSocketMessageBytesMax: () => 1000 })
    peer.socket.write(frame(0x82, Buffer.alloc(10), 1001))
    assert.equal(await peer.readCloseCode(), 1009)
    peer.socket.destroy()
    assert.match(String(await recorder.untilClosed()), /Max payload size exceeded/)
  })

  test('at the server of somebody else, too, a message longer than allowed is refused when its length is read', async () => {
    const { peer, recorder } = await openHosted()
    peer.socket.write(frame(0x82, Buffer.alloc(10), 1_000_001))
    assert.equal(await peer.readCloseCode(), 1009)
    peer.socket.destroy()
    assert.match(String(await recorder.untilClosed()), /Max payload size exceeded/)
  })

  test('the fragments of a message count together', async () => {
    const { peer, recorder } = await openPeer({ webSocketMessageBytesMax: () => 150 })
    const half = Buffer.alloc(100)
    peer.socket.write(Buffer.concat([frame(0x02, half), frame(0x80, half)]))
    assert.equal(await peer.readCloseCode(), 1009)
    peer.socket.destroy()
    assert.ok((await recorder.untilClosed()) !== null)
  })

  test('a frame that is not masked closes it with 1002', async () => {
    const { peer, recorder } = await openPeer()
    peer.socket.write(Buffer.from([0x82, 1, 0]))
    assert.equal(await peer.readCloseCode(), 1002)
    peer.socket.destroy()
    assert.ok((await recorder.untilClosed()) !== null)
  })

  test('a Close frame is answered, and the end is orderly', async () => {
    const { peer, recorder } = await openPeer()
    peer.socket.write(frame(0x88, Buffer.from([3, 233])))
    assert.equal(await peer.readCloseCode(), 1001)
    assert.equal(await recorder.untilClosed(), null)
    await peer.untilClosed()
  })

  test('a peer that goes without a Close frame ends it without an error', async () => {
    const { peer, recorder } = await openPeer()
    peer.socket.end(frame(0x82, Buffer.from('last words')))
    assert.equal(await recorder.untilClosed(), null)
    assert.equal(recorder.bytes.toString(), 'last words')
  })

  test('a peer that resets the connection ends it with that error', async () => {
    const { peer, recorder } = await openPeer()
    peer.socket.resetAndDestroy()
    const error = await recorder.untilClosed()
    assert.ok(error !== null && 'code' in error)
    assert.equal(error.code, 'ECONNRESET')
  })

  test('frames decoded behind a pause wait, and come before the end of the peer', async () => {
    const { peer, channel, recorder } = await openPeer()
    recorder.onChunk = () => channel.pause()
    const letters = ['a', 'b', 'c'].map((letter) => frame(0x82, Buffer.from(letter)))
    peer.socket.end(Buffer.concat([...letters, frame(0x88, Buffer.from([3, 232]))]))
    for (const expected of ['a', 'ab', 'abc']) {
      await recorder.untilBytes(expected.length)
      await new Promise((resolve) => setImmediate(resolve))
      assert.equal(recorder.bytes.toString(), expected)
      if (expected !== 'abc') assert.equal(recorder.closings.length, 0)
      channel.resume()
    }
    assert.equal(await recorder.untilClosed(), null)
  })
})
