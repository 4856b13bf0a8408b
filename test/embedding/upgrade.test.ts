/**
 * Clients over WebSocket that come by an HTTP server of the host's, beside what else it serves.
 */
import assert from 'node:assert/strict'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { connectAsync, type MqttClient } from 'mqtt'
import { type Broker, type BrokerOptions, createBroker, type UpgradeOptions } from '../../src/index.ts'

interface Hosted extends AsyncDisposable {
  readonly broker: Broker
  readonly server: Server
  readonly port: number
}

/** A server with a page of its own that hands every upgrade at /mqtt to a broker without listeners. */
async function host(options: BrokerOptions = {}, upgradeOptions?: UpgradeOptions): Promise<Hosted> {
  const broker = createBroker({ listen: [], ...options })
  const server = createServer((_, response) => response.end('the page'))
  server.on('upgrade', (asked, socket, head) => {
    if (asked.url === '/mqtt') broker.handleUpgrade(asked, socket, head, upgradeOptions)
    else socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // What listens on a port has an address with one.
  const { port } = server.address() as AddressInfo
  return {
    broker,
    server,
    port,
    [Symbol.asyncDispose]: async () => {
      await broker.stop()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function connect({ port }: Hosted, options: object = {}): Promise<MqttClient> {
  return connectAsync(`ws://127.0.0.1:${port}/mqtt`, { protocolVersion: 5, reconnectPeriod: 0, ...options })
}

const handshake = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Protocol': 'mqtt',
}

/** The status and, unless it is let in, what it is told. */
function ask(
  { port }: Hosted,
  headers: Readonly<Record<string, string>> = {},
): Promise<[status: number, text: string]> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path: '/mqtt', headers: { ...handshake, ...headers } })
    asked.on('upgrade', ({ statusCode = 0 }, socket) => {
      socket.destroy()
      resolve([statusCode, ''])
    })
    asked.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('end', () => resolve([response.statusCode ?? 0, Buffer.concat(chunks).toString()]))
    })
    asked.on('error', reject)
    asked.end()
  })
}

test('a client takes part by the server of the host, which goes on with its pages', async () => {
  await using hosted = await host()
  await hosted.broker.start()
  const client = await connect(hosted)
  const received = new Promise((resolve) => client.on('message', (topic, payload) => resolve(`${topic} ${payload}`)))
  await client.subscribeAsync('a')
  await hosted.broker.publish({ topicName: 'a', payload: 'x' })
  assert.equal(await received, 'a x')
  assert.equal(await (await fetch(`http://127.0.0.1:${hosted.port}/`)).text(), 'the page')
  await client.endAsync()
})

test('a stop ends these clients as any other, and leaves the server of the host open', async () => {
  await using hosted = await host()
  await hosted.broker.start()
  const client = await connect(hosted)
  const told = new Promise((resolve) => client.on('disconnect', ({ reasonCode }) => resolve(reasonCode)))
  await hosted.broker.stop()
  assert.equal(await told, 0x8b)
  assert.equal(hosted.broker.connections, 0)
  assert.equal(await (await fetch(`http://127.0.0.1:${hosted.port}/`)).text(), 'the page')
  assert.deepEqual(await ask(hosted), [503, 'No MQTT client can connect: the broker was stopped.\n'])
})

test('before it has started, a broker lets nobody in', async () => {
  await using hosted = await host()
  const [status, text] = await ask(hosted)
  assert.equal(status, 503)
  assert.match(text, /has not been started/)
})

test('where clients log in, callbacks are told where a client came from, as the host knows it', async () => {
  const seen: string[] = []
  const authenticate: BrokerOptions['authenticate'] = ({ remoteAddress, listener, userName }) => {
    seen.push(`${listener} ${remoteAddress}`)
    return userName === 'alice'
  }
  await using hosted = await host({ authenticate }, { remoteAddress: '203.0.113.7' })
  await hosted.broker.start()
  const client = await connect(hosted, { username: 'alice', password: 'x' })
  await assert.rejects(connect(hosted, { username: 'mallory', password: 'x' }), /Bad User Name or Password/)
  assert.deepEqual(seen, ['upgrade 203.0.113.7:0', 'upgrade 203.0.113.7:0'])
  await client.endAsync()
})

