/**
 * MQTT over WebSocket: MQTT 5.0 and 3.1.1 chapter 6.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { createWebSocketStream, WebSocket, WebSocketServer } from 'ws'
import { connectChannel } from '../../src/transport/connect.ts'
import { connectPacket, field, packet } from '../support/packet-hex.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import { WireClient } from '../support/wire-client.ts'

const versions: readonly (4 | 5)[] = [4, 5]
const options = { listen: ['tcp://127.0.0.1:0', 'ws://127.0.0.1:0/mqtt'] }
const will = { topicName: 'w', payload: Buffer.from('x'), qos: 0, retain: false, properties: {} } as const

async function openWebSocket(broker: TestBroker, subprotocols = ['mqtt']): Promise<WebSocket> {
  const webSocket = new WebSocket(broker.broker.urls[1] ?? '', subprotocols)
  await once(webSocket, 'open')
  return webSocket
}

/** A client whose every `sendBytes` is one binary frame. */
async function open(broker: TestBroker, version: 4 | 5): Promise<{ webSocket: WebSocket; client: WireClient }> {
  const webSocket = await openWebSocket(broker)
  return { webSocket, client: new WireClient(createWebSocketStream(webSocket), version) }
}

/** What a WebSocket server of the test's own sees of our client: the subprotocols, and the client's channel. */
async function meet(greet: (webSocket: WebSocket) => void) {
  let offered = ''
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  server.on('connection', (webSocket, request) => {
    offered = request.headers['sec-websocket-protocol'] ?? ''
    greet(webSocket)
  })
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address')
  const channel = await connectChannel({ transport: 'ws', host: '127.0.0.1', port: address.port })
  const dispose = () => {
    channel.destroy()
    server.close()
  }
  return { offered, channel, [Symbol.dispose]: dispose }
}

test('[MQTT-6.0.0-1] [MQTT3-6.0.0-1] a text frame closes the connection, whatever is in it', async () => {
  await using broker = await startTestBroker(options)
  for (const version of versions) {
    using mourner = await broker.client(version)
    await mourner.subscribe('w')
    const { webSocket, client } = await open(broker, version)
    await client.connect({ will })
    const closed = once(webSocket, 'close')
    webSocket.send(Buffer.from('c000', 'hex').toString('latin1'))
    await mourner.message()
    assert.deepEqual((await closed)[0], 1003)
  }
})

test('[MQTT-6.0.0-1] [MQTT3-6.0.0-1] every frame of the broker is binary', async () => {
  await using broker = await startTestBroker(options)
  for (const version of versions) {
    const { webSocket, client } = await open(broker, version)
    const kinds: boolean[] = []
    webSocket.on('message', (_, isBinary) => kinds.push(isBinary))
    await client.connect()
    await client.subscribe('a')
    client.publish({ topicName: 'a', payload: Buffer.alloc(100_000) })
    await client.message()
    await client.quiet()
    webSocket.terminate()
    assert.ok(kinds.length >= 3)
    assert.ok(kinds.every((isBinary) => isBinary))
  }
})

test('[MQTT-6.0.0-1] [MQTT3-6.0.0-1] our client closes when the server sends a text frame', async () => {
  using met = await meet((webSocket) => webSocket.send('20020000'))
  const fault = await new Promise<Error | null>((resolve, reject) => {
    const receiveBytes = () => reject(new Error('a text frame was taken'))
    met.channel.handler = { receiveBytes, drained: () => {}, closed: resolve }
  })
  assert.match(fault?.message ?? '', /text frame/)
})

test('[MQTT-6.0.0-2] [MQTT3-6.0.0-2] a frame may hold several packets, or a part of one', async () => {
  await using broker = await startTestBroker(options)
  for (const version of versions) {
    const { webSocket, client } = await open(broker, version)
    const none = version === 5 ? '00' : ''
    const connect = connectPacket(version, 2, field('c'))
    const subscribe = packet('82', '0001', none, field('a'), '00')
    const publish = packet('30', field('a'), none, '78')
    const send = (digits: string, fin = true) => webSocket.send(Buffer.from(digits, 'hex'), { fin })
    send(connect + subscribe + publish.slice(0, 6))
    for (let position = 6; position < publish.length; position += 2) send(publish.slice(position, position + 2))
    send(publish.slice(0, 4), false)
    send(`${publish.slice(4)}c0`, false)
    send('00')
    await client.next('connack')
    await client.next('suback')
    await client.message()
    await client.message()
    await client.next('pingresp')
    webSocket.terminate()
  }
})

test('[MQTT-6.0.0-3] [MQTT3-6.0.0-3] our client offers the subprotocol "mqtt"', async () => {
  using met = await meet(() => {})
  assert.equal(met.offered, 'mqtt')
})

test('[MQTT-6.0.0-3] [MQTT3-6.0.0-3] a client that does not offer "mqtt" gets no WebSocket', async () => {
  await using broker = await startTestBroker(options)
  for (const subprotocols of [[], ['mqttv3.1'], ['MQTT', 'chat']]) {
    await assert.rejects(openWebSocket(broker, subprotocols), /Unexpected server response: 400/)
  }
})

test('[MQTT-6.0.0-4] [MQTT3-6.0.0-4] the broker selects the subprotocol "mqtt" wherever it is offered', async () => {
  await using broker = await startTestBroker(options)
  for (const subprotocols of [['mqtt'], ['mqttv3.1', 'mqtt'], ['chat', 'mqtt', 'mqttv5']]) {
    const webSocket = await openWebSocket(broker, subprotocols)
    assert.equal(webSocket.protocol, 'mqtt')
    webSocket.terminate()
  }
})
