/**
 * How much one process holds, and what it costs: issue-sized by `npm run prove`, smaller where `npm test` has to be quick.
 */
import assert from 'node:assert/strict'
import { sqlite } from '../../src/server/stores.ts'
import { QuietBroker, type QuietClient } from './quiet-broker.ts'
import { DataDirectory, type Duration, durationOf, memoryInUse } from './sizes.ts'

/** Messages or Sessions made between two commits. */
const batchSize = 1000
const payloadSize = 64

/** Does something `count` times, and waits for the store once in a while. */
async function repeat(broker: QuietBroker, count: number, work: (index: number) => void): Promise<void> {
  for (let index = 0; index < count; index++) {
    work(index)
    if (index % batchSize === batchSize - 1) await broker.settled()
  }
  await broker.settled()
}

async function openBroker(directory: DataDirectory): Promise<QuietBroker> {
  const broker = new QuietBroker(sqlite(directory.path))
  await broker.shell.open()
  return broker
}

/** Offline Sessions that all subscribe to one Topic Name: bytes that so many messages cost, for all of them together. */
export async function measureFanOut(sessions: number, messages: number): Promise<{ disk: number; memory: number }> {
  using directory = new DataDirectory()
  const broker = await openBroker(directory)
  await repeat(broker, sessions, (index) => {
    const client = broker.connect(`away-${index}`)
    client.subscribe('news/today')
    client.leave()
  })
  const diskBefore = directory.bytes
  const memoryBefore = memoryInUse()
  const payload = Buffer.alloc(payloadSize, 'x')
  await repeat(broker, messages, () => broker.publish({ topicName: 'news/today', qos: 1, payload }))
  const { created, copies } = broker.shell.core.state.tally
  assert.equal(created, sessions * messages)
  assert.deepEqual(new Set(Object.values(copies)), new Set([0]))
  const measured = { disk: directory.bytes - diskBefore, memory: memoryInUse() - memoryBefore }
  await broker.shell.stop()
  return measured
}

export interface LoadDurations {
  readonly afterStop: Duration
  /** Nothing but the log: every record is replayed. */
  readonly afterCrash: Duration
}

async function measureLoading(
  make: (broker: QuietBroker) => Promise<void>,
  check: (broker: QuietBroker) => void,
): Promise<LoadDurations> {
  using directory = new DataDirectory()
  const broker = await openBroker(directory)
  await make(broker)
  using crashed = directory.copy()
  await broker.shell.stop()
  return { afterStop: await load(directory, check), afterCrash: await load(crashed, check) }
}

async function load(directory: DataDirectory, check: (broker: QuietBroker) => void): Promise<Duration> {
  memoryInUse()
  const broker = new QuietBroker(sqlite(directory.path))
  const duration = await durationOf(() => broker.shell.open())
  check(broker)
  await broker.shell.stop()
  return duration
}

/** How long it takes to load persistent Sessions with five Subscriptions each. */
export function measureLoadingSessions(sessions: number): Promise<LoadDurations> {
  return measureLoading(
    (broker) =>
      repeat(broker, sessions, (index) => {
        const client = broker.connect(`client-${index}`)
        const device = `site/${index % 100}/device/${index}`
        client.subscribe(`${device}/command`, `${device}/settings/+`, `site/${index % 100}/all`, `${device}/#`, 'all')
        client.leave()
      }),
    ({ shell }) => {
      const { state } = shell.core
      assert.equal(state.sessions.size, sessions)
      assert.equal(state.subscriptions.count, 5 * sessions)
    },
  )
}

/** How long it takes to load Retained Messages. */
export function measureLoadingRetained(messages: number): Promise<LoadDurations> {
  const payload = Buffer.alloc(payloadSize, 'x')
  return measureLoading(
    (broker) =>
      repeat(broker, messages, (index) => {
        const topicName = `site/${index % 100}/device/${index}/state`
        broker.publish({ topicName, qos: 1, retain: true, payload })
      }),
    ({ shell }) => assert.equal(shell.core.state.retained.count, messages),
  )
}

/**
 * A Session that was away while messages of ten Topic Names were published gets them in order after a restart. Bytes by
 * which the memory in use grew at the most, looked at ten times on the way, and how long it took.
 */
export async function measureDrain(
  messages: number,
  options: { receiveMaximum?: number; payloadSize?: number; queueMemoryBytesMax?: number } = {},
): Promise<{ growth: number; duration: Duration }> {
  const { receiveMaximum = 100, payloadSize: size = payloadSize, queueMemoryBytesMax = 16 << 20 } = options
  const limits = { queueMemoryBytesMax }
  using directory = new DataDirectory()
  const before = new QuietBroker(sqlite(directory.path), limits)
  await before.shell.open()
  const away = before.connect('away')
  away.subscribe('log/+')
  away.leave()
  await repeat(before, messages, (index) => {
    const payload = Buffer.alloc(size)
    payload.writeUInt32BE(index)
    before.publish({ topicName: `log/${index % 10}`, qos: 1, payload })
  })
  await before.shell.stop()
  const broker = new QuietBroker(sqlite(directory.path), limits)
  await broker.shell.open()
  assert.equal(broker.shell.core.state.live.count, messages)
  const lookEvery = Math.ceil(messages / 10)
  const memoryBefore = memoryInUse()
  let growth = 0
  let received = 0
  const { promise: drained, resolve } = Promise.withResolvers<QuietClient>()
  const duration = await durationOf(async () => {
    const client = broker.connect(
      'away',
      ({ message }) => {
        assert.equal(message.publish.payload.readUInt32BE(), received)
        received += 1
        if (received % lookEvery === 0) growth = Math.max(growth, memoryInUse() - memoryBefore)
        if (received === messages) resolve(client)
      },
      receiveMaximum,
    )
    await Promise.race([drained, broker.failed])
  })
  await broker.settled()
  const { live, bodies } = broker.shell.core.state
  assert.equal(live.count, 0)
  assert.equal(bodies.bytes, 0)
  await broker.shell.stop()
  return { growth, duration }
}
