/**
 * What may leave at once does not overtake what waits for the store.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestBroker } from '../support/test-broker.ts'
import { staying, type WireClient } from '../support/wire-client.ts'
import { TroubledStore } from './troubled-store.ts'

/** SUBSCRIBE has been taken in when this resolves; its SUBACK has not come. */
async function beginSubscribe(client: WireClient, topicFilter: string): Promise<void> {
  const request = { topicFilter, qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
  client.send({ type: 'subscribe', packetId: 1, subscriptions: [request], properties: {} })
  await client.quiet()
}

test('a message does not overtake one before it that was held back', async () => {
  const store = new TroubledStore()
  await using broker = await startTestBroker({ store })
  using publisher = await broker.client(5)
  using other = await broker.client(5, staying(5, 'other'))
  using subscriber = await broker.client(5, staying(5, 's'))
  using _held = store.hold()
  await beginSubscribe(subscriber, 'a')
  await beginSubscribe(other, 'b')
  publisher.publish({ topicName: 'a', payload: Buffer.from('1') })
  await publisher.quiet()
  store.release()
  store.mode = 'held'
  await subscriber.next('suback')
  publisher.publish({ topicName: 'a', payload: Buffer.from('2') })
  await publisher.quiet()
  store.release()
  await other.next('suback')
  assert.deepEqual([(await subscriber.message()).text, (await subscriber.message()).text], ['1', '2'])
})

test('at QoS 1 no more is held back than may be unsent, and the rest waits in its Session', async () => {
  const store = new TroubledStore()
  await using broker = await startTestBroker({ limits: { unsentBytesMax: 65_536 }, store })
  using first = await broker.client(5, staying(5, 's'))
  await first.subscribe('a')
  using _held = store.hold()
  await beginSubscribe(first, 'b')
  for (let count = 0; count < 20; count++) {
    void broker.broker.publish({ topicName: 'a', payload: Buffer.alloc(10_000), qos: 1 })
    // What else is flushed to the client meanwhile does not make room.
    await first.quiet()
  }
  await broker.lose(first)
  store.release()
  using again = await broker.client(5, staying(5, 's'))
  let heldBack = 0
  for (let count = 0; count < 20; count++) {
    const { dup, packetId } = await again.message()
    if (dup) heldBack += 1
    again.acknowledge('puback', packetId)
  }
  assert.equal(heldBack, 7)
})

test('a Topic Alias never comes before its Topic Name', async () => {
  await using broker = await startTestBroker()
  await broker.broker.publish({ topicName: 'room/temperature', payload: 'kept', qos: 0, retain: true })
  using client = await broker.client(5, { properties: { topicAliasMaximum: 10 } })
  await client.subscribe('room/+', { qos: 0 })
  assert.equal((await client.message()).topicName, 'room/temperature')
  // SUBSCRIBE again and PUBLISH at QoS 0, in one piece.
  const subscribe = '82 0c 0001 00 0006 726f6f6d2f2b 00'
  const publish = '30 14 0010 726f6f6d2f74656d7065726174757265 00 78'
  client.sendBytes(`${subscribe} ${publish}`)
  await client.next('suback')
  for (const expected of ['kept', 'x']) {
    const { text, topicName } = await client.message()
    assert.deepEqual([text, topicName], [expected, 'room/temperature'])
  }
})
