/**
 * What needs no record: a message that everybody it was for has acknowledged before its batch was closed.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { QuietBroker } from '../scale/quiet-broker.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import type { WireClient } from '../support/wire-client.ts'
import { TroubledStore } from './troubled-store.ts'

const stays = { cleanStart: false, properties: { sessionExpiryInterval: 1000 } }

function payloadsWritten({ written }: TroubledStore): string[] {
  return written.flatMap((record) => (record.type === 'message' ? [record.message.publish.payload.toString()] : []))
}

/** One message is being written, and the next waits for its batch; each subscriber has received and acknowledged both. */
async function publishTwo(broker: TestBroker, store: TroubledStore, subscribers: WireClient[], retain = false) {
  const publisher = await broker.client(5)
  store.mode = 'held'
  for (const packetId of [1, 2]) {
    publisher.publish({ topicName: 'a', qos: 1, packetId, payload: Buffer.from(`${packetId}`), retain })
    await publisher.quiet()
    for (const subscriber of subscribers) subscriber.acknowledge('puback', (await subscriber.message()).packetId)
    for (const subscriber of subscribers) await subscriber.quiet()
  }
  store.release()
  assert.equal((await publisher.next('puback')).packetId, 1)
  assert.equal((await publisher.next('puback')).packetId, 2)
  return publisher
}

async function subscribe(broker: TestBroker, clientIdentifier: string): Promise<WireClient> {
  const client = await broker.client(5, { clientIdentifier, ...stays })
  await client.subscribe('a', { qos: 1 })
  return client
}

test('a message that all its Sessions acknowledged before its batch was closed is acknowledged and not written', async () => {
  const store = new TroubledStore()
  await using broker = await startTestBroker({ store })
  using one = await subscribe(broker, 'one')
  using other = await subscribe(broker, 'other')
  using _publisher = await publishTwo(broker, store, [one, other])
  assert.deepEqual(payloadsWritten(store), ['1'])
})

test('it is written if one Session has not acknowledged it', async () => {
  const store = new TroubledStore()
  await using broker = await startTestBroker({ store })
  using one = await subscribe(broker, 'one')
  using _silent = await subscribe(broker, 'silent')
  using _publisher = await publishTwo(broker, store, [one])
  assert.deepEqual(payloadsWritten(store), ['1', '2'])
})

test('it is written if it is retained', async () => {
  const store = new TroubledStore()
  await using broker = await startTestBroker({ store })
  using one = await subscribe(broker, 'one')
  using _publisher = await publishTwo(broker, store, [one], true)
  assert.deepEqual(payloadsWritten(store), ['1', '2'])
})

test('the gap that it leaves does no harm after a restart', async () => {
  const store = new TroubledStore()
  {
    await using broker = await startTestBroker({ store })
    using one = await subscribe(broker, 'one')
    using publisher = await publishTwo(broker, store, [one])
    await one.leave()
    publisher.publish({ topicName: 'a', qos: 1, packetId: 3, payload: Buffer.from('3') })
    assert.equal((await publisher.next('puback')).reasonCode, 0)
  }
  await using broker = await startTestBroker({ store })
  await broker.broker.publish({ topicName: 'a', payload: '4' })
  using one = await broker.open(5)
  assert.equal((await one.connect({ clientIdentifier: 'one', ...stays })).sessionPresent, true)
  assert.equal((await one.message()).text, '3')
  assert.equal((await one.message()).text, '4')
})

test('a batch waits a moment for subscribers that are faster than the store, and for nobody else', async () => {
  const store = new TroubledStore()
  store.delayMs = () => 5
  const broker = new QuietBroker(store)
  await broker.shell.open()
  const count = 50
  const publishAll = async (topicName: string): Promise<number> => {
    const before = payloadsWritten(store).length
    for (let number = 0; number < count; number++) {
      broker.publish({ topicName, qos: 1 })
      // The subscriber acknowledges in the next turn of the event loop, if there is one.
      await new Promise(setImmediate)
      await new Promise(setImmediate)
      await broker.shell.idle()
    }
    return payloadsWritten(store).length - before
  }
  broker.connect('fast').subscribe('fast')
  const away = broker.connect('away')
  away.subscribe('away')
  away.leave()
  await broker.settled()
  assert.ok((await publishAll('fast')) < count)
  assert.equal(await publishAll('away'), count)
  await broker.shell.stop()
})
