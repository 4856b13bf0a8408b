import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { type DirectHandle, startReading, stopReading, takeHandle, writeNow } from './direct-handle.ts'
import { SocketChannel } from './socket-channel.ts'

/** A server whose sockets are paused, and a client of it with the socket it has there. */
async function accepted(t: TestContext) {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const came = once(server, 'connection')
  const client = connect(address.port, '127.0.0.1')
  const [socket] = (await came) as [Socket]
  t.after(() => {
    client.destroy()
    socket.destroy()
    server.close()
  })
  return { client, socket }
}

/** Keeps what is read, and can be waited for. */
class Reader {
  bytesRead = 0
  readonly parts: Buffer[] = []
  #bytes = 0
  #wanted = 0
  #resolve = () => {}

  receiveBytes(bytes: Buffer, start: number, end: number): void {
    this.parts.push(bytes.subarray(start, end))
    this.#bytes += end - start
    if (this.#bytes >= this.#wanted) this.#resolve()
  }

  readingEnds(): void {}

  /** Resolves when so many have come in all. */
  async until(bytes: number): Promise<Buffer> {
    this.#wanted = bytes
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#resolve = resolve
    if (this.#bytes < bytes) await promise
    return Buffer.concat(this.parts)
  }
}

async function takenHandle(t: TestContext) {
  const { client, socket } = await accepted(t)
  const reader = new Reader()
  const handle = takeHandle(socket, reader)
  assert.ok(handle !== null)
  socket.resume()
  return { client, socket, reader, handle }
}

test('what is read stays as it is, whatever comes behind it, and the end is told to the socket', async (t) => {
  const { client, socket, reader } = await takenHandle(t)
  client.write('small')
  await reader.until(5)
  const large = Buffer.alloc(300_000)
  for (let at = 0; at < large.length; at++) large[at] = at % 251
  client.write(large)
  assert.deepEqual(await reader.until(300_005), Buffer.concat([Buffer.from('small'), large]))
  client.end()
  await once(socket, 'end')
})

test('small chunks share little memory, and a large one has its own', async (t) => {
  const { client, reader } = await takenHandle(t)
  for (let count = 1; count <= 400; count++) {
    client.write(Buffer.alloc(100))
    await reader.until(100 * count)
  }
  const blocks = new Set(reader.parts.map(({ buffer }) => buffer))
  assert.ok(blocks.size <= 4, `${blocks.size}`)
  for (const { byteLength } of blocks) assert.equal(byteLength, 16_384)
  client.write(Buffer.alloc(10_000))
  await reader.until(50_000)
  assert.equal(reader.parts.at(-1)?.buffer.byteLength, 10_000)
})

test('chunks of every size stay byte for byte, also those that are copied by words', async (t) => {
  const { client, reader } = await takenHandle(t)
  let sent = Buffer.alloc(0)
  for (let size = 1; size <= 270; size++) {
    const chunk = Buffer.from(Array.from({ length: size }, (_, index) => (size * 7 + index) % 256))
    sent = Buffer.concat([sent, chunk])
    client.write(chunk)
    await reader.until(sent.length)
    assert.deepEqual(reader.parts.at(-1), chunk)
  }
  // Whatever came later has changed none of them.
  assert.deepEqual(Buffer.concat(reader.parts), sent)
})

test('memory for the next chunk is got behind a chunk, which does not wait for it', async (t) => {
  const { client, reader } = await takenHandle(t)
  let isRead = false
  const got: boolean[] = []
  const { allocUnsafeSlow } = Buffer
  t.mock.method(Buffer, 'allocUnsafeSlow', (size: number) => {
    if (size === 16_384) got.push(isRead)
    return allocUnsafeSlow(size)
  })
  const receiveBytes = reader.receiveBytes.bind(reader)
  t.mock.method(reader, 'receiveBytes', (bytes: Buffer, start: number, end: number) => {
    receiveBytes(bytes, start, end)
    isRead = true
  })
  for (let count = 1; count <= 400; count++) {
    isRead = false
    client.write(Buffer.alloc(100))
    await reader.until(100 * count)
  }
  // The chunk before the first one may have been of another size.
  assert.ok(got.length >= 2, `${got.length}`)
  assert.ok(got.slice(1).every(Boolean), `${got}`)
})

test('what a connection has read is counted beyond 32 bits', async (t) => {
  const { client, socket } = await accepted(t)
  const reader = new Reader()
  const handle = takeHandle(socket, reader)
  assert.ok(handle !== null)
  // Five bytes lead beyond what 32 bits hold with a sign, without one, and far above.
  for (const before of [0x7fff_fffe, 0xffff_fffe, 0x8_ffff_fffe]) {
    const { promise, resolve } = Promise.withResolvers<number>()
    const chunk = {
      bytesRead: before | 0,
      receiveBytes: (_: Buffer, start: number, end: number) => resolve(end - start),
      readingEnds() {},
    }
    const fake = Object.create(handle, { bytesRead: { value: before + 5 } }) as { onread(): void }
    for (const key of Object.getOwnPropertySymbols(handle)) {
      if (key.description === 'owner') Object.defineProperty(fake, key, { value: chunk })
    }
    Object.getPrototypeOf(fake).onread.call(fake)
    assert.equal(await promise, 5)
    assert.equal(chunk.bytesRead, (before + 5) | 0)
  }
  client.destroy()
})

test('a handle that stops reads nothing until it starts again', async (t) => {
  const { client, reader, handle } = await takenHandle(t)
  client.write('one')
  await reader.until(3)
  stopReading(handle)
  client.write('two')
  // What is written is handed over at once; its answer shows that what the client wrote before is here.
  writeNow(handle, Buffer.from('?'), 0, 1)
  await once(client, 'data')
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(Buffer.concat(reader.parts).toString(), 'one')
  startReading(handle)
  assert.equal((await reader.until(6)).toString(), 'onetwo')
})

test('of what is written only so much is taken as the system has room for, and nothing once the socket is closed', async (t) => {
  const { client, socket, handle } = await takenHandle(t)
  client.pause()
  const bytes = Buffer.alloc(1_000_000, 'x')
  let taken = 0
  for (let last = 1; last > 0; taken += last) last = writeNow(handle, bytes, 10, bytes.length)
  assert.ok(taken > 0 && taken % (bytes.length - 10) !== 0, `${taken}`)
  let read = 0
  client.on('data', (chunk: Buffer) => {
    read += chunk.length
  })
  client.resume()
  while (read < taken) await once(client, 'data')
  assert.equal(read, taken)
  socket.destroy()
  assert.equal(handle.fd < 0, true)
  assert.equal(writeNow(handle, bytes, 0, 10), 0)
})

test('a Node whose handles are unlike those that are known has its sockets left as they are', async (t) => {
  const missing: (keyof DirectHandle)[] = ['useUserBuffer', 'bytesRead', 'fd', 'readStart', 'readStop']
  for (const name of [...missing, 'onread'] as const) {
    const { socket } = await accepted(t)
    const { _handle: handle } = socket as Socket & { _handle: DirectHandle }
    const reader = new Reader()
    Object.defineProperty(handle, name, { value: undefined, writable: true })
    assert.equal(takeHandle(socket, reader), null, name)
  }
})

for (const knows of [true, false]) {
  test(`a channel reads, stops, goes on and ends, on a Node that ${knows ? 'knows' : 'does not know'} how to read directly`, async (t) => {
    const { client, socket } = await accepted(t)
    const { _handle: handle } = socket as Socket & { _handle: { useUserBuffer: unknown } }
    if (!knows) handle.useUserBuffer = undefined
    const channel = new SocketChannel('tcp', socket)
    let read = ''
    const closed = Promise.withResolvers<void>()
    let came = Promise.withResolvers<void>()
    channel.handler = {
      receiveBytes(bytes, start, end) {
        read += bytes.toString('latin1', start, end)
        came.resolve()
      },
      drained() {},
      closed: () => closed.resolve(),
    }
    assert.equal(socket.listenerCount('data'), knows ? 0 : 1)
    client.write('one')
    await came.promise
    channel.pause()
    came = Promise.withResolvers()
    client.write('two')
    channel.write(Buffer.from('an answer'), 3, 9)
    const [answer] = (await once(client, 'data')) as [Buffer]
    assert.deepEqual([read, answer.toString()], ['one', 'answer'])
    channel.resume()
    await came.promise
    assert.equal(read, 'onetwo')
    client.end()
    await closed.promise
  })
}

test('a channel that is paused as soon as it has a handler reads nothing before it goes on', async (t) => {
  const { client, socket } = await accepted(t)
  const channel = new SocketChannel('tcp', socket)
  const reader = new Reader()
  channel.handler = { receiveBytes: (...read) => reader.receiveBytes(...read), drained() {}, closed() {} }
  channel.pause()
  client.write('word')
  channel.write(Buffer.from('?'))
  await once(client, 'data')
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(reader.parts.length, 0)
  channel.resume()
  assert.equal((await reader.until(4)).toString(), 'word')
})

test('a connection that breaks is told with its error, for which no stack is written out', async (t) => {
  const { stackTraceLimit } = Error
  t.after(() => {
    Error.stackTraceLimit = stackTraceLimit
  })
  Error.stackTraceLimit = 7
  const { client, socket } = await accepted(t)
  const channel = new SocketChannel('tcp', socket)
  const broken = new Promise<Error | null>((resolve) => {
    channel.handler = { receiveBytes() {}, drained() {}, closed: resolve }
  })
  client.resetAndDestroy()
  const error = await broken
  assert.ok(error !== null)
  assert.equal(error.message, 'read ECONNRESET')
  assert.equal(error.stack?.includes('\n'), false)
  assert.equal(Error.stackTraceLimit, 7)
})

test('a socket that has read something, or is about to, is left as it is', async (t) => {
  const reading = await accepted(t)
  reading.socket.resume()
  await once(reading.socket, 'resume')
  reading.socket.pause()
  assert.equal(takeHandle(reading.socket, new Reader()), null)
  const { client, socket } = await accepted(t)
  client.write('hello')
  await once(socket.resume(), 'data')
  socket.pause()
  assert.equal(takeHandle(socket, new Reader()), null)
  const channel = new SocketChannel('tcp', socket)
  const reader = new Reader()
  channel.handler = { receiveBytes: (...read) => reader.receiveBytes(...read), drained() {}, closed() {} }
  client.write('world')
  assert.equal((await reader.until(5)).toString(), 'world')
})
