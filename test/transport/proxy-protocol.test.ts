/**
 * Clients behind a proxy that says who they are: their own address is what the broker goes by, and only a known proxy is believed.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { WebSocket } from 'ws'
import type { BrokerOptions } from '../../src/index.ts'
import { makeSelfSigned } from '../../src/transport/self-signed.test.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import { WireClient } from '../support/wire-client.ts'

const directory = temporaryDirectory()
const certificate = makeSelfSigned(directory, 'server')
const authority = readFileSync(certificate.certFile)
const tlsFiles = `cert=${certificate.certFile}&key=${certificate.keyFile}`
const header = 'PROXY TCP4 203.0.113.9 192.0.2.1 50312 1883\r\n'

async function startBehindProxy(url: string, options: BrokerOptions = {}): Promise<TestBroker & { port: number }> {
  const broker = await startTestBroker({ listen: [url], allowAnonymous: true, ...options })
  return { ...broker, port: Number(new URL(broker.url).port) }
}

function dial(port: number, first: string | Buffer): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(first)
  return socket
}

/** What is told of the next connection that is not let in. */
function refusal(broker: TestBroker): Promise<{ remoteAddress: string; reasonCode: number; reason: string }> {
  return new Promise((resolve) => broker.broker.on('refused', resolve))
}

async function addressSeen(broker: TestBroker, client: WireClient): Promise<string> {
  const connected = Promise.withResolvers<string>()
  broker.broker.on('connected', ({ remoteAddress }) => connected.resolve(remoteAddress))
  assert.equal((await client.connect()).reasonCode, 0)
  return connected.promise
}

test('over TCP, the client has the address that the proxy says: in events, at login and for who listens', async () => {
  const asked: string[] = []
  const authenticate: BrokerOptions['authenticate'] = ({ remoteAddress }) => asked.push(remoteAddress) > 0
  await using broker = await startBehindProxy('tcp://127.0.0.1:0?proxyFrom=127.0.0.0/8', { authenticate })
  using client = new WireClient(dial(broker.port, header), 5)
  assert.equal(await addressSeen(broker, client), '203.0.113.9:50312')
  assert.deepEqual(asked, ['203.0.113.9:50312'])
  await client.subscribe('a')
  const [subscriber] = await broker.broker.subscribers('a')
  assert.equal(subscriber?.remoteAddress, '203.0.113.9:50312')
})

test('the header may come byte by byte, and CONNECT in the same piece as its end', async () => {
  await using broker = await startBehindProxy('tcp://127.0.0.1:0?proxyFrom=127.0.0.1')
  const socket = connect(broker.port, '127.0.0.1').setNoDelay(true)
  for (const letter of header.slice(0, -1)) {
    await new Promise((resolve) => socket.write(letter, resolve))
  }
  const connectPacket = Buffer.from('101000044d5154540502003c000003616263', 'hex')
  const connected = Promise.withResolvers<string>()
  broker.broker.on('connected', ({ remoteAddress }) => connected.resolve(remoteAddress))
  socket.write(Buffer.concat([Buffer.from('\n'), connectPacket]))
  assert.equal(await connected.promise, '203.0.113.9:50312')
  socket.destroy()
})

test('over TLS, the header comes before the handshake', async () => {
  await using broker = await startBehindProxy(`tls://127.0.0.1:0?proxyFrom=127.0.0.1&${tlsFiles}`)
  const socket = dial(broker.port, header)
  const secure = connectTls({ socket, ca: authority, servername: 'localhost' })
  await once(secure, 'secureConnect')
  using client = new WireClient(secure, 5)
  assert.equal(await addressSeen(broker, client), '203.0.113.9:50312')
})

for (const scheme of ['ws', 'wss'] as const) {
  test(`over WebSocket, the header comes before all else (${scheme})`, async () => {
    const more = scheme === 'wss' ? `&${tlsFiles}` : ''
    await using broker = await startBehindProxy(`${scheme}://127.0.0.1:0/mqtt?proxyFrom=127.0.0.1${more}`)
    const connected = Promise.withResolvers<string>()
    broker.broker.on('connected', ({ remoteAddress }) => connected.resolve(remoteAddress))
    const raw = dial(broker.port, header)
    const below = scheme === 'ws' ? raw : connectTls({ socket: raw, ca: authority, servername: 'localhost' })
    const webSocket = new WebSocket('ws://localhost/mqtt', ['mqtt'], { createConnection: () => below })
    await once(webSocket, 'open')
    webSocket.send(Buffer.from('101000044d5154540502003c000003616263', 'hex'))
    assert.equal(await connected.promise, '203.0.113.9:50312')
    webSocket.terminate()
  })
}

