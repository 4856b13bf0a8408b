/**
 * A command that is useless if nobody is there to take it: the rule `reject` refuses it, so that the publisher knows at once. A
 * monitor that is subscribed to everything does not count.
 *
 * In your own project the first import is `from 'pabal'`; here it is relative, so that it runs from a fresh checkout
 * without a build.
 */
import mqtt from 'mqtt'
import { createBroker } from '../src/index.ts'

const broker = createBroker({
  listen: ['tcp://127.0.0.1:0'],
  topics: [
    { filter: 'lights/+/switch', whenNobody: 'reject' },
    // The first rule that matches decides alone; other lights are only reported.
  ],
})
await broker.start()
const [url = ''] = broker.urls

const monitor = await broker.subscribe('#', {}, ({ topicName }) => console.log(`the monitor saw ${topicName}`))
const publisher = await mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 })

async function switchOn(light: string): Promise<void> {
  try {
    await publisher.publishAsync(`lights/${light}/switch`, 'on', { qos: 1 })
    console.log(`${light} got the command`)
  } catch (error) {
    console.log(`${light} did not: ${error instanceof Error ? error.message : error}`)
  }
}

await switchOn('kitchen')

const kitchen = await mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 })
await kitchen.subscribeAsync('lights/kitchen/switch', { qos: 1 })
await switchOn('kitchen')
await switchOn('garage')

await kitchen.endAsync()
await publisher.endAsync()
await monitor.unsubscribe()
await broker.stop()
console.log('stopped')
