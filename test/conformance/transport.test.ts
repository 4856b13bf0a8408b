/**
 * Byte streams: MQTT 5.0 and 3.1.1 section 4.2, and 3.1.1 chapter 7.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ClientEvents } from '../../src/cli/client/client-events.ts'
import { MqttClient } from '../../src/cli/client/mqtt-client.ts'
import { type ConnectTarget, connectChannel } from '../../src/transport/connect.ts'
import { makeSelfSigned } from '../../src/transport/self-signed.test.ts'
import { connectPacket, exchange, field, packet } from '../support/packet-hex.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startTestBroker } from '../support/test-broker.ts'

const versions: readonly (4 | 5)[] = [4, 5]
const directory = temporaryDirectory()
const { certFile, keyFile } = makeSelfSigned(directory, 'server')
const files = `cert=${encodeURIComponent(certFile)}&key=${encodeURIComponent(keyFile)}`
const listen = [
  'tcp://127.0.0.1:0',
  `tls://127.0.0.1:0?${files}`,
  'ws://127.0.0.1:0/mqtt',
  `wss://127.0.0.1:0/mqtt?${files}`,
  `unix://${join(directory, 'socket')}`,
]

function targetOf(url: string): ConnectTarget {
  const { protocol, port, pathname } = new URL(url)
  const place = { host: '127.0.0.1', port: Number(port) }
  switch (protocol) {
    case 'tcp:':
      return { transport: 'tcp', ...place }
    case 'tls:':
      return { transport: 'tls', ...place, tls: { caFile: certFile } }
    case 'ws:':
      return { transport: 'ws', ...place }
    case 'wss:':
      return { transport: 'wss', ...place, tls: { caFile: certFile } }
    default:
      return { transport: 'unix', path: pathname }
  }
}

async function connect(url: string, protocolVersion: 4 | 5, events: ClientEvents): Promise<MqttClient> {
  const client = new MqttClient(
    {
      protocolVersion,
      clientIdentifier: '',
      cleanStart: true,
      keepAliveSeconds: 0,
      userName: null,
      password: null,
      will: null,
      properties: {},
      inFlightMax: 20,
    },
    events,
  )
  await client.connect(await connectChannel(targetOf(url)))
  return client
}

/** Bytes that show where one is missing or out of place. */
function payload(size: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: size }, (_, index) => (index * 31 + (index >> 8)) & 0xff))
}

test('[MQTT-4.2.0-1] [MQTT3-4.2.0-1] [MQTT3-7.1.1-1] [MQTT3-7.1.2-1] every transport carries all bytes, in order, both ways', async () => {
  await using broker = await startTestBroker({ listen })
  const sizes = [...Array.from({ length: 200 }, (_, index) => index * 7), 16_384, 65_536, 700_000, 0, 1]
  for (const url of broker.broker.urls) {
    for (const version of versions) {
      const arrived: Buffer[] = []
      const all = Promise.withResolvers<void>()
      const client = await connect(url, version, {
        onMessage: (message) => {
          arrived.push(Buffer.from(message.payload))
          if (arrived.length === sizes.length) all.resolve()
        },
        onClosed: (reason) => all.reject(reason),
      })
      const options = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
      await client.subscribe([{ topicFilter: 'a', ...options }])
      const message = { topicName: 'a', qos: 1, retain: false, properties: {} } as const
      const sent = sizes.map((size) => client.publish({ ...message, payload: payload(size) }))
      await Promise.all([all.promise, ...sent])
      await client.disconnect()
      assert.deepEqual(
        arrived.map(({ length }) => length),
        sizes,
      )
      assert.ok(arrived.every((each) => each.equals(payload(each.length))))
    }
  }
})

test('[MQTT-4.2.0-1] [MQTT3-4.2.0-1] where the stream is cut into pieces means nothing', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version)
    const properties = version === 5 ? '00' : ''
    const bytes = [
      packet('82', '0001', properties, field('a'), '00'),
      packet('32', field('a'), '0001', properties, '78'),
      packet('30', field('a'), properties, '79'),
      'c000',
    ].join('')
    for (let position = 0; position < bytes.length; position += 2) {
      client.sendBytes(bytes.slice(position, position + 2))
      // Each byte is on its way before the next is written.
      await new Promise((resolve) => setImmediate(resolve))
    }
    await client.next('suback')
    const first = await client.nextOf('puback', 'publish')
    const second = await client.nextOf('puback', 'publish')
    assert.notEqual(first.type, second.type)
    assert.equal((await client.message()).text, 'y')
    await client.next('pingresp')
  }
})

test('[MQTT3-7.0.0-2] a 3.1.1 client needs nothing but the standard, and is sent nothing else', async () => {
  await using broker = await startTestBroker()
  const said = await exchange(
    broker.url,
    [
      connectPacket(4, 2, field('')),
      packet('82', '0001', field('a'), '02'),
      packet('32', field('b'), '0008'),
      packet('34', field('b'), '0009'),
      packet('62', '0009'),
      packet('a2', '0002', field('b')),
      'c000',
      packet('30', field('a'), '78'),
      'e000',
    ].join(''),
  )
  assert.equal(said, '20020000 9003000102 d000 300400016178 40020008 50020009 70020009 b0020002'.replaceAll(' ', ''))
})

test('[MQTT3-7.0.0-2] a 3.1.1 client is sent the messages of 5.0 clients in its own form', async () => {
  await using broker = await startTestBroker()
  using old = await broker.client(4)
  using young = await broker.client(5)
  await old.subscribe('a')
  const properties = { contentType: 'text/plain', userProperties: [['a', 'b']] as const }
  young.publish({ topicName: 'a', payload: Buffer.from('x'), properties })
  const { bytes, packetStart, packetEnd } = await old.message()
  assert.equal(bytes.toString('hex', packetStart, packetEnd), packet('30', field('a'), '78'))
})
