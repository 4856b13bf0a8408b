/**
 * A Session that is taken up again with another Receive Maximum: MQTT 5.0 sections 4.4 and 4.9.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestBroker } from '../support/test-broker.ts'
import type { WireClient } from '../support/wire-client.ts'
import { TroubledStore } from './troubled-store.ts'

function fields(receiveMaximum: number) {
  return { clientIdentifier: 's', cleanStart: false, properties: { sessionExpiryInterval: 1000, receiveMaximum } }
}

async function messages(client: WireClient, count: number): Promise<string[]> {
  const found: string[] = []
  for (let number = 0; number < count; number++) {
    const { text, dup, packetId } = await client.message()
    found.push(`${text}${dup ? ' again' : ''} as ${packetId}`)
  }
  await client.quiet()
  return found
}

test('no more is sent again at once than the new Receive Maximum allows, and then what waited', async () => {
  await using broker = await startTestBroker()
  using first = await broker.client(5, fields(4))
  await first.subscribe('a')
  for (const [position, qos] of ([1, 2, 1, 1, 1] as const).entries()) {
    await broker.broker.publish({ topicName: 'a', payload: `m${position + 1}`, qos })
  }
  for (let number = 0; number < 4; number++) await first.message()
  first.acknowledge('pubrec', 2)
  await first.next('pubrel')
  using again = await broker.client(5, fields(2))
  const one = await again.message()
  assert.deepEqual([one.text, one.dup, (await again.next('pubrel')).packetId], ['m1', true, 2])
  assert.deepEqual(await messages(again, 0), [], 'a QoS 2 message that is not complete counts')
  again.acknowledge('pubcomp', 2)
  assert.deepEqual(await messages(again, 1), ['m3 again as 3'])
  again.acknowledge('puback', 1)
  assert.deepEqual(await messages(again, 1), ['m4 again as 4'])
  again.acknowledge('puback', 3)
  assert.deepEqual(await messages(again, 1), ['m5 as 5'])
})

test('what is sent again later keeps its order, though QoS 2 waits for the store', async () => {
  const store = new TroubledStore()
  await using broker = await startTestBroker({ store })
  using first = await broker.client(5, fields(4))
  await first.subscribe('a')
  for (const [position, qos] of ([1, 1, 2, 1] as const).entries()) {
    await broker.broker.publish({ topicName: 'a', payload: `m${position + 1}`, qos })
  }
  for (let number = 0; number < 4; number++) await first.message()
  using again = await broker.client(5, fields(2))
  assert.deepEqual(await messages(again, 2), ['m1 again as 1', 'm2 again as 2'])
  using _held = store.hold()
  const published = broker.broker.publish({ topicName: 'a', payload: 'm5', qos: 1 })
  again.acknowledge('puback', 1)
  again.acknowledge('puback', 2)
  assert.deepEqual(await messages(again, 0), [])
  store.release()
  await published
  assert.deepEqual(await messages(again, 2), ['m3 again as 3', 'm4 again as 4'])
})

test('what is acknowledged before it is sent again is not sent again', async () => {
  await using broker = await startTestBroker()
  using first = await broker.client(5, fields(4))
  await first.subscribe('a')
  for (const [position, qos] of ([1, 1, 2, 1] as const).entries()) {
    await broker.broker.publish({ topicName: 'a', payload: `m${position + 1}`, qos })
  }
  for (let number = 0; number < 4; number++) await first.message()
  using again = await broker.client(5, fields(1))
  assert.deepEqual(await messages(again, 1), ['m1 again as 1'])
  again.acknowledge('puback', 2)
  again.acknowledge('pubrec', 3)
  assert.equal((await again.next('pubrel')).packetId, 3)
  again.acknowledge('puback', 1)
  assert.deepEqual(await messages(again, 0), [])
  again.acknowledge('pubcomp', 3)
  assert.deepEqual(await messages(again, 1), ['m4 again as 4'])
  using last = await broker.client(5, fields(1))
  assert.deepEqual(await messages(last, 1), ['m4 again as 4'])
})
