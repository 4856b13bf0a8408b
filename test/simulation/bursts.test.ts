/**
 * A client that returns to a long queue.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { QuietBroker } from '../scale/quiet-broker.ts'
import { TroubledStore } from './troubled-store.ts'

test('a long queue leaves in bursts, so that not all of it is in flight at once, and all of it arrives in order', async () => {
  const broker = new QuietBroker(new TroubledStore())
  await broker.shell.open()
  const away = broker.connect('s')
  away.subscribe('a')
  away.leave()
  const count = 5000
  for (let number = 0; number < count; number++) {
    const payload = Buffer.alloc(100)
    payload.writeUInt32BE(number)
    broker.publish({ topicName: 'a', qos: 1, payload })
  }
  await broker.settled()
  const { promise: arrived, resolve } = Promise.withResolvers<void>()
  let received = 0
  let inFlightMax = 0
  broker.connect('s', ({ connection, message }) => {
    assert.equal(message.publish.payload.readUInt32BE(), received)
    received += 1
    inFlightMax = Math.max(inFlightMax, connection.session?.outbound.inFlightMessages ?? 0)
    if (received === count) resolve()
  })
  await arrived
  assert.ok(inFlightMax < count / 2, `${inFlightMax} in flight`)
  await broker.settled()
  assert.equal(broker.shell.core.state.live.count, 0)
  await broker.shell.stop()
})
