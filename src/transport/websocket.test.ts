/**
 * An open WebSocket as the frames on the wire show it. MQTT 5.0 section 6.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ListenerOptions } from './listener-options.ts'
import { type Accepted, frame, listen, type RawPeer, type Wire } from './websocket-wire.test.ts'

async function openPeer(options: Partial<ListenerOptions> = {}): Promise<Accepted & { peer: RawPeer; wire: Wire }> {
  const wire = await listen(undefined, options)
  const { peer } = await wire.open()
  return { wire, peer, ...(await wire.accepted) }
}

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

  test('a message longer than allowed is refused when its length is read', async () => {
    const { peer, recorder } = await openPeer({ webSocketMessageBytesMax: () => 1000 })
    peer.socket.write(frame(0x82, Buffer.alloc(10), 1001))
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
