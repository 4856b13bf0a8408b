/**
 * A broker whose Nth write or sync fails, and what is left after that.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BrokerProcess, startBroker, startCommand } from './broker-process.ts'
import { findFaults } from './checker.ts'
import { Publisher, publishEnd, Subscriber } from './clients.ts'

const source = fileURLToPath(new URL('fail-nth.c', import.meta.url))

/** Why this machine cannot do it, or null. */
export function whyNoFailingCalls(): string | null {
  if (process.platform !== 'linux') return 'needs Linux'
  try {
    execFileSync('gcc', ['--version'], { stdio: 'ignore' })
    return null
  } catch {
    // Not installed; there is nothing more to know.
    return 'needs gcc'
  }
}

/** Compiles what makes calls fail; `work` gets its path. */
export async function withFailingCalls(work: (library: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'pabal-failing-'))
  try {
    const library = join(directory, 'fail-nth.so')
    execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl'])
    await work(library)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

export interface Failure {
  readonly call: 'write' | 'sync'
  readonly at: number
  /** 5: input/output error; 28: no space left on the device. */
  readonly errno: 5 | 28
}

/** What became of the broker: it noticed at start or later and stopped, or it went on. */
export type Outcome = 'did not start' | 'stopped' | 'went on'

/** Publishes until the call fails, restarts without the failure and checks. @throws an Error with every fault. */
export async function surviveFailure(library: string, { call, at, errno }: Failure): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'pabal-failing-'))
  try {
    const publishers = [new Publisher('one', 1), new Publisher('two', 2)]
    const subscriber = new Subscriber('offline')
    const first = await startBroker(directory)
    await subscriber.start(first.port)
    await subscriber.subscribe()
    await subscriber.close()
    await first.kill()
    const settings = [
      `LD_PRELOAD=${library}`,
      `FAILING_CALL=${call}`,
      `FAILING_CALL_AT=${at}`,
      `FAILING_CALL_ERRNO=${errno}`,
    ]
    const failing = new BrokerProcess(['/usr/bin/env', ...settings, ...startCommand(directory)])
    const outcome = await runUntilFailure(failing, publishers)
    const again = await startBroker(directory)
    await Promise.all([...publishers, subscriber].map((client) => client.start(again.port)))
    await Promise.all(publishers.map((publisher) => publisher.finish()))
    await publishEnd(again.port, 'end')
    await subscriber.seesEnd('end')
    assert.deepEqual(findFaults(publishers, [subscriber]), [], `${call} ${at} failed with ${errno}`)
    await Promise.all([...publishers, subscriber].map((client) => client.close()))
    await again.kill()
    return outcome
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** At `interval` a sync fails after what it was for has been acknowledged: the broker stops all the same. */
export async function stopAtInterval(library: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'pabal-failing-'))
  try {
    const subscriber = new Subscriber('offline')
    const first = await startBroker(directory)
    await subscriber.start(first.port)
    await subscriber.subscribe()
    await subscriber.close()
    await first.kill()
    const settings = [`LD_PRELOAD=${library}`, 'FAILING_CALL=sync', 'FAILING_CALL_AT=8', 'FAILING_CALL_ERRNO=5']
    const command = startCommand(directory, '--durability', 'interval')
    const broker = await new BrokerProcess(['/usr/bin/env', ...settings, ...command]).ready()
    const publisher = new Publisher('one', 1)
    await publisher.start(broker.port)
    const { exitCode } = await broker.exited
    await publisher.close()
    assert.equal(exitCode, 1, broker.stderr)
    assert.match(broker.stderr, /^The store in .* has failed: /m)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** A broker inside a program fails, and its directory is opened again by the next one of the same process. */
export async function reopenAfterFailure(library: string, failure: Failure, durability: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'pabal-failing-'))
  try {
    const { call, at, errno } = failure
    const failing = { FAILING_CALL: call, FAILING_CALL_AT: String(at), FAILING_CALL_ERRNO: String(errno) }
    const env = { ...process.env, LD_PRELOAD: library, ...failing }
    const program = fileURLToPath(new URL('failing-embedder.ts', import.meta.url))
    const words = [program, directory, durability]
    const printed = execFileSync(process.execPath, words, { env, encoding: 'utf8', timeout: 30_000 })
    const { acknowledged, found, refusal, failure: told } = JSON.parse(printed)
    assert.match(told, /pabal\.db: disk I\/O error$/)
    assert.ok([told, 'the broker was stopped'].includes(refusal), refusal)
    assert.ok(acknowledged > 0)
    // What was under way when the store failed may be there, too: it was not acknowledged, but written.
    const expected = Array.from({ length: acknowledged }, (_, number) => `t/${number}`)
    const underWay = `t/${acknowledged}`
    assert.deepEqual(found.filter((topicName: string) => topicName !== underWay).sort(), expected.sort())
  } finally {
    rmSync(directory, { recursive: true })
  }
}

async function runUntilFailure(broker: BrokerProcess, publishers: readonly Publisher[]): Promise<Outcome> {
  const isReady = await broker.ready().then(
    () => true,
    () => false,
  )
  if (!isReady) {
    assert.match(broker.stderr, /^Pabal cannot start\.\n\n/)
    return 'did not start'
  }
  const enough = async (): Promise<Outcome> => {
    await Promise.all(publishers.map((publisher) => publisher.start(broker.port)))
    await Promise.all(publishers.map((publisher) => publisher.acknowledgedMore(1000)))
    return 'went on'
  }
  const ended = broker.exited.then(({ exitCode }): Outcome => {
    assert.equal(exitCode, 1, broker.stderr)
    assert.match(broker.stderr, /^The store in .* has failed: /m)
    return 'stopped'
  })
  const working = enough().catch((): Outcome => 'stopped')
  const first = await Promise.race([working, ended])
  // Without a connection the publishers have enough, too: then the broker is about to end.
  const isEnough = first === 'went on' && publishers.every(({ acknowledged }) => acknowledged.size >= 1000)
  const outcome = isEnough ? first : await ended
  await working
  await Promise.all(publishers.map((publisher) => publisher.close()))
  if (outcome === 'went on') await broker.kill()
  return outcome
}
