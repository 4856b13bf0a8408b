/**
 * PINGREQ, DISCONNECT and AUTH: MQTT 5.0 and 3.1.1 sections 3.12 to 3.15.
 */
import { test } from 'node:test'
import { startTestBroker } from '../support/test-broker.ts'

const versions: readonly (4 | 5)[] = [4, 5]

test('[MQTT-3.12.4-1] [MQTT3-3.12.4-1] every PINGREQ is answered by a PINGRESP', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using client = await broker.client(version)
    client.sendBytes('c000 c000')
    await client.next('pingresp')
    await client.next('pingresp')
  }
})
