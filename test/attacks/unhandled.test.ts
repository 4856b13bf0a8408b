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
import { BrokerProcess, killBrokers, startCommand } from '../power/broker-process.ts'
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
    assert.match(broker.stderr, /Error: nobody listens/)
    const [error] = await once(connect(port, '127.0.0.1'), 'error')
    assert.equal(error.code, 'ECONNREFUSED')
    const again = await new BrokerProcess(startCommand(join(folder.path, 'data'))).ready()
    const reader = await openWire(`tcp://127.0.0.1:${again.port}`, 5)
    await reader.connect()
    await reader.subscribe('kept')
    assert.equal((await reader.message()).text, 'kept')
  })
}

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
