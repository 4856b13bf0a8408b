/**
 * A store that is slower than its publishers: they are read no faster than it writes, and nothing is lost or refused.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestBroker } from '../support/test-broker.ts'
import { TroubledStore } from './troubled-store.ts'

const count = 160
const payload = Buffer.alloc(512 * 1024)

test('while a write takes its time a publisher that waits for no PUBACK is not read any further', async () => {
  const store = new TroubledStore()
  await using broker = await startTestBroker({ store })
  using subscriber = await broker.client(4, { clientIdentifier: 's', cleanStart: false })
  await subscriber.subscribe('a', { qos: 1 })
  await broker.lose(subscriber)
  using publisher = await broker.client(4)
  using watcher = await broker.client(5)
  using held = store.hold()
  for (let packetId = 1; packetId <= count; packetId++) publisher.publish({ topicName: 'a', payload, qos: 1, packetId })
  let before = -1
  // Until a round trip of somebody else brings no more of it.
  while (broker.broker.tally.received > before) {
    before = broker.broker.tally.received
    for (let trip = 0; trip < 20; trip++) await watcher.quiet()
  }
  // 32 MiB in the batch that fills, behind the one that is being written, and a chunk on top.
  assert.ok(before > 32 && before < 100, `${before} of ${count} messages were taken in`)
  held[Symbol.dispose]()
  for (let packetId = 1; packetId <= count; packetId++)
    assert.equal((await publisher.next('puback')).packetId, packetId)
})
