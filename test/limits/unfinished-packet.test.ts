/**
 * Clients that begin a packet and do not finish it: closed in time, however slowly they go on; a slow line is given the time it needs.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestBroker } from '../support/test-broker.ts'

/** PUBLISH at QoS 0 to `a` with a payload of 100,000 bytes: its beginning. */
const header = '30a48d06 0001 61 00'

test('[slowloris] a packet of which a byte comes now and then is ended with 0x8D in time', async () => {
  await using running = await startTestBroker({ limits: { packetSecondsMax: 10 } })
  for (const version of [5, 4] as const) {
    using client = await running.client(version)
    using watcher = await running.client(5)
    for (const byte of ['30', 'a4', '8d', '06']) {
      client.sendBytes(byte)
      await watcher.quiet()
      running.advanceBy(2)
    }
    running.advanceBy(2.5)
    const [last] = await client.untilClosed()
    if (version === 4) assert.equal(last, undefined)
    else {
      assert.ok(last?.type === 'disconnect')
      assert.equal(last.reasonCode, 0x8d)
      assert.match(last.properties.reasonString ?? '', /begun 1\d seconds ago, .* \(limits\.packetSecondsMax\)$/)
    }
    await watcher.quiet()
  }
})

test('a client on a slow line has a second more for each 1,000 bytes, and a whole packet begins anew', async () => {
  await using running = await startTestBroker({ limits: { packetSecondsMax: 10 } })
  using client = await running.client(5)
  using watcher = await running.client(5)
  client.sendBytes(header)
  for (let count = 0; count < 9; count++) {
    client.sendBytes(Buffer.alloc(10_000))
    await watcher.quiet()
    running.advanceBy(9)
  }
  client.sendBytes(Buffer.alloc(10_000))
  client.sendBytes('c000')
  await client.next('pingresp')
  client.sendBytes('c0')
  await watcher.quiet()
  running.advanceBy(9)
  client.sendBytes('00')
  await client.next('pingresp')
  running.advanceBy(600)
  await client.quiet()
})
