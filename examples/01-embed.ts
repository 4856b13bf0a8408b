/**
 * A broker inside your own program: start it, subscribe, publish, and see who got it.
 *
 * In your own project the first import is `from 'pabal'`; here it is relative, so that it runs from a fresh checkout
 * without a build.
 */
import { createBroker } from '../src/index.ts'

// Port 0 asks the operating system for a free one; `broker.urls` says which.
const broker = createBroker({ listen: ['tcp://127.0.0.1:0'] })
await broker.start()
console.log(`listening on ${broker.urls.join(', ')}`)

const topicName = '커피정보'
const heard = Promise.withResolvers<void>()
let count = 0

function listen(listener: string) {
  return broker.subscribe(topicName, { qos: 1 }, (message) => {
    console.log(`${listener} got "${message.payload.toString()}" on ${message.topicName}`)
    count += 1
    if (count === 2) heard.resolve()
  })
}
const kitchen = await listen('the kitchen')
const office = await listen('the office')

const first = await broker.publish({ topicName, payload: '커피는 맥심', qos: 1 })
await heard.promise
console.log(`the first message matched ${first.matched} subscriptions`)

await kitchen.unsubscribe()
await office.unsubscribe()
const second = await broker.publish({ topicName, payload: 'is anybody there?', qos: 1 })
console.log(`the second message matched ${second.matched} subscriptions`)

await broker.stop()
console.log('stopped')
