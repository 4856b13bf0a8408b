/**
 * Messages for a device that has never been seen: the rule `hold` keeps them, in order, until it subscribes for the first time.
 *
 * In your own project the first import is `from 'pabal'`; here it is relative, so that it runs from a fresh checkout
 * without a build. With `store: sqlite('data')` held messages survive a restart, too.
 */
import mqtt from 'mqtt'
import { createBroker } from '../src/index.ts'

const broker = createBroker({
  listen: ['tcp://127.0.0.1:0'],
  topics: [{ filter: 'devices/+/settings', whenNobody: 'hold', heldMessagesMax: 3, heldSecondsMax: 24 * 3600 }],
})
await broker.start()
const [url = ''] = broker.urls

for (const text of ['brightness 10', 'brightness 20', 'name hall', 'name stairs']) {
  try {
    const { reasonCode } = await broker.publish({ topicName: 'devices/lamp-7/settings', payload: text })
    console.log(`"${text}" is kept, Reason Code 0x${reasonCode.toString(16)}`)
  } catch (error) {
    // There is a bound, and whoever publishes beyond it is told.
    console.log(`"${text}" is not: ${error instanceof Error ? error.message : error}`)
  }
}

// Days later. Its Session must outlive the connection, or what was kept for so long could be lost with it.
const lamp = await mqtt.connectAsync(url, {
  protocolVersion: 5,
  reconnectPeriod: 0,
  clientId: 'lamp-7',
  clean: false,
  properties: { sessionExpiryInterval: 3600 },
})
const settings: string[] = []
const received = new Promise<void>((resolve) => {
  lamp.on('message', (_topicName, payload) => {
    settings.push(payload.toString())
    if (settings.length === 3) resolve()
  })
})
await lamp.subscribeAsync('devices/lamp-7/settings', { qos: 1 })
await received
console.log(`lamp-7 got ${settings.join(', ')}`)

await lamp.endAsync()
await broker.stop()
console.log('stopped')
