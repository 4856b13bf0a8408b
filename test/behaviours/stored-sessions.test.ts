/**
 * What a broker does with a store that was written under other limits, or that cannot be read to the end.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BrokerOptions, createBroker } from '../../src/index.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import type { Store } from '../../src/store/store.ts'
import { startTestBroker } from '../support/test-broker.ts'

let nowMs = 1_000_000_000_000
const clock = () => nowMs

function start(store: Store, options: BrokerOptions = {}) {
  return startTestBroker({ store, ...options }, { clock })
}

const hours = (count: number) => count * 3600

/** A store with a Session called `away` whose client left just now, with two messages waiting. */
async function withSleeper(sessionExpiryInterval: number): Promise<MemoryStore> {
  const store = new MemoryStore(true)
  await using broker = await start(store)
  using client = await broker.client(5, { clientIdentifier: 'away', properties: { sessionExpiryInterval } })
  await client.subscribe('a', { qos: 1 })
  await broker.lose(client)
  for (const payload of ['one', 'two']) await broker.broker.publish({ topicName: 'a', payload })
  return store
}

async function isThere(store: Store, options: BrokerOptions = {}): Promise<boolean> {
  await using broker = await start(store, options)
  using client = await broker.open(5)
  const { sessionPresent } = await client.connect({
    clientIdentifier: 'away',
    cleanStart: false,
    properties: { sessionExpiryInterval: hours(100) },
  })
  if (sessionPresent) assert.equal((await client.message()).payload.toString(), 'one')
  return sessionPresent
}

const limitedTo = (seconds: number): BrokerOptions => ({ limits: { sessionExpirySecondsMax: seconds } })

test('a lowered limit that would end a Session with messages at once is refused, and nothing is lost by it', async () => {
  const store = await withSleeper(hours(3))
  nowMs += hours(2) * 1000
  await assert.rejects(start(store, limitedTo(hours(1))), {
    message: `sessionExpirySecondsMax is 3,600: that would end 1 stored Session at once, and with that discard 2 messages (8 bytes) waiting there.
By Client Identifier: "away" (2).
Nothing was changed. Raise the limit, let the clients come for their messages first, or start with --accept-loss
(acceptLoss in createBroker).`,
  })
  assert.equal(await isThere(store), true)
})

test('it is done if the loss is accepted', async () => {
  const store = await withSleeper(hours(3))
  nowMs += hours(2) * 1000
  assert.equal(await isThere(store, { ...limitedTo(hours(1)), acceptLoss: true }), false)
})

test('a lowered limit counts from when the client left, also over another restart', async () => {
  for (const [passed, expected] of [
    [1.5, true],
    [2.5, false],
  ] as const) {
    const store = await withSleeper(hours(3))
    nowMs += hours(1) * 1000
    await (await start(store, limitedTo(hours(2)))).broker.stop()
    nowMs += hours(passed - 1) * 1000
    assert.equal(await isThere(store), expected, `after ${passed} hours`)
  }
})

test('a Session that was never to end gets the lowered limit from the start on', async () => {
  for (const [passed, expected] of [
    [1, true],
    [3, false],
  ] as const) {
    const store = await withSleeper(0xffff_ffff)
    nowMs += hours(1000) * 1000
    await (await start(store, limitedTo(hours(2)))).broker.stop()
    nowMs += hours(passed) * 1000
    assert.equal(await isThere(store), expected, `${passed} hours later`)
  }
})

test('a Session without messages ends by a lowered limit without a word', async () => {
  const store = new MemoryStore(true)
  const first = await start(store)
  const properties = { sessionExpiryInterval: hours(3) }
  await first.lose(await first.client(5, { clientIdentifier: 'away', properties }))
  await first.broker.stop()
  nowMs += hours(2) * 1000
  assert.equal(await isThere(store, limitedTo(hours(1))), false)
})

/** Hands over half of what it holds and then finds the rest unreadable. */
class HalfReadable extends MemoryStore {
  written = 0
  closed = 0

  constructor() {
    super(true)
  }

  override async tail(): Promise<void> {
    throw new Error('block 7 is corrupt, says the test')
  }

  override async put(...values: Parameters<MemoryStore['put']>): Promise<void> {
    this.written += 1
    return super.put(...values)
  }

  override async close(): Promise<void> {
    this.closed += 1
  }
}

test('a broker whose store cannot be read to the end does not start, not even the second time, and writes nothing', async () => {
  const store = new HalfReadable()
  const broker = createBroker({ listen: ['tcp://127.0.0.1:0'], store })
  await assert.rejects(broker.start(), /block 7 is corrupt/)
  assert.equal(store.closed, 1)
  await assert.rejects(broker.start(), /block 7 is corrupt/)
  assert.deepEqual(broker.urls, [])
  await broker.stop()
  assert.deepEqual([store.written, store.closed], [0, 1])
})
