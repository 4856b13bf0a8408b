/**
 * The Nth append fails, for every N: before anything was written, after all of it was, or with a refusal that is tried
 * again.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CoreRecord } from '../../src/core/record.ts'
import { type Broker, createBroker } from '../../src/index.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { StoreRefusedError } from '../../src/store/store.ts'
import { findFaults } from '../power/checker.ts'
import { Publisher, publishEnd, Subscriber } from '../power/clients.ts'

type Failure = 'nothing is written' | 'everything is written' | 'refused'

/** Lives longer than a broker; its appends fail once. */
class FailingStore extends MemoryStore {
  readonly #failure: Failure
  readonly #at: number
  appends = 0

  constructor(failure: Failure, at: number) {
    super(true)
    this.#failure = failure
    this.#at = at
  }

  override async append(shard: number, first: number, batch: readonly CoreRecord[]): Promise<{ bytes: number }> {
    this.appends += 1
    if (this.appends !== this.#at) return super.append(shard, first, batch)
    if (this.#failure === 'refused') throw new StoreRefusedError('no room, says the test')
    if (this.#failure === 'everything is written') await super.append(shard, first, batch)
    throw new Error('the disk is broken, says the test')
  }
}

async function startBroker(store: FailingStore): Promise<{ broker: Broker; port: number }> {
  const broker = createBroker({ store, listen: ['tcp://127.0.0.1:0'] })
  await broker.start()
  return { broker, port: Number(new URL(broker.urls[0] ?? '').port) }
}

/** Publishes up to a failure and on after a restart. Answers whether it came to the failure. */
async function surviveFailure(failure: Failure, at: number): Promise<boolean> {
  const store = new FailingStore(failure, at)
  const { broker, port } = await startBroker(store)
  const failed = new Promise<boolean>((resolve) => broker.on('failed', () => resolve(true)))
  const publishers = [new Publisher('one', 1), new Publisher('two', 2)]
  const subscriber = new Subscriber('subscriber')
  const work = async (): Promise<boolean> => {
    await subscriber.start(port)
    await subscriber.subscribe()
    await Promise.all(publishers.map((publisher) => publisher.start(port)))
    await Promise.all(publishers.map((publisher) => publisher.acknowledgedMore(300)))
    return failure === 'refused' && store.appends >= at
  }
  // Setting out for a broker that has failed is in vain.
  const isFailed = await Promise.race([failed, work().catch(() => failed)])
  await Promise.all([...publishers, subscriber].map((client) => client.close()))
  await broker.stop()
  const again = await startBroker(store)
  await subscriber.start(again.port)
  await subscriber.subscribe()
  await Promise.all(publishers.map((publisher) => publisher.start(again.port)))
  await Promise.all(publishers.map((publisher) => publisher.finish()))
  await publishEnd(again.port, 'end')
  await subscriber.seesEnd('end')
  assert.deepEqual(findFaults(publishers, [subscriber]), [], `append ${at}`)
  await Promise.all([...publishers, subscriber].map((client) => client.close()))
  await again.broker.stop()
  return isFailed
}

for (const failure of ['nothing is written', 'everything is written', 'refused'] as const) {
  test(`append 1, 2, 3 … fails (${failure}): nothing acknowledged is lost, repeated at QoS 2 or out of order`, async () => {
    let failures = 0
    for (let at = 1; at <= 24; at++) if (await surviveFailure(failure, at)) failures += 1
    assert.ok(failures >= 10, `only ${failures} came to the failure`)
  })
}
