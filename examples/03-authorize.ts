/**
 * Who may do what: each user writes below a Topic Name of their own, and everybody may read what is public.
 *
 * In your own project the first import is `from 'pabal'`; here it is relative, so that it runs from a fresh checkout
 * without a build.
 */
import mqtt from 'mqtt'
import { createBroker } from '../src/index.ts'

const broker = createBroker({
  listen: ['tcp://127.0.0.1:0'],
  // For the example everybody is who they say they are; 02-authenticate.ts shows how to check. But a name becomes a level
  // below: a user called `+` could read what belongs to all the others.
  authenticate: ({ userName }) => userName !== null && /^[a-z0-9]+$/.test(userName),
  // A subscription is asked about with its Topic Filter: `#` is not below `public/`, so nobody can read it all.
  authorize: ({ action, account, topic }) => {
    if (action === 'publish') return topic.startsWith(`users/${account}/`)
    return topic.startsWith('public/') || topic.startsWith(`users/${account}/`)
  },
})
await broker.start()
const [url = ''] = broker.urls
const client = await mqtt.connectAsync(url, { username: 'minji', protocolVersion: 5, reconnectPeriod: 0 })

async function attempt(what: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
    console.log(`${what}: allowed`)
  } catch (error) {
    console.log(`${what}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

for (const topicFilter of ['users/minji/#', 'public/news', 'users/jun/#', '#']) {
  await attempt(`subscribe to ${topicFilter}`, () => client.subscribeAsync(topicFilter, { qos: 1 }))
}
for (const topicName of ['users/minji/mood', 'users/jun/mood', 'public/news']) {
  await attempt(`publish to ${topicName}`, () => client.publishAsync(topicName, 'hello', { qos: 1 }))
}

await client.endAsync()
await broker.stop()
console.log('stopped')
