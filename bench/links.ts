/**
 * What the broker itself keeps for so many idle connections with a Subscription each, and how fast they come: all of it but the sockets,
 * which the system bounds. `node --expose-gc bench/links.ts COUNT` prints JSON.
 */
import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { ClientLink } from '../src/server/client-link.ts'
import { quietShell } from '../test/support/quiet-shell.ts'
import { CountingChannel } from './counting-channel.ts'
import * as mqtt from './mqtt.mjs'

const most = 1_000_000
/** Come in one turn of the event loop. */
const together = 250
const clock = () => performance.timeOrigin + performance.now()
const shell = quietShell(
  { connectionsMax: most, connectionsPerAccountMax: most, connectionsPerAddressMax: most },
  clock,
)
const listener = { url: 'tcp://nowhere', tellsPublisher: true }
/** CONNACK and SUBACK of 3.1.1. */
const answerBytes = 4 + 5

async function come(from: number, to: number): Promise<CountingChannel[]> {
  const channels: CountingChannel[] = []
  for (let number = from; number < to; number++) {
    const channel = new CountingChannel()
    channels.push(channel)
    new ClientLink(channel, listener, shell)
    channel.receive(mqtt.connect({ version: 4, clientId: `idle-${number}`, clean: true, keepAlive: 300 }))
    channel.receive(mqtt.subscribe({ version: 4, packetId: 1, filters: [`bench/idle/${number}/cmd`], qos: 1 }))
    if (channels.length % together === 0) await nextTurn()
  }
  while ((channels.at(-1)?.bytesWritten ?? answerBytes) < answerBytes) await nextTurn()
  return channels
}

function bytesUsed(): number {
  assert.ok(globalThis.gc !== undefined, 'needs --expose-gc')
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const count = Number(process.argv[2])
// What is compiled and made once is no connection's.
const first = await come(0, 1000)
const before = bytesUsed()
const startMs = performance.now()
const channels = await come(1000, 1000 + count)
const seconds = (performance.now() - startMs) / 1000
const bytes = bytesUsed() - before
for (const { bytesWritten } of [...first, ...channels]) assert.equal(bytesWritten, answerBytes)
assert.equal(shell.core.state.sessions.size, 1000 + count)
console.log(JSON.stringify({ kib_per_connection: bytes / 1024 / count, connects_per_s: Math.round(count / seconds) }))
process.exit(0)
