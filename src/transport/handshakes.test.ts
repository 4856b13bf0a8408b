/**
 * Connections that are not channels yet, at a server that says nothing by itself: each is bounded, and reported once or not at all.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Server, Socket } from 'node:net'
import { afterEach, test } from 'node:test'
import { Handshakes } from './handshakes.ts'
import { parseListenUrl } from './listen-url.ts'
import { type ListenerOptions, listenerDefaults, type Turned } from './listener-options.ts'

const header = 'PROXY TCP4 203.0.113.9 192.0.2.1 50312 1883\r\n'

interface Watched {
  readonly server: Server
  readonly handshakes: Handshakes
  /** Sockets that were handed on, with the address that is known by then. */
  readonly served: Socket[]
  readonly reports: (readonly [string, Turned['type'], string])[]
  /** How many are waiting, and how often that has changed. */
  readonly counted: { now: number; changes: number }
  dial(first?: string): Socket
}

const open: Watched[] = []
const dialled: Socket[] = []
afterEach(() => {
  for (const socket of dialled.splice(0)) socket.destroy()
  for (const { server, handshakes } of open.splice(0)) {
    server.close()
    handshakes.drop()
  }
})

async function watch(url = 'ws://127.0.0.1:0', options: Partial<ListenerOptions> = {}): Promise<Watched> {
  const server = createServer()
  const served: Socket[] = []
  server.on('connection', (socket) => {
    // What comes of it is of no interest here.
    served.push(socket.on('error', () => {}))
  })
  const address = parseListenUrl(url)
  assert.ok(address.transport !== 'unix')
  const reports: Watched['reports'] = []
  const counted = { now: 0, changes: 0 }
  const handshakes = new Handshakes(server, address, {
    ...listenerDefaults,
    handshakesChanged: (by) => {
      counted.now += by
      counted.changes += 1
    },
    turnedAway: (remoteAddress, { type, reason }) => reports.push([remoteAddress, type, reason]),
    ...options,
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  const port = typeof bound === 'object' ? (bound?.port ?? 0) : 0
  const dial = (first = '') => {
    const socket = connect(port, '127.0.0.1')
    dialled.push(socket.on('error', () => {}))
    if (first !== '') socket.write(first)
    return socket
  }
  const watched = { server, handshakes, served, reports, counted, dial }
  open.push(watched)
  return watched
}

/** Something of somebody else's has to happen first: it is looked at in each turn of the event loop. */
async function until(isMet: () => boolean): Promise<void> {
  const endMs = Date.now() + 10_000
  while (!isMet()) {
    assert.ok(Date.now() < endMs, 'it does not come')
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function addressOf(socket: Socket): string {
  return `127.0.0.1:${socket.localPort}`
}

test('a connection that has become a channel is not reported when it ends, and not counted any more', async () => {
  const { served, handshakes, dial, reports, counted } = await watch()
  const socket = dial()
  await until(() => served.length === 1)
  const [accepted] = served
  assert.ok(accepted !== undefined)
  assert.deepEqual([counted.now, handshakes.remoteAddressOf(accepted)], [1, addressOf(socket)])
  assert.equal(handshakes.finish(accepted), addressOf(socket))
  assert.equal(handshakes.finish(accepted), null, 'it becomes one once')
  assert.equal(counted.now, 0)
  accepted.resume()
  socket.end()
  await once(accepted, 'close')
  assert.deepEqual([reports, counted], [[], { now: 0, changes: 2 }])
})

test('one that was closed is reported once, and becomes no channel', async () => {
  const { served, handshakes, dial, reports, counted } = await watch()
  const socket = dial()
  await until(() => served.length === 1)
  const from = addressOf(socket)
  const [accepted] = served
  assert.ok(accepted !== undefined)
  const closed = new Promise((resolve) => accepted.resume().once('close', resolve))
  socket.resetAndDestroy()
  await closed
  assert.deepEqual(reports, [[from, 'failed', 'the connection was closed before its WebSocket handshake']])
  assert.equal(handshakes.finish(accepted), null)
  assert.deepEqual(counted, { now: 0, changes: 2 })
})

test('one that was given an answer is not reported, and its deadline holds on', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const { served, handshakes, dial, reports, counted } = await watch(undefined, { handshakeTimeoutMs: () => 1000 })
  for (const isAnswered of [true, false]) {
    const socket = dial()
    await until(() => served.length === (isAnswered ? 1 : 2))
    const accepted = served.at(-1)
    assert.ok(accepted !== undefined)
    if (isAnswered) handshakes.answered(accepted)
    context.mock.timers.tick(999)
    assert.equal(accepted.destroyed, false)
    context.mock.timers.tick(1)
    assert.equal(accepted.destroyed, true)
    const reason = 'its WebSocket handshake was not complete within 1 seconds'
    assert.deepEqual(reports, isAnswered ? [] : [[addressOf(socket), 'slow', reason]])
  }
  assert.deepEqual(counted, { now: 0, changes: 4 })
})

test('where there is room for none, whoever comes is turned away and not served', async () => {
  const { served, dial, reports, counted } = await watch(undefined, { handshakesMax: () => 0 })
  const socket = dial()
  await once(socket.resume(), 'close')
  assert.deepEqual(
    reports.map(([, type]) => type),
    ['crowded'],
  )
  assert.deepEqual([served.length, counted], [0, { now: 0, changes: 2 }])
})

test('above the bound the oldest makes room, and the others stay', async () => {
  const { served, dial, reports, counted } = await watch(undefined, { handshakesMax: () => 2 })
  const sockets = []
  for (let count = 1; count <= 3; count++) {
    sockets.push(dial())
    await until(() => served.length === count)
  }
  assert.deepEqual(
    served.map(({ destroyed }) => destroyed),
    [true, false, false],
  )
  assert.deepEqual([reports.map(([address]) => address), counted.now], [sockets.slice(0, 1).map(addressOf), 2])
})

test('a peer that is gone before it is accepted is let go, and leaves nothing behind', async () => {
  const { server, served, reports, counted } = await watch()
  const gone = new Socket()
  server.emit('connection', gone)
  assert.deepEqual([gone.destroyed, served, reports, counted.changes], [true, [], [], 0])
})

test('a connection with the numbers of one whose end is not known yet takes its place', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const { server, served, handshakes, dial, reports, counted } = await watch(undefined, {
    handshakeTimeoutMs: () => 1000,
  })
  dial()
  await until(() => served.length === 1)
  const [accepted] = served
  assert.ok(accepted !== undefined)
  context.mock.timers.tick(600)
  server.emit('connection', accepted)
  assert.equal(counted.now, 1)
  context.mock.timers.tick(600)
  assert.equal(accepted.destroyed, false, 'the deadline of the first is not that of the second')
  assert.notEqual(handshakes.finish(accepted), null)
  assert.deepEqual([counted.now, reports], [0, []])
})

test('what becomes of the one whose place was taken is not counted for the other', async () => {
  const { server, dial, counted } = await watch('ws://127.0.0.1:0?proxyFrom=127.0.0.1')
  const arrived: Socket[] = []
  server.on('connection', (socket) => arrived.push(socket))
  const socket = dial()
  await until(() => arrived.length === 1)
  server.emit('connection', arrived[0])
  assert.deepEqual(counted, { now: 1, changes: 3 })
  socket.write('no header')
  await once(socket.resume(), 'close')
  await until(() => arrived[0]?.closed === true)
  assert.deepEqual(counted, { now: 0, changes: 4 })
})

test('a TLS error of a connection that is not known closes it', async () => {
  const { handshakes, reports } = await watch()
  const socket = new Socket()
  handshakes.failed(socket, new Error('no agreement'))
  assert.deepEqual([socket.destroyed, reports], [true, []])
})

test('a listener that is closed drops them without a report', async () => {
  const { handshakes, served, dial, reports, counted } = await watch()
  const socket = dial()
  await until(() => served.length === 1)
  handshakes.drop()
  await once(socket.resume(), 'close')
  assert.deepEqual([reports, counted.now], [[], 0])
})

for (const [url, stage] of [
  ['ws://127.0.0.1:0?proxyFrom=127.0.0.1', 'its WebSocket handshake'],
  ['tls://127.0.0.1:0?proxyFrom=127.0.0.1&cert=c&key=k', 'its TLS handshake'],
] as const) {
  test(`once the header of a proxy has been read, its client is the one who is waited for (${stage})`, async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] })
    const { served, handshakes, dial, reports } = await watch(url, { handshakeTimeoutMs: () => 1000 })
    dial(`${header}rest`)
    await until(() => served.length === 1)
    const [accepted] = served
    assert.ok(accepted !== undefined)
    assert.equal(handshakes.remoteAddressOf(accepted), '203.0.113.9:50312')
    const rest = once(accepted, 'data')
    assert.equal(String((await rest)[0]), 'rest')
    context.mock.timers.tick(1000)
    assert.deepEqual(reports, [['203.0.113.9:50312', 'slow', `${stage} was not complete within 1 seconds`]])
  })
}

test('a proxy that breaks off in the middle of its header, or behind it, breaks nothing', async () => {
  const { served, dial, reports, counted } = await watch('ws://127.0.0.1:0?proxyFrom=127.0.0.1')
  for (const first of ['PROXY ', header]) {
    const socket = dial(first)
    await once(socket, 'connect')
    await until(() => counted.now === 1)
    const before = reports.length
    socket.resetAndDestroy()
    await until(() => reports.length > before || served.at(-1)?.destroyed === false)
    served.at(-1)?.resume()
    await until(() => reports.length > before)
    assert.equal(reports.at(-1)?.[1], 'failed')
  }
  const another = dial(header)
  const before = served.length
  await until(() => served.length > before)
  assert.equal(another.destroyed, false)
})
