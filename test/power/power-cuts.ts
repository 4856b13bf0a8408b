/**
 * Power cuts under load, and what is left after them.
 */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BrokerProcess, startBroker, startCommand } from './broker-process.ts'
import { findFaults, type Loss, measureLoss } from './checker.ts'
import { Publisher, publishEnd, Subscriber } from './clients.ts'
import type { LoopFileSystem } from './loop-file-system.ts'
import { openWire } from './wire.ts'

const forgetfulBroker = fileURLToPath(new URL('forgetful-broker.ts', import.meta.url))

export interface CutsSummary {
  acknowledged: number
  /** How often the broker was not killed but found out by itself. */
  stoppedByItself: number
}

/** Cuts the power again and again under one broker's data and checks after each cut. @throws an Error with every fault. */
export async function surviveCuts(
  fileSystem: LoopFileSystem,
  cuts: number,
  seed: number,
  report: (text: string) => void,
): Promise<CutsSummary> {
  const directory = join(fileSystem.path, 'data')
  const chance = new Chance(seed)
  const publishers = makePublishers()
  const online = new Subscriber('online')
  const offline = new Subscriber('offline')
  let broker = await startBroker(directory)
  let stoppedByItself = 0
  for (const subscriber of [online, offline]) {
    await subscriber.start(broker.port)
    await subscriber.subscribe()
  }
  await offline.close()
  for (const publisher of publishers) await publisher.start(broker.port)
  for (let cut = 1; cut <= cuts; cut++) {
    const before = publishers.map(({ acknowledged }) => acknowledged.size)
    await publishers[chance.below(publishers.length)]?.acknowledgedMore(100 + chance.below(3000))
    const waits = chance.below(2) === 0
    for (const client of [...publishers, online]) client.mute()
    await fileSystem.cutPower()
    if (waits) stoppedByItself += 1
    await (waits ? endsByItself(broker) : broker.kill())
    await Promise.all([...publishers, online].map((client) => client.close()))
    fileSystem.unmount()
    fileSystem.mount()
    broker = await startBroker(directory)
    const present = await Promise.all([...publishers, online, offline].map((client) => client.start(broker.port)))
    assert.ok(present.every(Boolean), `cut ${cut}, seed ${seed}: a Session is missing`)
    await Promise.all(publishers.map((publisher) => publisher.finish()))
    await publishEnd(broker.port, String(cut))
    await Promise.all([online.seesEnd(String(cut)), offline.seesEnd(String(cut))])
    const faults = findFaults(publishers, [online, offline])
    assert.deepEqual(faults, [], `cut ${cut}, seed ${seed}`)
    const more = publishers.reduce((sum, { acknowledged }, index) => sum + acknowledged.size - (before[index] ?? 0), 0)
    report(`cut ${cut}: ${more} messages acknowledged, all there`)
    await offline.close()
    for (const publisher of publishers) publisher.resume()
  }
  await Promise.all([...publishers, online].map((client) => client.close()))
  await broker.kill()
  return { acknowledged: publishers.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0), stoppedByItself }
}

/** An error makes the file system read-only under load: the broker stops, and nothing is lost. */
export async function surviveReadOnly(fileSystem: LoopFileSystem): Promise<void> {
  const directory = join(fileSystem.path, 'data')
  const publishers = makePublishers()
  const offline = new Subscriber('offline')
  const broker = await startBroker(directory)
  await offline.start(broker.port)
  await offline.subscribe()
  await offline.close()
  for (const publisher of publishers) await publisher.start(broker.port)
  await publishers[0]?.acknowledgedMore(500)
  for (const publisher of publishers) publisher.mute()
  fileSystem.makeReadOnly()
  await endsByItself(broker)
  await Promise.all(publishers.map((publisher) => publisher.close()))
  const refused = new BrokerProcess(startCommand(directory))
  assert.equal((await refused.exited).exitCode, 1)
  assert.match(refused.stderr, /^Pabal cannot start\.\n\n.* cannot be used: .*\nMake it writable/)
  fileSystem.unmount()
  fileSystem.mount()
  const again = await startBroker(directory)
  await Promise.all([...publishers, offline].map((client) => client.start(again.port)))
  await Promise.all(publishers.map((publisher) => publisher.finish()))
  await publishEnd(again.port, 'end')
  await offline.seesEnd('end')
  assert.deepEqual(findFaults(publishers, [offline]), [])
  await Promise.all([...publishers, offline].map((client) => client.close()))
  await again.kill()
}

/** A broker whose disk is gone stops with exit code 1 and says why. */
async function endsByItself(broker: BrokerProcess): Promise<void> {
  // A new Session needs a record: that it finds out by, if by nothing else.
  const opened = openWire(broker.port, 'late', () => {}).catch(() => null)
  const { exitCode } = await broker.exited
  assert.equal(await opened, null, 'a Session was promised to nobody')
  assert.equal(exitCode, 1, broker.stderr)
  assert.match(broker.stderr, /has failed: .*\.\n.*\nSee to the disk, then start it again\.\n$/)
}

/** Syncs every tenth of a second, or never. */
export type Laxity = 'interval' | 'forgetful'

/** One cut under a broker that acknowledges before it syncs, on a data directory of its own. */
export async function loseInCut(fileSystem: LoopFileSystem, laxity: Laxity, acknowledged: number): Promise<Loss> {
  const parent = join(fileSystem.path, `${laxity}-${Date.now()}`)
  mkdirSync(parent)
  const directory = join(parent, 'data')
  const start = (): Promise<BrokerProcess> => {
    if (laxity === 'interval') return startBroker(directory, '--durability', 'interval')
    return new BrokerProcess([process.execPath, forgetfulBroker, directory]).ready()
  }
  const publishers = makePublishers()
  const subscriber = new Subscriber('offline')
  const broker = laxity === 'interval' ? await start() : await startBroker(directory)
  await subscriber.start(broker.port)
  await subscriber.subscribe()
  await subscriber.close()
  await broker.kill('SIGTERM')
  const lax = await start()
  for (const publisher of publishers) await publisher.start(lax.port)
  await publishers[0]?.acknowledgedMore(acknowledged)
  for (const publisher of publishers) publisher.mute()
  const cutAtMs = await fileSystem.cutPower()
  await lax.kill()
  await Promise.all(publishers.map((publisher) => publisher.close()))
  fileSystem.unmount()
  fileSystem.mount()
  const again = await startBroker(directory)
  assert.ok(await subscriber.start(again.port), 'the Session is missing')
  await publishEnd(again.port, 'end')
  await subscriber.seesEnd('end')
  await subscriber.close()
  await again.kill()
  return measureLoss(publishers, subscriber, cutAtMs)
}

function makePublishers(): Publisher[] {
  return [new Publisher('one', 1), new Publisher('two', 2), new Publisher('three', 1), new Publisher('four', 2)]
}

/** Numbers that look random and are the same for the same seed. */
class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = (seed % 2_147_483_646) + 1
  }

  below(bound: number): number {
    this.#state = (this.#state * 48_271) % 2_147_483_647
    return this.#state % bound
  }
}
