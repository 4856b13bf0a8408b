import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBroker } from './embedded-broker.ts'

test('code in this process subscribes without being asked who it is', async () => {
  const broker = createBroker({ listen: [], authenticate: () => false, authorize: () => false })
  await broker.start()
  const received: string[] = []
  const { unsubscribe } = await broker.subscribe('a', {}, ({ payload }) => {
    received.push(payload.toString())
  })
  assert.equal((await broker.publish({ topicName: 'a', payload: 'x' })).matched, 1)
  await unsubscribe()
  assert.deepEqual(received, ['x'])
  await broker.stop()
})
