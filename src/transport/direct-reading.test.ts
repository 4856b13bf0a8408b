import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { readDirectly, takeChunk } from './direct-reading.ts'
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
  return { server, client, socket }
}

function connections(server: Server): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
  )
}

test('this Node can read a socket directly', async (t) => {
  const { client, socket } = await accepted(t)
  const direct = readDirectly(socket, () => true)
  assert.ok(direct !== null)
  const ended = once(direct, 'end')
  direct.resume()
  client.end()
  await ended
  direct.destroy()
})

test('a chunk stays as it is, whatever comes behind it, and a server counts the connection until it is closed', async (t) => {
  const { server, client, socket } = await accepted(t)
  const chunks: Buffer[] = []
  const arrived = Promise.withResolvers<void>()
  let bytes = 0
  const direct = readDirectly(socket, (size) => {
    chunks.push(takeChunk(size))
    bytes += size
    if (bytes === 300_005) arrived.resolve()
    return true
  })
  assert.ok(direct !== null)
  assert.equal(direct.remotePort, client.localPort)
  client.write('small')
  direct.resume()
  await once(client, 'connect')
  const large = Buffer.alloc(300_000)
  for (let at = 0; at < large.length; at++) large[at] = at % 251
  client.write(large)
  await arrived.promise
  assert.deepEqual(Buffer.concat(chunks), Buffer.concat([Buffer.from('small'), large]))
  assert.equal(await connections(server), 1)
  direct.destroy()
  await once(direct, 'close')
  assert.equal(await connections(server), 0)
})

test('small chunks share little memory, and a large one has its own', () => {
  const chunks = Array.from({ length: 1000 }, () => takeChunk(100))
  const blocks = new Set(chunks.map(({ buffer }) => buffer))
  assert.ok(blocks.size <= 8, `${blocks.size}`)
  for (const { byteLength } of blocks) assert.equal(byteLength, 16_384)
  assert.equal(takeChunk(10_000).buffer.byteLength, 10_000)
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
      receiveBytes(chunk) {
        read += chunk.toString()
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
    channel.write(Buffer.from('answer'))
    const [answer] = (await once(client, 'data')) as [Buffer]
    assert.deepEqual([read, answer.toString()], ['one', 'answer'])
    channel.resume()
    await came.promise
    assert.equal(read, 'onetwo')
    client.end()
    await closed.promise
  })
}
