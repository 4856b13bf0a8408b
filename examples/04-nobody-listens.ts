/**
 * A message that nobody is subscribed to: the publisher is told, by a count in code and by Reason Code 0x10 in MQTT 5.0.
 *
 * In your own project the first import is `from 'pabal'`; here it is relative, so that it runs from a fresh checkout
 * without a build.
 */
import mqtt from 'mqtt'
import { createBroker } from '../src/index.ts'

function hex(reasonCode: number | undefined): string {
  return `0x${(reasonCode ?? 0).toString(16).padStart(2, '0')}`
}

const broker = createBroker({ listen: ['tcp://127.0.0.1:0'] })
broker.on('published', ({ message, matched }) => {
  if (matched === 0) console.log(`the broker noticed: nobody got ${message.topicName}`)
})
await broker.start()
const [url = ''] = broker.urls

// From code.
const lost = await broker.publish({ topicName: 'home/door', payload: 'open', qos: 1 })
console.log(`from code, nobody listens: Reason Code ${hex(lost.reasonCode)}, matched ${lost.matched}`)

// From any MQTT 5.0 client: the Reason Code stands in the PUBACK.
const client = await mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 })
client.on('packetreceive', (packet) => {
  if (packet.cmd === 'puback') console.log(`over MQTT, the PUBACK says ${hex(packet.reasonCode)}`)
})
await client.publishAsync('home/door', 'open', { qos: 1 })

// Now somebody does.
const subscription = await broker.subscribe('home/+', { qos: 1 }, () => {})
const found = await broker.publish({ topicName: 'home/door', payload: 'closed', qos: 1 })
console.log(`from code, somebody listens: Reason Code ${hex(found.reasonCode)}, matched ${found.matched}`)
await client.publishAsync('home/door', 'closed', { qos: 1 })

await subscription.unsubscribe()
await client.endAsync()
await broker.stop()
console.log('stopped')
