/**
 * How long a Session lives: MQTT 5.0 and 3.1.1 section 4.1.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestBroker } from '../support/test-broker.ts'
import { staying } from '../support/wire-client.ts'

const versions: readonly (4 | 5)[] = [4, 5]
const expiresAfter10 = { limits: { sessionExpirySecondsMax: 10 } }
const tenYears = 10 * 365 * 86_400

test('[MQTT-4.1.0-1] [MQTT3-4.1.0-2] a Session is kept while its connection is open, however long that is', async () => {
  await using broker = await startTestBroker(expiresAfter10)
  for (const version of versions) {
    for (const cleanStart of [true, false]) {
      using client = await broker.client(version, { clientIdentifier: `${version}${cleanStart}`, cleanStart })
      await client.subscribe('a', { qos: 1 })
      broker.advanceBy(1000)
      await broker.broker.publish({ topicName: 'a', payload: 'kept' })
      assert.equal((await client.message()).text, 'kept')
    }
  }
})

test('[MQTT-4.1.0-1] [MQTT3-4.1.0-2] a Session that was about to expire is kept once its client is back', async () => {
  await using broker = await startTestBroker(expiresAfter10)
  for (const version of versions) {
    const fields = staying(version, `c${version}`)
    using first = await broker.client(version, fields)
    await first.subscribe('a', { qos: 1 })
    await first.leave()
    broker.advanceBy(5)
    using again = await broker.open(version)
    assert.equal((await again.connect(fields)).sessionPresent, true)
    broker.advanceBy(6)
    await broker.broker.publish({ topicName: 'a', payload: 'kept' })
    assert.equal((await again.message()).text, 'kept')
    using taking = await broker.open(version)
    assert.equal((await taking.connect(fields)).sessionPresent, true)
  }
})

test('[MQTT3-4.1.0-1] all of a Session is there when its client comes back, be it after ten years', async () => {
  await using broker = await startTestBroker()
  const fields = staying(4, 'c')
  using first = await broker.client(4, fields)
  await first.subscribe('a', { qos: 2 })
  await broker.broker.publish({ topicName: 'a', payload: 'at QoS 1' })
  await broker.broker.publish({ topicName: 'a', payload: 'at QoS 2', qos: 2 })
  await first.message()
  const { packetId } = await first.message()
  first.acknowledge('pubrec', packetId)
  await first.next('pubrel')
  first.publish({ topicName: 'b', qos: 2, packetId: 9 })
  await first.next('pubrec')
  await first.leave()
  await broker.broker.publish({ topicName: 'a', payload: 'while away' })
  broker.advanceBy(tenYears)
  using again = await broker.open(4)
  assert.equal((await again.connect(fields)).sessionPresent, true)
  const resent = await again.message()
  assert.deepEqual([resent.text, resent.dup], ['at QoS 1', true])
  assert.equal((await again.next('pubrel')).packetId, packetId)
  assert.equal((await again.message()).text, 'while away')
  using watcher = await broker.client(4)
  await watcher.subscribe('b', { qos: 0 })
  again.publish({ topicName: 'b', qos: 2, packetId: 9, dup: true })
  await again.next('pubrec')
  await watcher.quiet()
  assert.equal((await broker.broker.publish({ topicName: 'a', payload: 'live' })).matched, 1)
})

test('[MQTT-4.1.0-2] a Session is discarded when its Session Expiry Interval has passed, and not before', async () => {
  await using broker = await startTestBroker()
  const fields = { clientIdentifier: 'c', cleanStart: false, properties: { sessionExpiryInterval: 10 } }
  using client = await broker.client(5, fields)
  await client.subscribe('a', { qos: 1 })
  broker.advanceBy(1000)
  await client.leave()
  broker.advanceBy(9)
  assert.equal((await broker.broker.publish({ topicName: 'a', payload: 'waits' })).matched, 1)
  broker.advanceBy(2)
  assert.equal((await broker.broker.publish({ topicName: 'a' })).matched, 0)
  using again = await broker.open(5)
  assert.equal((await again.connect(fields)).sessionPresent, false)
  await again.quiet()
})

test('[MQTT-4.1.0-2] a Session without a Session Expiry Interval is discarded with its connection', async () => {
  await using broker = await startTestBroker()
  const fields = { clientIdentifier: 'c', cleanStart: false }
  using client = await broker.client(5, fields)
  await client.subscribe('a', { qos: 1 })
  await broker.lose(client)
  assert.equal((await broker.broker.publish({ topicName: 'a' })).matched, 0)
  using again = await broker.open(5)
  assert.equal((await again.connect(fields)).sessionPresent, false)
})
