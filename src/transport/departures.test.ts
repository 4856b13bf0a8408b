import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { temporaryDirectory } from '../../test/support/temporary-directory.ts'
import type { Channel } from './channel.ts'
import { connectChannel } from './connect.ts'
import { type Departing, Departures, departures, endInTurn } from './departures.ts'
import { parseListenUrl } from './listen-url.ts'
import { createListener } from './listener.ts'
import { SocketChannel } from './socket-channel.ts'

const directory = temporaryDirectory()

const perTurn = 64

test('what departs does so in order, so many in each turn of the event loop', async () => {
  const departures = new Departures()
  const gone: number[] = []
  const departing = (number: number): Departing => ({ depart: () => void gone.push(number) })
  for (let number = 0; number < 150; number++) departures.add(departing(number))
  assert.equal(gone.length, 0)
  const counts: number[] = []
  for (let turn = 0; turn < 3; turn++) {
    await nextTurn()
    counts.push(gone.length)
    // One that comes while others wait stands behind them.
    if (turn === 0) departures.add(departing(150))
  }
  assert.deepEqual(counts, [perTurn, 2 * perTurn, 151])
  assert.deepEqual(gone, [...Array(151).keys()])
  departures.add(departing(151))
  await nextTurn()
  assert.equal(gone.length, 152)
})

test('one that fails does not keep the others waiting', (t) => {
  const turns: (() => void)[] = []
  t.mock.method(globalThis, 'setImmediate', (go: () => void) => void turns.push(go))
  const departures = new Departures()
  const gone: number[] = []
  departures.add({ depart: () => assert.fail('broken') })
  for (let count = 0; count < 2; count++) departures.add({ depart: () => void gone.push(1) })
  assert.throws(() => turns.shift()?.(), /broken/)
  turns.shift()?.()
  departures.add({ depart: () => void gone.push(1) })
  turns.shift()?.()
  assert.equal(gone.length, 3)
})

const ways: readonly [string, (client: Channel, server: Channel) => void][] = [
  ['clients that are gone', (client) => client.destroy()],
  ['channels that the owner ends', (_, server) => server.end()],
  ['channels that break', (_, server) => server.destroy()],
]
for (const url of ['tcp://127.0.0.1:0', 'ws://127.0.0.1:0', `unix://${join(directory, 'departures.sock')}`]) {
  for (const [who, end] of ways) {
    test(`${who}, hundreds at once over ${url.split(':')[0]}, are closed so many in each turn of the event loop`, async (t) => {
      const count = 300
      const servers: Channel[] = []
      let closed = 0
      const allClosed = Promise.withResolvers<void>()
      const listener = createListener(parseListenUrl(url), (channel) => {
        servers.push(channel)
        channel.handler = {
          receiveBytes() {},
          drained() {},
          closed(error) {
            assert.equal(error, null)
            closed += 1
            if (closed === count) allClosed.resolve()
          },
        }
      })
      await listener.listen()
      t.after(() => listener.close())
      const address = new URL(listener.url)
      const transport = address.protocol === 'ws:' ? 'ws' : 'tcp'
      const clients: Channel[] = []
      while (clients.length < count) {
        const target =
          address.protocol === 'unix:'
            ? ({ transport: 'unix', path: address.pathname } as const)
            : ({ transport, host: '127.0.0.1', port: Number(address.port) } as const)
        const client = await connectChannel(target)
        client.handler = { receiveBytes() {}, drained() {}, closed() {} }
        clients.push(client)
      }
      while (servers.length < count) await nextTurn()
      // Before anything else of this turn, so that a turn counts from one of these to the next.
      const counts: number[] = []
      const note = (): void => {
        counts.push(closed)
        if (closed < count) setImmediate(note)
      }
      for (const [index, client] of clients.entries()) {
        const server = servers[index]
        assert.ok(server !== undefined)
        end(client, server)
      }
      note()
      await allClosed.promise
      counts.push(closed)
      const steps = counts.map((sum, turn) => sum - (counts[turn - 1] ?? 0))
      assert.ok(Math.max(...steps) <= perTurn, `closed in each turn: ${steps}`)
    })
  }
}

