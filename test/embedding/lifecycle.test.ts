/**
 * Brokers that a host starts and stops as it likes: many at once, one after the other, and in the middle of a start.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { mock, test } from 'node:test'
import { createBroker, httpAdmin, memory, sqlite } from '../../src/index.ts'
import { temporaryFolder } from '../admin/api.ts'
import { openWire } from '../support/wire-client.ts'

const listen = ['tcp://127.0.0.1:0']

test('twenty brokers run in one process, each on a port of its own', async () => {
  const brokers = Array.from({ length: 20 }, () => createBroker({ listen }))
  await Promise.all(brokers.map((broker) => broker.start()))
  assert.equal(new Set(brokers.flatMap(({ urls }) => urls)).size, 20)
  await Promise.all(brokers.map((broker) => broker.stop()))
  assert.deepEqual(
    brokers.flatMap(({ urls }) => urls),
    [],
  )
})

for (const what of ['memory', 'sqlite'] as const) {
  test(`a broker that is stopped while it starts (${what}) listens nowhere, and its start says so`, async () => {
    using folder = temporaryFolder()
    const store = what === 'memory' ? memory() : sqlite(join(folder.path, 'data'))
    const admin = httpAdmin({ listen: 'http://127.0.0.1:0' })
    const broker = createBroker({ listen, store, admin })
    const started = broker.start()
    const stopped = broker.stop()
    await assert.rejects(started, /was stopped while it was starting/)
    await stopped
    assert.deepEqual([broker.urls, broker.adminUrls], [[], []])
    // The directory was given back.
    const next = createBroker({ listen: [], store })
    await next.start()
    await next.stop()
  })
}

test('whoever stops a broker twice waits both times until it has stopped', async () => {
  const broker = createBroker({ listen })
  await broker.start()
  const client = await openWire(broker.urls[0] ?? '', 5)
  await client.connect()
  const order: string[] = []
  await Promise.all([broker.stop().then(() => order.push('first')), broker.stop().then(() => order.push('second'))])
  assert.deepEqual(order, ['first', 'second'])
  assert.equal(broker.connections, 0)
  await broker.stop()
})

test('nothing is published while the store is being read', async () => {
  using folder = temporaryFolder()
  const broker = createBroker({ listen, store: sqlite(join(folder.path, 'data')) })
  const started = broker.start()
  await assert.rejects(broker.publish({ topicName: 'a' }), /still starting: await start\(\) first/)
  await assert.rejects(
    broker.subscribe('a', {}, () => {}),
    /still starting/,
  )
  assert.throws(() => broker.listeners('a'), /still starting/)
  await started
  await broker.publish({ topicName: 'a' })
  await broker.stop()
})

test('a store is for one broker at a time: another is refused, one that comes after it is not', async () => {
  const store = memory()
  const [first, second] = [createBroker({ listen, store }), createBroker({ listen, store })]
  await first.start()
  await assert.rejects(second.start(), /another broker of this process uses this store/)
  await first.publish({ topicName: 'a' })
  await first.stop()
  await second.start()
  await second.publish({ topicName: 'a' })
  await second.stop()
})

test('a listener that is never done holds a stop for 5 seconds and no longer', async () => {
  const broker = createBroker({ listen: [] })
  const faults: string[] = []
  broker.on('fault', (error) => faults.push(String(error)))
  await broker.start()
  const { promise, resolve } = Promise.withResolvers<void>()
  await broker.subscribe('a', {}, () => promise)
  await broker.publish({ topicName: 'a' })
  mock.timers.enable({ apis: ['setTimeout'] })
  const stopped = broker.stop()
  await new Promise(setImmediate)
  mock.timers.tick(5000)
  await stopped
  mock.timers.reset()
  assert.deepEqual(faults.length, 1)
  assert.match(faults[0] ?? '', /broker\.subscribe had a message and no end of it after 5 seconds/)
  // Late as it is, it disturbs nobody.
  resolve()
  await new Promise(setImmediate)
  assert.equal(faults.length, 1)
})