test('where nobody logs in, only this machine is let in, unless the host lets everybody in', async () => {
  for (const [options, upgradeOptions, headers, status] of [
    [{}, {}, {}, 101],
    [{}, { remoteAddress: '203.0.113.7' }, {}, 403],
    [{}, {}, { 'X-Forwarded-For': '203.0.113.7' }, 403],
    [{}, {}, { Forwarded: 'for=203.0.113.7' }, 403],
    [{ allowAnonymous: true }, { remoteAddress: '203.0.113.7' }, {}, 101],
    [{ authenticate: () => true }, { remoteAddress: '203.0.113.7' }, {}, 101],
  ] as const) {
    await using hosted = await host(options, upgradeOptions)
    await hosted.broker.start()
    const [answered, text] = await ask(hosted, headers)
    assert.equal(answered, status, JSON.stringify([options, upgradeOptions, headers]))
    if (status === 403) assert.match(text, /createBroker\(\{ authenticate \}\)/)
  }
})

test('whoever comes by a proxy on this machine may not do what those on this machine may', async () => {
  await using hosted = await host({ allowAnonymous: true })
  await hosted.broker.start()
  const addresses: string[] = []
  hosted.broker.on('connected', ({ remoteAddress }) => addresses.push(remoteAddress.replace(/:\d+$/, '')))
  const near = await connect(hosted)
  const far = await connect(hosted, { wsOptions: { headers: { 'X-Forwarded-For': '203.0.113.7' } } })
  assert.deepEqual(addresses, ['127.0.0.1', 'unknown'])
  const reasonCodes = [near, far].map(async (client) => {
    const granted = await client.subscribeAsync('$pabal/events/#').catch(() => [{ qos: 0x87 }])
    return granted[0]?.qos
  })
  assert.deepEqual(await Promise.all(reasonCodes), [0, 0x87])
  await Promise.all([near.endAsync(), far.endAsync()])
})

test('pages of other origins are let in where clients log in, or where their origin is listed', async () => {
  const origin = { Origin: 'https://app.example' }
  for (const [options, upgradeOptions, status] of [
    [{}, {}, 403],
    [{}, { origins: ['https://APP.example'] }, 101],
    [{ authenticate: () => true }, {}, 101],
    [{ authenticate: () => true }, { origins: ['https://other.example'] }, 403],
  ] as const) {
    await using hosted = await host(options, upgradeOptions)
    await hosted.broker.start()
    assert.equal((await ask(hosted, origin))[0], status, JSON.stringify([options, upgradeOptions]))
  }
})

test('what is no MQTT client is told so', async () => {
  await using hosted = await host()
  await hosted.broker.start()
  const [status, text] = await ask(hosted, { 'Sec-WebSocket-Protocol': 'chat' })
  assert.equal(status, 400)
  assert.match(text, /needs the subprotocol "mqtt"/)
  assert.equal((await ask(hosted, { Upgrade: 'h2c' }))[0], 426)
})

test('a message that is longer than the longest packet closes the connection', async () => {
  await using hosted = await host({ limits: { packetBytesMax: 1000 } })
  await hosted.broker.start()
  const client = await connect(hosted)
  const closed = new Promise((resolve) => client.on('close', () => resolve('closed')))
  client.on('error', () => {})
  client.publish('a', Buffer.alloc(100_000))
  assert.equal(await closed, 'closed')
})

test('what is no socket is refused at once', async () => {
  await using hosted = await host()
  // What a program without types may hand over.
  assert.throws(
    () => hosted.broker.handleUpgrade({} as never, new PassThrough(), Buffer.alloc(0)),
    /takes the request, socket and head/,
  )
})
