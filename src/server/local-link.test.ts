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

test('a listener that is slower than what is published at QoS 0 is sent no more than limits.unsentBytesMax, and the rest is counted', async () => {
  const broker = createBroker({ listen: [], limits: { unsentBytesMax: 65_536 } })
  await broker.start()
  let dropped = 0
  broker.on('copyDropped', () => {
    dropped += 1
  })
  const { promise: done, resolve: finish } = Promise.withResolvers<void>()
  const received: string[] = []
  await broker.subscribe('a', { qos: 0 }, async ({ payload }) => {
    await done
    received.push(payload.toString())
  })
  const publish = async (count: number, text: string) => {
    for (let number = 0; number < count; number++) {
      await broker.publish({ topicName: 'a', payload: text, qos: 0 })
      await nextTurn()
    }
  }
  await publish(300, 'x')
  finish()
  while (received.length < 100) await nextTurn()
  await nextTurn()
  assert.ok(received.length < 200, `${received.length} received of 300`)
  assert.equal(received.length + dropped, 300)
  const before = received.length
  await publish(10, 'y')
  await nextTurn()
  assert.equal(received.length, before + 10, 'it is sent messages again')
  await broker.stop()
})
