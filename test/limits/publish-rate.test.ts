/**
 * Clients that publish faster than they may: slowed down first, nothing of theirs lost; ended if they go on.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BrokerCore } from '../../src/core/broker.ts'
import type { ReachedLimits } from '../../src/core/limit-reached.ts'
import { expectLedger } from '../support/ledger.ts'
import { startTestBroker } from '../support/test-broker.ts'
import type { WireClient } from '../support/wire-client.ts'

const payload = Buffer.alloc(20)

function flood(client: WireClient, count: number): void {
  for (let packetId = 1; packetId <= count; packetId++) client.publish({ topicName: 'a', payload, qos: 1, packetId })
}

test('a client above its rate is read no faster than that, and every message is acknowledged', async () => {
  let reached: ReachedLimits = {}
  const afterTurn = ({ state }: BrokerCore): void => {
    expectLedger(state)
    reached = state.reachedLimits
  }
  await using running = await startTestBroker({ limits: { publishMessagesPerSecondMax: 50 } }, { afterTurn })
  using client = await running.client(4)
  const beganMs = performance.now()
  flood(client, 80)
  for (let packetId = 1; packetId <= 80; packetId++) assert.equal((await client.next('puback')).packetId, packetId)
  const tookMs = performance.now() - beganMs
  assert.ok(tookMs > 500, `80 messages at 50 a second took ${tookMs} ms`)
  assert.deepEqual(reached, { publishMessagesPerSecondMax: 1 })
  // Somebody else is not slowed down.
  using other = await running.client(5)
  flood(other, 40)
  for (let packetId = 1; packetId <= 40; packetId++) await other.next('puback')
})

test('a client that goes on for too long is told 0x96 and why, one of 3.1.1 is closed', async () => {
  const limits = { publishMessagesPerSecondMax: 5, overRateSecondsMax: 0 }
  await using running = await startTestBroker({ limits })
  for (const version of [5, 4] as const) {
    using client = await running.client(version)
    flood(client, 20)
    const packets = await client.untilClosed()
    const last = packets.at(-1)
    assert.equal(packets.filter(({ type }) => type === 'puback').length, 7)
    if (version === 4) assert.equal(last?.type, 'puback')
    else {
      assert.ok(last?.type === 'disconnect')
      assert.equal(last.reasonCode, 0x96)
      assert.match(last.properties.reasonString ?? '', /limits\.publishMessagesPerSecondMax/)
    }
  }
})

test('the clients of one account share its rate', async () => {
  const limits = { accountMessagesPerSecondMax: 10, overRateSecondsMax: 0 }
  await using running = await startTestBroker({ limits, authenticate: () => true })
  using one = await running.client(5, { userName: 'ann' })
  using other = await running.client(5, { userName: 'ann' })
  using stranger = await running.client(5, { userName: 'bob' })
  flood(one, 10)
  for (let packetId = 1; packetId <= 10; packetId++) await one.next('puback')
  flood(other, 4)
  const last = (await other.untilClosed()).at(-1)
  assert.ok(last?.type === 'disconnect')
  assert.equal(last.reasonCode, 0x97)
  flood(stranger, 10)
  for (let packetId = 1; packetId <= 10; packetId++) await stranger.next('puback')
})

test('a client that is held back is not taken for a silent one', async () => {
  await using running = await startTestBroker({ limits: { publishBytesPerSecondMax: 1000 } })
  using client = await running.client(5, { keepAliveSeconds: 1 })
  client.publish({ topicName: 'a', payload: Buffer.alloc(3000), qos: 1, packetId: 1 })
  await client.next('puback')
  running.advanceBy(60)
  client.send({ type: 'pingreq' })
  await client.next('pingresp')
})
