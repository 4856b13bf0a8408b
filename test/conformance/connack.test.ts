/**
 * CONNACK: MQTT 5.0 and 3.1.1 section 3.2.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import type { BrokerOptions } from '../../src/index.ts'
import { TroubledStore } from '../simulation/troubled-store.ts'
import { connectPacket, field } from '../support/packet-hex.ts'
import { startTestBroker } from '../support/test-broker.ts'
import { staying } from '../support/wire-client.ts'

const versions: readonly (4 | 5)[] = [4, 5]

/** Takes no client whose User Name is `refused`. */
const guarded: BrokerOptions = { authenticate: ({ userName }) => userName !== 'refused' }

/** The first four bytes that answer these. */
async function answerTo(url: string, digits: string): Promise<readonly number[]> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.write(Buffer.from(digits, 'hex'))
  const bytes: number[] = []
  while (bytes.length < 4) bytes.push(...(await once(socket, 'data'))[0])
  socket.destroy()
  return bytes.slice(0, 4)
}

test('[MQTT-3.2.0-1] [MQTT3-3.2.0-1] nothing goes out before CONNACK, whatever is there to be sent', async () => {
  for (const version of versions) {
    const store = new TroubledStore()
    await using broker = await startTestBroker({ store })
    const fields = staying(version, 'c')
    using first = await broker.client(version, fields)
    await first.subscribe('a')
    await first.leave()
    await broker.broker.publish({ topicName: 'a', payload: 'queued' })
    store.mode = 'held'
    const accepted = broker.event('connected')
    using client = await broker.open(version)
    const connack = client.connect(fields)
    client.send({ type: 'pingreq' })
    await accepted
    const published = broker.broker.publish({ topicName: 'a', payload: 'live', qos: 0 })
    store.release()
    assert.equal((await connack).reasonCode, 0)
    await published
    const after = [await client.nextOf('publish', 'pingresp'), await client.nextOf('publish', 'pingresp')]
    after.push(await client.nextOf('publish', 'pingresp'))
    assert.deepEqual(after.map(({ type }) => type).sort(), ['pingresp', 'publish', 'publish'])
  }
})

test('[MQTT-3.2.0-1] [MQTT3-3.2.0-1] CONNACK answers a CONNECT before what came in the same bytes is answered', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    const [type] = await answerTo(broker.url, `${connectPacket(version, 2, field('c'))}c000`)
    assert.equal(type, 0x20)
  }
})

test('[MQTT-3.2.0-2] a connection gets one CONNACK: not another for a second CONNECT, nor when time has passed', async () => {
  // Of a client with a Keep Alive the broker may forget that its CONNECT had a time.
  await using broker = await startTestBroker({ limits: { connectSecondsMax: 10, keepAliveSecondsMax: 0 } })
  using client = await broker.client(5)
  broker.advanceBy(11)
  await client.quiet()
  client.sendBytes(connectPacket(5, 2, field('c')))
  await client.refused(0x82)
})

test('[MQTT-3.2.2-1] the acknowledge flags hold nothing but Session Present', async () => {
  await using broker = await startTestBroker(guarded)
  const expiry = '11ffffffff'
  const asks = connectPacket(5, 0, field('c'), expiry)
  assert.equal((await answerTo(broker.url, asks))[2], 0)
  assert.equal((await answerTo(broker.url, asks))[2], 1)
  assert.equal((await answerTo(broker.url, connectPacket(5, 0x80, field('c') + field('refused'))))[2], 0)
})

test('[MQTT-3.2.2-2] [MQTT3-3.2.2-1] Session Present is 0 for a client that starts afresh, also where a Session was stored', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    const fields = staying(version, `c${version}`)
    using _stored = await broker.client(version, fields)
    using fresh = await broker.open(version)
    const { sessionPresent, reasonCode } = await fresh.connect({ ...fields, cleanStart: true })
    assert.deepEqual([sessionPresent, reasonCode], [false, 0])
  }
})

test('[MQTT-3.2.2-3] [MQTT3-3.2.2-2] Session Present is 1 for a client whose Session was stored', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    const fields = staying(version, `c${version}`)
    using client = await broker.client(version, fields)
    await client.leave()
    using again = await broker.open(version)
    const { sessionPresent, reasonCode } = await again.connect(fields)
    assert.deepEqual([sessionPresent, reasonCode], [true, 0])
  }
})