for (const [who, first, code] of [
  ['a client with another address', header, 0x87],
  ['a client whose address the proxy does not know', 'PROXY UNKNOWN\r\n', 0x87],
  ['a client on this machine', 'PROXY TCP4 127.0.0.1 127.0.0.1 50312 1883\r\n', 0],
] as const) {
  test(`behind a proxy on this machine, ${who} may ${code === 0 ? '' : 'not '}do what this machine may`, async () => {
    await using broker = await startBehindProxy('tcp://127.0.0.1:0?proxyFrom=127.0.0.1')
    using client = new WireClient(dial(broker.port, first), 5)
    await client.connect()
    assert.equal(await client.subscribe('$pabal/events/#', { qos: 0 }), code)
  })
}

test('a connection of the proxy itself has its address', async () => {
  await using broker = await startBehindProxy('tcp://127.0.0.1:0?proxyFrom=127.0.0.1')
  const socket = dial(broker.port, Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex'))
  await once(socket, 'connect')
  const own = `127.0.0.1:${socket.localPort}`
  using client = new WireClient(socket, 5)
  assert.equal(await addressSeen(broker, client), own)
})

for (const scheme of ['tcp', 'tls', 'ws', 'wss'] as const) {
  const url = (from: string, more = '') => {
    const files = scheme.endsWith('s') && scheme !== 'ws' ? `&${tlsFiles}` : ''
    return `${scheme}://127.0.0.1:0?proxyFrom=${from}${files}${more}`
  }

  test(`a header from an address that is not a proxy's is not believed (${scheme})`, async () => {
    await using broker = await startBehindProxy(url('192.0.2.0/24'))
    const told = refusal(broker)
    const socket = dial(broker.port, header)
    await once(socket.resume(), 'close')
    const { remoteAddress, reason } = await told
    assert.equal(remoteAddress.split(':')[0], '127.0.0.1')
    assert.equal(reason, 'its address is not among those of proxyFrom')
  })

  for (const [what, first, reason] of [
    ['no header', Buffer.from('101000044d5154540502003c000003616263', 'hex'), /does not begin with a PROXY header/],
    ['a damaged header', header.replace('203', '303'), /two addresses and two ports of TCP4/],
    ['a header that is too long', Buffer.from('0d0a0d0a000d0a515549540a2111ffff', 'hex'), /has 65551 bytes/],
  ] as const) {
    test(`${what} closes the connection, and it is said why (${scheme})`, async () => {
      await using broker = await startBehindProxy(url('127.0.0.1'))
      const told = refusal(broker)
      const socket = dial(broker.port, first)
      await once(socket.resume(), 'close')
      assert.match((await told).reason, reason)
      assert.equal((await told).reasonCode, 0x81)
    })
  }

  test(`a header that does not end in time closes the connection (${scheme})`, async () => {
    await using broker = await startBehindProxy(url('127.0.0.1'), { limits: { handshakeSecondsMax: 1 } })
    const told = refusal(broker)
    const socket = dial(broker.port, 'PROXY TCP4 ')
    const drip = setInterval(() => socket.write('1'), 100)
    await once(socket.resume(), 'close')
    clearInterval(drip)
    const reason = 'its PROXY header was not complete within 1 seconds (limits.handshakeSecondsMax)'
    assert.equal((await told).reason, reason)
  })

  test(`a connection that ends before its header ends is closed (${scheme})`, async () => {
    await using broker = await startBehindProxy(url('127.0.0.1'))
    const told = refusal(broker)
    const socket = dial(broker.port, 'PROXY ')
    socket.end()
    await once(socket.resume(), 'close')
    assert.equal((await told).reason, 'the connection was closed before its PROXY header')
  })
}

test('proxyFrom that is added while the broker runs makes another listener, on the same port', async () => {
  await using broker = await startTestBroker({ listen: ['tcp://127.0.0.1:0'], allowAnonymous: true })
  const { port } = new URL(broker.url)
  using before = await broker.client(5)
  await broker.broker.reload({ listen: [`tcp://127.0.0.1:${port}?proxyFrom=127.0.0.1`], allowAnonymous: true })
  assert.equal((await before.next('disconnect')).reasonCode, 0x98)
  using without = new WireClient(dial(Number(port), Buffer.from('101000044d5154540502003c000003616263', 'hex')), 5)
  await without.closed()
  using behind = new WireClient(dial(Number(port), header), 5)
  assert.equal(await addressSeen(broker, behind), '203.0.113.9:50312')
})

test('over IPv6, and from IPv4 where both are listened to, the proxy is known by its address', async () => {
  await using broker = await startBehindProxy('tcp://[::]:0?proxyFrom=127.0.0.1&proxyFrom=::1')
  for (const host of ['127.0.0.1', '::1']) {
    using client = new WireClient(connect(broker.port, host), 5)
    client.sendBytes(Buffer.from('PROXY TCP6 2001:db8::7 ::1 50312 1883\r\n'))
    assert.equal(await addressSeen(broker, client), '[2001:db8::7]:50312')
  }
})

test('a listener behind a proxy does not start until it is said who may come in', async () => {
  await assert.rejects(
    startTestBroker({ listen: ['tcp://127.0.0.1:0?proxyFrom=127.0.0.1'] }),
    /Other machines can reach/,
  )
})
