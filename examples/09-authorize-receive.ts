/**
 * Who may receive what: everybody may subscribe to everything, and each message goes to those only who may have it.
 *
 * The callback is asked in the middle of a message, for each Session and Topic Name once: it answers at once, from what it has in memory,
 * and must not use the broker. When what it knows has changed, `broker.askAgain()` makes its answers void.
 *
 * In your own project the first import is `from 'pabal'`; here it is relative, so that it runs from a fresh checkout
 * without a build.
 */
import mqtt from 'mqtt'
import { createBroker } from '../src/index.ts'

const readersOf = new Map([['hr', new Set(['hanna'])]])

const broker = createBroker({
  listen: ['tcp://127.0.0.1:0'],
  // For the example everybody is who they say they are; 02-authenticate.ts shows how to check.
  authenticate: ({ userName }) => userName !== null,
  authorizeReceive: ({ account, topic }) => {
    const [department = ''] = topic.split('/')
    return readersOf.get(department)?.has(account) ?? true
  },
})
// A callback that throws, or answers with a promise, keeps the message back, and is told here.
broker.on('fault', (error) => console.log('fault', error))
await broker.start()
const [url = ''] = broker.urls

for (const username of ['hanna', 'bob']) {
  const client = await mqtt.connectAsync(url, { username, protocolVersion: 5, reconnectPeriod: 0 })
  client.on('message', (topicName, payload) => console.log(`${username} got ${topicName}: ${payload}`))
  await client.subscribeAsync(['hr/#', 'news/#'])
}

async function publish(topicName: string, payload: string): Promise<void> {
  const { matched } = await broker.publish({ topicName, payload })
  console.log(`${payload}: ${matched} may have it`)
}

await publish('news/1', 'good morning')
await publish('hr/1', 'a salary')
readersOf.get('hr')?.add('bob')
broker.askAgain()
await publish('hr/2', 'a farewell')

await broker.stop()
console.log('stopped')
