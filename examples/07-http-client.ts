/**
 * Looking after a broker from another program: the typed client of its HTTP API finds what nobody received, and who listens.
 *
 * In your own project it is `import { PabalClient } from 'pabal/client'`, with the URL of your broker and an API key:
 * `new PabalClient({ url: 'https://broker.example:18083', key: 'pabal.…' })`. It runs in browsers, too.
 */
import mqtt from 'mqtt'
import { ApiError, PabalClient } from '../src/client/index.ts'
import { createBroker, httpAdmin } from '../src/index.ts'

const broker = createBroker({
  listen: ['tcp://127.0.0.1:0'],
  topics: [{ filter: 'orders/#', whenNobody: 'hold' }],
  // Without a login, which only works on this machine. `pabal start` asks for one.
  admin: httpAdmin({ listen: 'http://127.0.0.1:0', login: 'off' }),
})
await broker.start()
const [mqttUrl = ''] = broker.urls
const [url = ''] = broker.adminUrls
const pabal = new PabalClient({ url })

// The same key for each attempt: however often it is sent, it is published once.
const order = { topic: 'orders/7', payload: 'two coffees' }
for (let attempt = 1; attempt <= 2; attempt++) {
  const { message, held } = await pabal.publish(order, { idempotencyKey: 'order-7' })
  console.log(`attempt ${attempt}: ${message}, held: ${held}`)
}

// A list is every row of it, however many pages that takes.
for await (const { id, topic } of pabal.held({ filter: 'orders/#' })) {
  const { payload } = await pabal.heldMessage(id)
  console.log(`nobody has received "${payload}" on ${topic}`)
}

const stop = new AbortController()
const events = pabal.events({ types: ['subscribed'], signal: stop.signal })
// The first says that from now on all that happens is told.
await events.next()
const kitchen = await mqtt.connectAsync(mqttUrl, { protocolVersion: 5, clientId: 'kitchen', reconnectPeriod: 0 })
const arrived = new Promise<string>((resolve) => kitchen.once('message', (_, payload) => resolve(payload.toString())))
await kitchen.subscribeAsync('orders/#', { qos: 0 })
console.log(`${(await events.next()).value?.clientIdentifier} has subscribed`)
stop.abort()

// It listens at QoS 0, so what is held does not go there by itself: an operator says so.
const { done } = await pabal.releaseHeld({ all: true })
console.log(`released: ${done}; the kitchen got "${await arrived}"`)

const { about } = await pabal.listenersOf('orders/8')
console.log(`listeners to orders/8: ${about?.totals.listeners}`)

try {
  await pabal.disconnect('bar')
} catch (error) {
  if (!(error instanceof ApiError)) throw error
  console.log(`${error.code}: ${error.problem?.found}`)
}

await kitchen.endAsync()
await broker.stop()
console.log('stopped')
