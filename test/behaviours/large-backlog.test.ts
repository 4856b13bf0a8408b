/**
 * More waits in a Session than its client can be sent in one go.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestBroker } from '../support/test-broker.ts'

test('what waits goes on when the client has taken all that was sent, however much that was', async () => {
  await using broker = await startTestBroker()
  const fields = { clientIdentifier: 's', cleanStart: false, properties: { sessionExpiryInterval: 1000 } }
  using subscriber = await broker.client(5, fields)
  await subscriber.subscribe('a', { qos: 1 })
  await broker.lose(subscriber)
  const payload = Buffer.alloc(512 * 1024)
  for (let number = 0; number < 60; number++) await broker.broker.publish({ topicName: 'a', payload })
  using again = await broker.client(5, fields)
  for (let number = 0; number < 60; number++) {
    const message = await again.message()
    assert.equal(message.payload.length, payload.length)
    again.acknowledge('puback', message.packetId)
  }
})
