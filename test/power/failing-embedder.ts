/**
 * A program with a broker in it whose store fails, as the environment says, and that makes another one on the same directory when the
 * first has stopped. Prints in JSON how many Retained Messages were acknowledged, and the Topic Names of those that are there.
 *
 *     node failing-embedder.ts DIRECTORY DURABILITY
 */
import { setTimeout as after } from 'node:timers/promises'
import { createBroker, sqlite } from '../../src/index.ts'

const [, , directory = '', durability] = process.argv
const make = () => {
  const store = sqlite(directory, { durability: durability === 'interval' ? 'interval' : 'fsync', intervalMs: 5 })
  return createBroker({ listen: [], store })
}

const first = make()
await first.start()
const failed = new Promise<Error>((resolve) => first.on('failed', resolve))
let acknowledged = 0
async function publish(): Promise<void> {
  for (let number = 0; number < 2000; number++) {
    await first.publish({ topicName: `t/${number}`, qos: 1, retain: true, payload: 'x' })
    acknowledged += 1
    if (durability === 'interval') await after(1)
  }
}
const refusal = await publish().then(
  () => null,
  (error) => error.message,
)
const { message: failure } = await failed
await first.stop()

const second = make()
await second.start()
const found: string[] = []
const all = new Promise<void>((resolve) => {
  const listen = ({ topicName }: { topicName: string }): void => {
    if (topicName === 't/end') resolve()
    else found.push(topicName)
  }
  // Behind what is retained.
  void second.subscribe('t/#', { qos: 1 }, listen).then(() => second.publish({ topicName: 't/end', qos: 1 }))
})
await all
await second.stop()
process.stdout.write(JSON.stringify({ acknowledged, found, refusal, failure }))
