/**
 * Errors that nobody has caught: a test run fails of them, and a broker ends, at once and with exit code 1. It never goes on by halves.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { temporaryFolder } from '../admin/api.ts'
import { type StartedPabal, startedPabal } from '../operating/started-pabal.ts'
import { BrokerProcess, killBrokers, startCommand } from '../power/broker-process.ts'
import { logLines } from '../support/log-lines.ts'
import { openWire } from '../support/wire-client.ts'

afterEach(killBrokers)

const faults = {
  'an unhandled rejection': "Promise.reject(new Error('nobody listens'))",
  'an uncaught error': "throw new Error('nobody listens')",
  'an event of an error without a listener': "new EventEmitter().emit('error', new Error('nobody listens'))",
} as const

for (const [what, code] of Object.entries(faults)) {
  test(`unhandledRejection, uncaughtException: ${what} ends the broker with exit code 1 and its reason, and what was acknowledged is there afterwards`, async () => {
    using folder = temporaryFolder()
    const preload = join(folder.path, 'preload.mjs')
    writeFileSync(preload, `import { EventEmitter } from 'node:events'\nprocess.once('SIGUSR2', () => { ${code} })\n`)
    const [program, ...words] = startCommand(join(folder.path, 'data'))
    const broker = await new BrokerProcess([program, '--import', preload, ...words]).ready()
    const { port } = broker
    const client = await openWire(`tcp://127.0.0.1:${port}`, 5)
    await client.connect()
    client.publish({ topicName: 'kept', payload: Buffer.from('kept'), qos: 1, packetId: 1, retain: true })
    await client.next('puback')
    await broker.kill('SIGUSR2')
    await client.closed()
    assert.deepEqual(await broker.exited, { exitCode: 1, signal: null })
    const { level, event, stack, time, msg } = logLines(broker.stderr).at(-1) ?? assert.fail(broker.stderr)
    assert.deepEqual([level, event], ['fatal', 'crashed'])
    assert.match(String(stack), /^Error: nobody listens\n {4}at .*preload\.mjs:\d+:\d+/)
    assert.ok(Number.isFinite(Date.parse(time)) && /nobody caught/.test(msg))
    const [error] = await once(connect(port, '127.0.0.1'), 'error')
    assert.equal(error.code, 'ECONNREFUSED')
    const again = await new BrokerProcess(startCommand(join(folder.path, 'data'))).ready()
    const reader = await openWire(`tcp://127.0.0.1:${again.port}`, 5)
    await reader.connect()
    await reader.subscribe('kept')
    assert.equal((await reader.message()).text, 'kept')
  })
}

/** A broker that fails at SIGUSR2, with more to say than whoever reads its log has taken so far. */
async function startUnread(): Promise<StartedPabal> {
  const preload = `process.once('SIGUSR2', () => { ${faults['an uncaught error']} })`
  const options = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(preload)}` }
  const pabal = await startedPabal(
    ['--log-level', 'debug', '--durability', 'memory', '--admin', 'off'],
    undefined,
    options,
  )
  pabal.child.stderr.pause()
  for (let number = 0; number < 400; number++) {
    using client = await openWire(pabal.url, 5)
    await client.connect({ clientIdentifier: `${number}${'x'.repeat(250)}` })
    await client.subscribe(`a/${'y'.repeat(250)}/${number}`)
  }
  return pabal
}

/** Has it fail, reads the rest of the log so much later, and expects all of it: a line may have been cut. */
async function failsAndIsRead(pabal: StartedPabal, afterMs: number): Promise<void> {
  pabal.child.kill('SIGUSR2')
  // Until it is full, nothing holds up the last line.
  await new Promise((resolve) => setTimeout(resolve, afterMs))
  pabal.child.stderr.resume()
  assert.equal(await pabal.exited, 1)
  const text = pabal.stderr.trimEnd().split('\n')
  assert.equal(JSON.parse(text.at(-1) ?? '').event, 'crashed')
  assert.ok(text.filter((line) => line.includes('"subscribed"')).length >= 399, `${text.length}`)
}

test('uncaughtException: the last line is whole, and what waits is there before it, however slowly the log is read', async () => {
  await using pabal = await startUnread()
  await failsAndIsRead(pabal, 300)
})

test('uncaughtException: so it is if the log is read late, which is not to be taken for never', async () => {
  await using pabal = await startUnread()
  await failsAndIsRead(pabal, 850)
})

test('uncaughtException: so it is if much of the log is on its way, and its reader has stopped in the middle of it', async () => {
  await using pabal = await startUnread()
  const { stderr } = pabal.child
  stderr.resume()
  while (pabal.stderr.length < 400_000) await once(stderr, 'data')
  stderr.pause()
  // It meets the reader that does not read, and waits for it.
  await new Promise((resolve) => setTimeout(resolve, 200))
  await failsAndIsRead(pabal, 300)
})

test('uncaughtException: a log that nobody reads does not keep the broker from ending', async () => {
  await using pabal = await startUnread()
  const ended = once(pabal.child, 'exit')
  pabal.child.kill('SIGUSR2')
  await ended
  pabal.child.stderr.resume()
})

for (const [what, code] of Object.entries(faults)) {
  test(`unhandledRejection, uncaughtException: ${what} fails a test run, whoever it belongs to`, () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'late.test.mjs')
    const text = `import { EventEmitter } from 'node:events'\nimport { test } from 'node:test'\ntest('passes', async () => {\n  setImmediate(() => { ${code} })\n  await new Promise((resolve) => setTimeout(resolve, 50))\n})\n`
    writeFileSync(file, text)
    // As a test run of its own, not as a part of this one.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const { status, stdout } = spawnSync(process.execPath, ['--test', file], { env, encoding: 'utf8', timeout: 30_000 })
    assert.equal(status, 1, stdout)
    assert.match(stdout, /nobody listens/)
  })
}
