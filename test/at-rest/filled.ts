/**
 * A data directory with something of everything in it, made by a broker in this process.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrokerOptions, sqlite } from '../../src/index.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'

/** For all directories of a test file. */
export function temporaryDirectory(): { readonly path: string; make(): string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'pabal-at-rest-'))
  let last = 0
  return {
    path,
    make: () => {
      last += 1
      return join(path, `data-${last}`)
    },
    remove: () => rmSync(path, { recursive: true }),
  }
}

export function startOn(directory: string, options: BrokerOptions = {}): Promise<TestBroker> {
  return startTestBroker({ store: sqlite(directory), ...options })
}

const week = 7 * 24 * 3600

/**
 * Two Sessions away, `sleeper` with three messages waiting of 5 bytes each besides its Topic Name `a/b`, `other` with the
 * last of them, and one Retained Message of 9 bytes in all. Stop the broker or end it otherwise.
 */
export async function fill(broker: TestBroker): Promise<void> {
  const properties = { sessionExpiryInterval: week }
  using sleeper = await broker.client(5, { clientIdentifier: 'sleeper', properties })
  await sleeper.subscribe('a/+', { qos: 1 })
  await sleeper.subscribe('$share/group/c', { qos: 2 })
  await broker.lose(sleeper)
  for (const payload of ['first', 'secon']) await broker.broker.publish({ topicName: 'a/b', payload })
  using other = await broker.client(5, {
    clientIdentifier: 'other\u001b[2J',
    properties: { sessionExpiryInterval: 0xffff_ffff },
  })
  await other.subscribe('a/b', { qos: 1 })
  await broker.lose(other)
  await broker.broker.publish({ topicName: 'a/b', payload: 'third' })
  await broker.broker.publish({ topicName: 'kept', payload: Buffer.from([0xff, 0, 1, 2, 3]), retain: true })
}

/** The same, stopped. */
export async function filled(directory: string): Promise<string> {
  const broker = await startOn(directory)
  await fill(broker)
  await broker.broker.stop()
  return directory
}

/** What waits for `sleeper`, as its client finds it. */
export async function received(directory: string, count: number): Promise<string[]> {
  await using broker = await startOn(directory)
  using client = await broker.open(5)
  const properties = { sessionExpiryInterval: week }
  const { sessionPresent } = await client.connect({ clientIdentifier: 'sleeper', cleanStart: false, properties })
  if (!sessionPresent) return []
  const payloads: string[] = []
  while (payloads.length < count) payloads.push((await client.message()).payload.toString())
  return payloads
}
