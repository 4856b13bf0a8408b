/**
 * Listeners and limits of connections that change while the broker runs: who is served, who is told to go, and what is refused.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect as connectTcp, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import mqtt from 'mqtt'
import { makeSelfSigned } from '../src/transport/self-signed.test.ts'
import { StartedPabal } from './operating/started-pabal.ts'
import { temporaryDirectory } from './support/temporary-directory.ts'
import { startTestBroker } from './support/test-broker.ts'
import { openWire } from './support/wire-client.ts'

const tcp = 'tcp://127.0.0.1:0'

async function connected(url: string, version: 4 | 5 = 5, fields = {}) {
  const client = await openWire(url, version)
  assert.equal((await client.connect(fields)).reasonCode, 0)
  return client
}

test('a listener that is added serves, one that is removed tells its clients to go, the others notice nothing', async () => {
  await using tested = await startTestBroker({ listen: [tcp, `${tcp}?report=off`] })
  const { broker } = tested
  const [first = '', second = ''] = broker.urls
  using stays = await connected(first)
  using goes = await connected(second, 5, { clientIdentifier: 'goes' })
  using older = await connected(second, 4)
  using silent = await openWire(second, 5)
  assert.deepEqual(await broker.reload({ listen: [tcp, 'ws://127.0.0.1:0/mqtt'] }), {
    applied: ['listen'],
    needsRestart: [],
  })
  const told = await goes.next('disconnect')
  assert.deepEqual(
    [told.reasonCode, told.properties.reasonString],
    [0x98, 'the listener this client came in by was closed'],
  )
  assert.equal(await goes.nextOrClosed('disconnect'), null)
  assert.equal(await older.nextOrClosed('disconnect'), null)
  assert.equal(await silent.nextOrClosed('connack'), null)
  await stays.quiet()
  await assert.rejects(openWire(second, 5), { code: 'ECONNREFUSED' })
  const [kept, added = ''] = broker.urls
  assert.equal(kept, first)
  const web = await mqtt.connectAsync(added, { protocolVersion: 5 })
  await web.publishAsync('a', 'x', { qos: 0 })
  await web.endAsync()
  const none = await broker.reload({ listen: [] })
  assert.deepEqual(none.applied, ['listen'])
  assert.equal((await stays.next('disconnect')).reasonCode, 0x98)
  assert.deepEqual(broker.urls, [])
})

test('the Session of a client whose listener is gone waits for it, and its Will Message goes out', async () => {
  await using tested = await startTestBroker({ listen: [tcp, tcp] })
  const [first = '', second = ''] = tested.broker.urls
  using watcher = await connected(first)
  await watcher.subscribe('wills')
  const will = { topicName: 'wills', payload: Buffer.from('gone'), qos: 0, retain: false, properties: {} } as const
  const properties = { sessionExpiryInterval: 1000 }
  using goes = await connected(second, 5, { clientIdentifier: 'c', cleanStart: false, properties, will })
  await tested.broker.reload({ listen: [tcp] })
  assert.equal((await goes.next('disconnect')).reasonCode, 0x98)
  assert.equal((await watcher.message()).payload.toString(), 'gone')
  using back = await openWire(first, 5)
  const { sessionPresent } = await back.connect({ clientIdentifier: 'c', cleanStart: false, properties })
  assert.equal(sessionPresent, true)
})

test('a listener that cannot be opened refuses the whole reload: rules, limits and listeners stay', async () => {
  await using other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const address = other.address()
  const taken = `tcp://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  await using tested = await startTestBroker({ topics: [{ filter: 'a', whenNobody: 'accept' }] })
  const { broker } = tested
  const before = broker.urls
  const client = await tested.client(5)
  await assert.rejects(
    broker.reload({ listen: [tcp, taken], topics: [{ filter: 'a', whenNobody: 'reject' }] }),
    /another program already listens on port/,
  )
  client.publish({ topicName: 'a', qos: 1, packetId: 1 })
  assert.equal((await client.next('puback')).reasonCode, 0)
  assert.deepEqual(broker.urls, before)
})

test('a listener that is to be open to everybody is refused before anything is opened, one that is not any more may go', async () => {
  const authenticate = () => true
  await using tested = await startTestBroker({ listen: ['tcp://0.0.0.0:0'], authenticate })
  await assert.rejects(tested.broker.reload({ listen: ['tcp://0.0.0.0:0'] }), /Other machines can reach this listener/)
  const { applied } = await tested.broker.reload({ listen: [tcp] })
  assert.deepEqual(applied, ['listen', 'authenticate'])
  assert.match(tested.broker.urls[0] ?? '', /127\.0\.0\.1/)
})

async function secure(url: string): Promise<{ socket: TLSSocket; name: string }> {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  return { socket, name: String(socket.getPeerCertificate().subject.CN) }
}

test('a certificate in files of another name is put in place, and who is connected stays', async () => {
  const directory = temporaryDirectory()
  const [first, second] = ['first', 'second'].map((name) => makeSelfSigned(directory, name))
  const listen = (files = first) => [`tls://127.0.0.1:0?cert=${files?.certFile}&key=${files?.keyFile}`]
  await using tested = await startTestBroker({ listen: listen() })
  const [url = ''] = tested.broker.urls
  const before = await secure(url)
  before.socket.write(Buffer.from('101000044d51545405020000000003666f6f', 'hex'))
  assert.equal((await once(before.socket, 'data'))[0][0], 0x20)
  const { applied } = await tested.broker.reload({ listen: listen(second) })
  assert.deepEqual(applied, ['listen', `certificates of ${url}`])
  const after = await secure(url)
  assert.deepEqual([before.name, after.name], ['first', 'second'])
  before.socket.write(Buffer.from('c000', 'hex'))
  assert.deepEqual([...(await once(before.socket, 'data'))[0]], [0xd0, 0])
  for (const { socket } of [before, after]) socket.destroy()
})

test('over WebSocket a packet may be as long as the limit says', async () => {
  const listen = ['ws://127.0.0.1:0/mqtt']
  await using tested = await startTestBroker({ listen, limits: { packetBytesMax: 4 * 1024 * 1024 } })
  const client = await mqtt.connectAsync(tested.url, { protocolVersion: 5, reconnectPeriod: 0 })
  const closed = new Promise((resolve) => client.once('close', () => resolve('closed')))
  const published = client.publishAsync('a', Buffer.alloc(3 * 1024 * 1024), { qos: 1 }).then(() => 'acknowledged')
  assert.equal(await Promise.race([closed, published]), 'acknowledged')
  await client.endAsync()
})

test('limits that CONNACK announces are others for whoever connects next; who is connected keeps what was promised', async () => {
  const listen = [tcp, 'ws://127.0.0.1:0/mqtt']
  await using tested = await startTestBroker({ listen, limits: { packetBytesMax: 10_000 } })
  const [url = '', webUrl = ''] = tested.broker.urls
  using before = await connected(url)
  using silent = await openWire(url, 5)
  const { applied } = await tested.broker.reload({
    listen,
    limits: { packetBytesMax: 2_000_000, connectBytesMax: 100, propertiesMax: 1 },
  })
  assert.deepEqual(applied, ['limits.connectBytesMax', 'limits.packetBytesMax', 'limits.propertiesMax'])
  // It would be promised what its connection cannot take.
  assert.equal(await silent.nextOrClosed('connack'), null)
  const payload = Buffer.alloc(1_500_000)
  using after = await openWire(url, 5)
  assert.equal((await after.connect()).properties.maximumPacketSize, 2_000_000)
  after.publish({ topicName: 'a', qos: 1, packetId: 1, payload })
  assert.equal((await after.next('puback')).reasonCode, 0x10)
  const userProperties = ['a', 'b'].map((name) => [name, ''] as const)
  after.publish({ topicName: 'a', properties: { userProperties } })
  assert.equal((await after.next('disconnect')).reasonCode, 0x95)
  using large = await openWire(url, 5)
  large.sendConnect({ clientIdentifier: 'x'.repeat(100) })
  assert.notEqual((await large.nextOrClosed('connack'))?.reasonCode, 0)
  before.publish({ topicName: 'a', qos: 1, packetId: 1, payload: Buffer.alloc(20_000) })
  assert.equal((await before.next('disconnect')).reasonCode, 0x95)
  const web = await mqtt.connectAsync(webUrl, { protocolVersion: 5, reconnectPeriod: 0, clientId: 'w' })
  await web.publishAsync('a', payload, { qos: 1 })
  await web.endAsync()
})

test('pabal start: SIGHUP opens and closes listeners, and a port in use is named with its place in the file', async () => {
  await using other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const address = other.address()
  const port = typeof address === 'object' ? address?.port : 0
  let file = ''
  const write = (...urls: string[]): void => writeFileSync(file, `admin: off\nlisteners: [${urls.join(', ')}]\n`)
  await using broker = new StartedPabal(['--config', 'pabal.yaml', '--durability', 'memory'], (directory) => {
    file = join(directory, 'pabal.yaml')
    write(tcp)
  })
  await broker.shown(/Stop with Ctrl-C/)
  using client = await connected(broker.url)
  write(tcp, `tcp://127.0.0.1:${port}`)
  broker.child.kill('SIGHUP')
  await broker.shown(/what was in force stays in force[\s\S]*pabal\.yaml:2:32 {2}listeners\[1\][\s\S]*already listens/)
  other.close()
  await once(other, 'close')
  broker.child.kill('SIGHUP')
  await broker.shown(/In force now: listeners\.\n/)
  await (await connected(`tcp://127.0.0.1:${port}`)).leave()
  await client.quiet()
  write(`tcp://127.0.0.1:${port}`)
  broker.child.kill('SIGHUP')
  assert.equal((await client.next('disconnect')).reasonCode, 0x98)
  assert.equal(await broker.stop(), 0)
})

test('mosquitto CVE-2017-7652: a process that has no file descriptor left keeps its configuration: users still have to log in', async () => {
  const folder = temporaryDirectory()
  const file = join(folder, 'pabal.yaml')
  const users = 'authentication: {users: [{userName: alice, passwordFile: alice.password}]}\n'
  writeFileSync(join(folder, 'alice.password'), 'green tea\n')
  writeFileSync(file, `listeners: [${tcp}]\n${users}`)
  await using broker = new StartedPabal(['--config', file, '--durability', 'memory', '--admin', 'off'], () => {}, [
    'sh',
    '-c',
    'ulimit -n 64; exec "$0" "$@"',
  ])
  await broker.shown(/Stop with Ctrl-C/)
  using early = await openWire(broker.url, 5)
  const taken = await takeEverything(broker.url)
  writeFileSync(file, `listeners: [${tcp}]\nallowAnonymous: true\n`)
  broker.child.kill('SIGHUP')
  await broker.shown(/what was in force stays in force[\s\S]*too many open files[\s\S]*do /)
  assert.equal((await early.connect()).reasonCode, 0x86)
  for (const socket of taken) socket.destroy()
  assert.equal(await broker.stop(), 0)
})

/** Connections until the broker can take no more, and closes one at once. */
async function takeEverything(url: string): Promise<Socket[]> {
  const port = Number(new URL(url).port)
  const taken = Array.from({ length: 100 }, () => connectTcp(port, '127.0.0.1').on('error', () => {}))
  await Promise.race(taken.map((socket) => once(socket.resume(), 'close')))
  return taken
}