test('[MQTT-3.2.2-3] [MQTT3-3.2.2-3] Session Present is 0 for a client that would go on but has nothing stored', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    const fields = { clientIdentifier: `c${version}`, properties: {} }
    using never = await broker.open(version)
    assert.equal((await never.connect({ ...fields, cleanStart: false })).sessionPresent, false, 'never seen')
    using ended = await broker.client(version, { ...fields, cleanStart: true })
    await ended.leave()
    using again = await broker.open(version)
    assert.equal((await again.connect({ ...fields, cleanStart: false })).sessionPresent, false, 'it has ended')
  }
})

test('[MQTT-3.2.2-6] [MQTT3-3.2.2-4] a refusal has Session Present 0, also where a Session is stored', async () => {
  await using broker = await startTestBroker({
    authenticate: ({ userName }) => userName !== 'refused' && { type: 'accepted', account: 'one' },
  })
  for (const version of versions) {
    const fields = staying(version, `c${version}`)
    using _stored = await broker.client(version, fields)
    using client = await broker.open(version)
    const { sessionPresent, reasonCode } = await client.connect({ ...fields, userName: 'refused' })
    assert.deepEqual([sessionPresent, reasonCode], [false, version === 5 ? 0x86 : 4])
  }
})

test('[MQTT-3.2.2-7] [MQTT3-3.2.2-5] the connection is closed behind a refusal', async () => {
  await using broker = await startTestBroker(guarded)
  for (const version of versions) {
    using client = await broker.open(version)
    assert.notEqual((await client.connect({ userName: 'refused' })).reasonCode, 0)
    await client.closed()
  }
})

test('[MQTT3-3.2.2-6] a CONNECT refused for what has no return code is closed without CONNACK', async () => {
  await using broker = await startTestBroker({
    limits: { topicBytesMax: 10 },
    authenticate: ({ userName }) => userName !== 'strange' || { type: 'refused', reasonCode: 0x99 },
  })
  const will = { payload: Buffer.alloc(0), qos: 0, retain: false, properties: {} } as const
  for (const fields of [{ will: { ...will, topicName: 'above/ten/bytes' } }, { userName: 'strange' }]) {
    using client = await broker.open(4)
    client.sendConnect(fields)
    await client.closed()
    using five = await broker.open(5)
    assert.ok((await five.connect(fields)).reasonCode >= 0x80, '5.0 has one')
  }
})

test('[MQTT-3.2.2-8] whatever a client is refused for, CONNACK says it with a Reason Code of its own', async () => {
  let isAsked = () => {}
  await using broker = await startTestBroker({
    authenticate: ({ userName }) => {
      if (userName !== 'late') return { type: 'refused', reasonCode: Number(userName) }
      isAsked()
      return new Promise(() => {})
    },
    authenticationMethods: [
      { name: 'M', begin: () => ({ step: () => ({ type: 'continue', data: Buffer.from('?') }) }) },
    ],
  })
  for (const [given, expected] of [
    [0x80, 0x80],
    [0x85, 0x85],
    [0x8a, 0x8a],
    [0x9f, 0x9f],
    [0x8e, 0x80],
    [0xff, 0x80],
  ]) {
    using client = await broker.open(5)
    assert.equal((await client.connect({ userName: `${given}` })).reasonCode, expected)
  }
  using early = await broker.open(5)
  early.sendConnect({ properties: { authenticationMethod: 'M' } })
  await early.next('auth')
  early.publish({ topicName: 'a', properties: { topicAlias: 0 } })
  assert.equal((await early.next('connack')).reasonCode, 0x82, 'where DISCONNECT has Topic Alias invalid')
  using late = await broker.open(5)
  const asked = new Promise<void>((resolve) => {
    isAsked = resolve
  })
  late.sendConnect({ userName: 'late' })
  await asked
  await broker.broker.stop()
  assert.equal((await late.next('connack')).reasonCode, 0x88, 'where DISCONNECT has Server shutting down')
})
