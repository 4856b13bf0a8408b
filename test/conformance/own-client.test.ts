/**
 * What the client of our command line does when it says goodbye: MQTT 5.0 and 3.1.1 section 3.14.4.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { MqttClient } from '../../src/cli/client/mqtt-client.ts'
import { connectChannel } from '../../src/transport/connect.ts'
import { field, packet } from '../support/packet-hex.ts'
import { withinMs } from '../support/wire-client.ts'

const versions: readonly (4 | 5)[] = [4, 5]

/** A server that accepts and then only listens, with one client connected to it. */
async function connected(protocolVersion: 4 | 5) {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address')
  const client = new MqttClient({
    protocolVersion,
    clientIdentifier: 'c',
    cleanStart: true,
    keepAliveSeconds: 0,
    userName: null,
    password: null,
    will: null,
    properties: {},
    inFlightMax: 20,
  })
  const accepted = once(server, 'connection')
  const channel = await connectChannel({ transport: 'tcp', host: '127.0.0.1', port: address.port })
  const connecting = client.connect(channel)
  const [socket]: Socket[] = await accepted
  assert.ok(socket !== undefined)
  await once(socket, 'data')
  socket.write(Buffer.from(protocolVersion === 5 ? '2003000000' : '20020000', 'hex'))
  await connecting
  const timer = setTimeout(() => socket.destroy(new Error('nothing came in time')), withinMs)
  const dispose = () => {
    clearTimeout(timer)
    client.destroy()
    socket.destroy()
    server.close()
  }
  return { client, socket, [Symbol.dispose]: dispose }
}

test('[MQTT-3.14.4-2] [MQTT3-3.14.4-1] our client closes the connection after its DISCONNECT', {
  timeout: 10_000,
}, async () => {
  for (const version of versions) {
    using both = await connected(version)
    const { client, socket } = both
    const gone = client.disconnect()
    const ended = once(socket, 'end')
    const [bytes] = await once(socket, 'data')
    assert.equal(bytes.toString('hex'), 'e000')
    await ended
    socket.end()
    await gone
  }
})

test('[MQTT-3.14.4-1] [MQTT3-3.14.4-2] our client sends nothing after its DISCONNECT, not even what is asked of it', {
  timeout: 10_000,
}, async () => {
  for (const version of versions) {
    using both = await connected(version)
    const { client, socket } = both
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    const ended = once(socket, 'end')
    const gone = client.disconnect()
    const message = { topicName: 'a', payload: Buffer.from('x'), retain: false, properties: {} } as const
    const unsent = client.publish({ ...message, qos: 0 })
    socket.write(Buffer.from(packet('32', field('a'), '0001', version === 5 ? '00' : ''), 'hex'))
    await ended
    socket.end()
    await Promise.all([gone, unsent])
    assert.equal(Buffer.concat(chunks).toString('hex'), 'e000')
  }
})
