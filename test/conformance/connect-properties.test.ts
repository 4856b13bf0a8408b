/**
 * What the properties of CONNECT ask of the broker: MQTT 5.0 sections 3.1.2.11.4 to 3.1.2.11.9.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestBroker } from '../support/test-broker.ts'

test('[MQTT-3.1.2-24] a CONNACK that refuses leaves its Reason String out rather than be too large', async () => {
  await using broker = await startTestBroker({ authenticate: () => false })
  for (const [maximumPacketSize, isTold] of [
    [20, false],
    [200, true],
  ] as const) {
    using client = await broker.open(5)
    const { reasonCode, properties } = await client.connect({ properties: { maximumPacketSize } })
    assert.deepEqual([reasonCode, properties.reasonString !== undefined], [0x86, isTold])
  }
})
