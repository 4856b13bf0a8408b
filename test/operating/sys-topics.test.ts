/**
 * The values below `$SYS`, as a client sees them come.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { startTestBroker } from '../support/test-broker.ts'
import { staying, type WireClient } from '../support/wire-client.ts'

const prefix = '$SYS/broker/'

/** What comes until nothing more is on its way: names behind `$SYS/broker/`, and values. */
async function valuesFor(client: WireClient, retain: boolean): Promise<Map<string, string>> {
  const values = new Map<string, string>()
  client.send({ type: 'pingreq' })
  for (;;) {
    const packet = await client.nextOf('publish', 'pingresp')
    if (packet.type !== 'publish') return values
    assert.deepEqual([packet.retain, packet.qos], [retain, 0])
    assert.ok(packet.topicName.startsWith(prefix))
    values.set(packet.topicName.slice(prefix.length), String(packet.payload))
  }
}

test('a new Subscription gets all values at once, then those that have changed at each interval', async () => {
  await using running = await startTestBroker()
  const away = await running.client(5, staying(5, 'away'))
  await away.subscribe('news', { qos: 1 })
  await running.lose(away)
  const watcher = await running.client(5)
  await watcher.subscribe('$SYS/#')
  const first = await valuesFor(watcher, true)
  assert.ok(first.has('load/sockets/15min'))
  assert.deepEqual(
    ['clients/connected', 'clients/disconnected', 'clients/maximum', 'retained messages/count'].map((name) =>
      first.get(name),
    ),
    ['1', '1', '1', '0'],
  )
  const publisher = await running.client(5)
  publisher.publish({ topicName: 'news', payload: Buffer.from('0123456789'), qos: 1, packetId: 1, retain: true })
  await publisher.next('puback')
  running.advanceBy(10)
  const second = await valuesFor(watcher, false)
  assert.ok(!second.has('version') && !second.has('clients/disconnected'))
  assert.deepEqual(
    [
      'clients/connected',
      'publish/messages/received',
      'publish/bytes/received',
      'retained messages/count',
      'store/messages/count',
    ].map((name) => second.get(name)),
    ['2', '1', '10', '1', '1'],
  )
  assert.match(second.get('load/publish/received/1min') ?? '', /^0\.9\d$/)
  assert.ok(Number(second.get('bytes/received')) > 100)
  assert.equal(second.get('messages/received'), '7')
})

test('only accounts that may observe can subscribe to them, however they write it', async () => {
  const permissions = { observe: ['grafana'], admin: ['ops'] }
  const options = { listen: ['tcp://127.0.0.1:0'], authenticate: () => true, permissions }
  await using running = await startTestBroker(options)
  for (const topicFilter of ['$SYS/#', '$SYS/broker/version', '$SYS', '$share/g/$SYS/+/uptime']) {
    const five = await running.client(5, { userName: 'sensor' })
    assert.equal(await five.subscribe(topicFilter), 0x87, topicFilter)
    const older = await running.client(4, { userName: 'sensor' })
    assert.equal(await older.subscribe(topicFilter), 0x80, topicFilter)
    assert.equal(await older.subscribe('#'), 2)
  }
  for (const userName of ['grafana', 'ops']) {
    const watcher = await running.client(5, { userName })
    assert.equal(await watcher.subscribe('$SYS/#'), 2)
    assert.ok((await valuesFor(watcher, true)).has('version'))
  }
  const watcher = await running.client(5, { userName: 'grafana' })
  await watcher.subscribe('$SYS/broker/uptime')
  await valuesFor(watcher, true)
  await running.broker.reload({ ...options, permissions: { admin: ['ops'] } })
  running.advanceBy(10)
  await watcher.quiet()
})

test('an authorize of the host is asked about them as about any Subscription', async () => {
  const asked: string[] = []
  await using running = await startTestBroker({
    authorize: ({ action, topic }) => {
      asked.push(`${action} ${topic}`)
      return topic !== '$SYS/broker/version'
    },
  })
  const client = await running.client(5)
  const granted = [await client.subscribe('$share/g/$SYS/broker/uptime'), await client.subscribe('$SYS/broker/version')]
  assert.deepEqual(granted, [2, 0x87])
  assert.deepEqual(asked, ['subscribe $SYS/broker/uptime', 'subscribe $SYS/broker/version'])
})

test('clients may not publish below $SYS', async () => {
  await using running = await startTestBroker()
  const client = await running.client(5)
  client.publish({ topicName: `${prefix}version`, payload: Buffer.from('x'), qos: 1, packetId: 1 })
  assert.equal((await client.next('puback')).reasonCode, 0x87)
})

test('each value is in its page', async () => {
  const page = readFileSync(new URL('../../docs/operating/sys-topics.md', import.meta.url), 'utf8')
  await using running = await startTestBroker()
  const watcher = await running.client(4)
  await watcher.subscribe('$SYS/#')
  for (const name of (await valuesFor(watcher, true)).keys()) {
    const inPage = name
      .replace(/^load\/(.*)\/\d+min$/, '$1')
      .replace(/^undelivered\/.*/, 'undelivered/{unmatched,held,dead,rejected}/count')
      .replace(/^owed\/acknowledged\/.*/, 'owed/acknowledged/{delivered,queued,failed}')
    assert.ok(page.includes(`\`${inPage}\``), name)
  }
})
