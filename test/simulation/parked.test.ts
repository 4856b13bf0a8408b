/**
 * 3.1.1 publishers while the store takes nothing: their PUBLISH packets wait, and nothing else does.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Limits } from '../../src/core/limits.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import type { WireClient } from '../support/wire-client.ts'
import { TroubledStore } from './troubled-store.ts'

const stays = { cleanStart: false, properties: { sessionExpiryInterval: 1000 } }

interface Scene extends AsyncDisposable {
  readonly broker: TestBroker
  readonly store: TroubledStore
  readonly subscriber: WireClient
  readonly publisher: WireClient
}

/** A durable subscriber of `a`, a 3.1.1 publisher, and a store that says it has no room. */
async function fullStore(limits: Partial<Limits> = {}): Promise<Scene> {
  const store = new TroubledStore()
  const broker = await startTestBroker({ store, limits })
  const subscriber = await broker.client(5, { clientIdentifier: 's', ...stays })
  await subscriber.subscribe('a', { qos: 2 })
  const publisher = await broker.client(4, { clientIdentifier: 'p', cleanStart: false })
  store.onRoom?.(false)
  const dispose = async () => {
    subscriber[Symbol.dispose]()
    publisher[Symbol.dispose]()
    await broker[Symbol.asyncDispose]()
  }
  return { broker, store, subscriber, publisher, [Symbol.asyncDispose]: dispose }
}

function balance({ broker }: TestBroker): number {
  const { routed, retainedOnly, unmatched, refused, expired } = broker.tally.messages
  return broker.tally.received + broker.tally.made - (routed + retainedOnly + unmatched + refused + expired)
}

test('PUBLISH of a 3.1.1 client waits while the store takes nothing, in order, and comes in when it does again', async () => {
  await using scene = await fullStore()
  const { broker, store, subscriber, publisher } = scene
  publisher.publish({ topicName: 'a', qos: 1, packetId: 1, payload: Buffer.from('one') })
  publisher.publish({ topicName: 'a', qos: 2, packetId: 2, payload: Buffer.from('two') })
  publisher.publish({ topicName: 'a', qos: 0, payload: Buffer.from('three') })
  await publisher.quiet()
  await subscriber.quiet()
  assert.equal(broker.broker.tally.received, 0)
  store.onRoom?.(true)
  assert.equal((await publisher.next('puback')).packetId, 1)
  assert.equal((await publisher.next('pubrec')).packetId, 2)
  const texts = [await subscriber.message(), await subscriber.message(), await subscriber.message()].map(
    ({ text }) => text,
  )
  assert.deepEqual(texts.sort(), ['one', 'three', 'two'])
  assert.equal(balance(broker), 0)
})

test('meanwhile acknowledgements, PUBREL, PINGREQ and what needs no store are processed behind what waits', async () => {
  await using scene = await fullStore()
  const { broker, store, subscriber, publisher } = scene
  store.onRoom?.(true)
  publisher.publish({ topicName: 'a', qos: 2, packetId: 1 })
  await publisher.next('pubrec')
  const { packetId } = await subscriber.message()
  store.onRoom?.(false)
  using other = await broker.client(4)
  publisher.publish({ topicName: 'a', qos: 1, packetId: 2 })
  publisher.acknowledge('pubrel', 1)
  await publisher.next('pubcomp')
  await publisher.quiet()
  subscriber.acknowledge('pubrec', packetId)
  await subscriber.next('pubrel')
  other.publish({ topicName: 'nobody', qos: 1, packetId: 1 })
  assert.equal((await other.next('puback')).packetId, 1)
})

test('a QoS 2 PUBLISH that is repeated while it waits is one message', async () => {
  await using scene = await fullStore()
  const { store, subscriber, publisher } = scene
  publisher.publish({ topicName: 'a', qos: 2, packetId: 1 })
  publisher.publish({ topicName: 'a', qos: 2, packetId: 1, dup: true })
  await publisher.quiet()
  store.onRoom?.(true)
  await publisher.next('pubrec')
  await publisher.quiet()
  await subscriber.message()
  await subscriber.quiet()
})

for (const [bound, limits] of [
  ['one connection', { parkedBytesMax: 1000 }],
  ['all together', { parkedBytesTotalMax: 1000 }],
] as const) {
  test(`more than the bound of ${bound} closes the connection, and nothing of it was acknowledged or is lost count of`, async () => {
    await using scene = await fullStore(limits)
    const { broker, publisher, subscriber, store } = scene
    publisher.publish({ topicName: 'a', qos: 1, packetId: 1, payload: Buffer.alloc(500) })
    await publisher.quiet()
    publisher.publish({ topicName: 'a', qos: 1, packetId: 2, payload: Buffer.alloc(500) })
    await publisher.closed()
    assert.equal(broker.broker.tally.messages.refused, 2)
    assert.equal(balance(broker), 0)
    store.onRoom?.(true)
    await subscriber.quiet()
    using again = await broker.client(4)
    again.publish({ topicName: 'a', qos: 1, packetId: 1, payload: Buffer.alloc(500) })
    await again.next('puback')
  })
}

test('what has waited for too long closes the connection; what has not stays', async () => {
  await using scene = await fullStore({ parkedSecondsMax: 10 })
  const { broker, publisher } = scene
  publisher.publish({ topicName: 'a', qos: 1, packetId: 1 })
  await publisher.quiet()
  broker.advanceBy(9)
  await publisher.quiet()
  broker.advanceBy(2)
  await publisher.closed()
  assert.equal(balance(broker), 0)
})

test('QoS 0 with RETAIN, which nobody could be told of, is refused and counted', async () => {
  await using scene = await fullStore()
  const { broker, subscriber, publisher, store } = scene
  publisher.publish({ topicName: 'a', qos: 0, retain: true, payload: Buffer.from('kept') })
  await publisher.quiet()
  assert.equal(broker.broker.tally.messages.refused, 1)
  store.onRoom?.(true)
  await subscriber.quiet()
})

test('a stop while the store refuses gives up what it refused and ends', async () => {
  await using scene = await fullStore()
  const { broker, store, publisher, subscriber } = scene
  store.onRoom?.(true)
  store.mode = 'refusing'
  publisher.publish({ topicName: 'a', qos: 1, packetId: 1 })
  await subscriber.message()
  await broker.broker.stop()
  await publisher.closed()
  assert.ok(store.written.every((record) => record.type !== 'message'))
})
