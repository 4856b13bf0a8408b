/**
 * Chunks of several connections lie side by side in memory that the transport reads into, and a message in flight takes what is behind it
 * along to a place of its own. The two have to agree how far that is, and neither imports the other.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestBroker } from '../../test/support/test-broker.ts'

test('messages that come one at a time are passed on byte for byte, whatever is read behind them', async () => {
  await using broker = await startTestBroker()
  using subscriber = await broker.client(5)
  await subscriber.subscribe('all', { qos: 1 })
  using first = await broker.client(5)
  using second = await broker.client(4)
  // More than 64 KiB in all.
  for (let number = 1; number <= 700; number++) {
    const text = `message ${number} `.padEnd(100 + (number % 50), `${number},`)
    const publisher = number % 2 === 0 ? first : second
    publisher.publish({ topicName: 'all', qos: 1, packetId: number, payload: Buffer.from(text) })
    const { packetId, payload } = await subscriber.next('publish')
    assert.equal(payload.toString(), text)
    subscriber.acknowledge('puback', packetId)
    await publisher.next('puback')
  }
})