/** A server's sockets of so many clients, which have channels, and those clients. */
async function connected(count: number) {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const sockets: Socket[] = []
  const closed: (Error | null)[] = []
  const channels: Channel[] = []
  server.on('connection', (socket) => {
    sockets.push(socket)
    const channel = new SocketChannel('tcp', socket)
    channel.handler = { receiveBytes() {}, drained() {}, closed: (error) => void closed.push(error) }
    channels.push(channel)
  })
  const clients: Socket[] = []
  for (let number = 0; number < count; number++) clients.push(connect(address.port, '127.0.0.1'))
  while (sockets.length < count) await nextTurn()
  server.close()
  return { clients, sockets, channels, closed }
}

test('sockets that are reset, hundreds at once, are closed so many in each turn of the event loop, and each says why', async () => {
  const count = 300
  const { clients, sockets, closed } = await connected(count)
  for (const client of clients) client.resetAndDestroy()
  let before = 0
  const steps: number[] = []
  while (closed.length < count) {
    await nextTurn()
    const destroyed = sockets.filter((socket) => socket.destroyed).length
    steps.push(destroyed - before)
    before = destroyed
  }
  assert.ok(Math.max(...steps) <= perTurn, `destroyed in each turn: ${steps}`)
  for (const error of closed) assert.equal(error?.message, 'read ECONNRESET')
})

test('a socket that waits to be closed because it was reset can be destroyed at once, and is closed once', async (t) => {
  const { clients, sockets, channels, closed } = await connected(1)
  const told = Promise.withResolvers<void>()
  const { add } = departures
  t.mock.method(departures, 'add', (departing: Departing) => {
    add.call(departures, departing)
    if (sockets[0]?.destroyed) return
    channels[0]?.destroy()
    assert.equal(sockets[0]?.destroyed, true)
    told.resolve()
  })
  clients[0]?.resetAndDestroy()
  await told.promise
  for (let turn = 0; turn < 5; turn++) await nextTurn()
  assert.equal(closed.length, 1)
})

test('sockets that are read as streams, hundreds at once, come to their end so many in each turn, behind what they have read', async (t) => {
  const count = 300
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  let came = 0
  let ended = 0
  const read: string[] = []
  server.on('connection', (socket) => {
    endInTurn(socket)
    const own = came++
    socket.on('data', (chunk) => {
      read[own] = `${read[own] ?? ''}${chunk}`
    })
    socket.on('end', () => {
      read[own] = `${read[own] ?? ''}, ended`
      ended += 1
      socket.end()
    })
  })
  const clients = Array.from({ length: count }, () => connect(address.port, '127.0.0.1').resume())
  while (came < count) await nextTurn()
  for (const client of clients) client.end('last words')
  let before = 0
  const steps: number[] = []
  while (ended < count) {
    await nextTurn()
    steps.push(ended - before)
    before = ended
  }
  assert.ok(Math.max(...steps) <= perTurn, `ended in each turn: ${steps}`)
  assert.deepEqual(new Set(read), new Set(['last words, ended']))
})

for (const [how, leave, both] of [
  // What the client does, its end for the server, and what follows from that.
  ['breaks off', (client: Channel) => client.destroy(), 3],
  // Besides: the server's answer, its end for the client, and what the client does about the answer.
  ['says goodbye', (client: Channel) => client.end(), 6],
] as const) {
  test(`where the client of a WebSocket ${how}, both sides do so in turns`, async (t) => {
    const closed = Promise.withResolvers<Error | null>()
    const listener = createListener(parseListenUrl('ws://127.0.0.1:0'), (channel) => {
      channel.handler = { receiveBytes() {}, drained() {}, closed: closed.resolve }
    })
    await listener.listen()
    t.after(() => listener.close())
    const port = Number(new URL(listener.url).port)
    const client = await connectChannel({ transport: 'ws', host: '127.0.0.1', port })
    const gone = Promise.withResolvers<void>()
    client.handler = { receiveBytes() {}, drained() {}, closed: () => gone.resolve() }
    await nextTurn()
    const departing: Departing[] = []
    const { add } = departures
    t.mock.method(departures, 'add', (one: Departing) => {
      if (!departing.includes(one)) departing.push(one)
      add.call(departures, one)
    })
    leave(client)
    assert.equal(await closed.promise, null)
    await gone.promise
    assert.equal(departing.length, both)
  })
}
