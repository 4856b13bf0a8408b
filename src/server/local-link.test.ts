import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
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

test('who waits to be flushed is not entered again for each message: of a thousand nobody is further and further behind', async () => {
  const broker = createBroker({ listen: [] })
  await broker.start()
  let received = 0
  const listen = (): void => {
    received += 1
  }
  for (let number = 0; number < 1000; number++) {
    await broker.subscribe('a', {}, listen)
    await broker.publish({ topicName: 'a' })
    await nextTurn()
  }
  for (let turn = 0; turn < 3; turn++) await nextTurn()
  assert.equal(received, (1000 * 1001) / 2)
  await broker.stop()
})
