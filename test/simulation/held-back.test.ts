/**
 * What a connection holds back while its SUBACK waits for the store.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestBroker } from '../support/test-broker.ts'
import { TroubledStore } from './troubled-store.ts'

test('messages held back behind a SUBACK leave when it has left, and are bounded like unsent ones', async () => {
  const store = new TroubledStore()
  await using broker = await startTestBroker({ limits: { unsentBytesMax: 65_536 }, store })
  using client = await broker.client(5, { clientIdentifier: 'c', properties: { sessionExpiryInterval: 100 } })
  await client.subscribe('a', { qos: 0 })
  const subscriptions = [
    { topicFilter: 'b', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 },
  ] as const
  using _held = store.hold()
  client.send({ type: 'subscribe', packetId: 1, subscriptions: [...subscriptions], properties: {} })
  for (let count = 0; count < 100; count++) {
    // What else is flushed to the client meanwhile does not make room.
    await client.quiet()
    void broker.broker.publish({ topicName: 'a', payload: Buffer.alloc(999, 'x'), qos: 0 })
  }
  const kept = 100 - broker.broker.tally.copies.droppedSlow
  assert.ok(kept > 60 && kept < 70, `${kept} of 100 were kept`)
  store.release()
  await client.next('suback')
  for (let count = 0; count < kept; count++) await client.next('publish')
  await client.quiet()
})
