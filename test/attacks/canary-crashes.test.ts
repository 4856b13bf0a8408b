/**
 * Canaries in what is left of a broker that ends by a fault: the last line of its log, whatever its format, and Node's own report.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../admin/api.ts'
import { BrokerProcess, killBrokers } from '../power/broker-process.ts'
import { logLines } from '../support/log-lines.ts'
import { absent, attempt, prepare } from './canary.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
afterEach(killBrokers)

/** Code for SIGUSR2; what is thrown holds a secret, as an error of a library may. */
const faults = {
  uncaughtException: 'throw Object.assign(new Error("it crashes"), { password: process.env.CANARY })',
  'uncaughtException, with what caused it':
    'throw new Error("it crashes", { cause: { headers: { authorization: process.env.CANARY } } })',
  'uncaughtException, of no error': 'throw { password: process.env.CANARY }',
  unhandledRejection: 'Promise.reject(Object.assign(new Error("it crashes"), { input: process.env.CANARY }))',
  'unhandledRejection, of no error': 'Promise.reject({ password: process.env.CANARY })',
}

/** A line of the log. What Node says of its report on standard error it writes in pieces, and a line may come between two of them. */
const logLine = /\{"level":[^\n]*\n/g
/** All else: Node has been told to write a report. */
const ofReport = /^\s*Writing Node\.js report to file: \S+\s+Node\.js report completed\s*$/

/** Makes the thread of the store fail from the next write on. */
const failingStore = (file: string): string => `
  import { StatementSync } from 'node:sqlite'
  import { existsSync } from 'node:fs'
  import { isMainThread } from 'node:worker_threads'
  const { run } = StatementSync.prototype
  if (!isMainThread) StatementSync.prototype.run = function (...values) {
    if (existsSync(${JSON.stringify(file)})) throw Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 10 })
    return run.apply(this, values)
  }`

async function started(directory: string, preload: string, ...flags: string[]) {
  const { secrets, env } = await prepare(directory)
  const [file, config] = [join(directory, 'preload.mjs'), join(directory, 'pabal.yaml')]
  writeFileSync(file, preload)
  const node = [process.execPath, '--import', file, '--report-uncaught-exception', `--report-directory=${directory}`]
  const words = [`CANARY=${env.CANARY}`, ...node, main, 'start', '--config', config, ...flags]
  const broker = await new BrokerProcess(['/usr/bin/env', ...words]).ready()
  const client = await attempt(broker, 'alice', secrets['a variable of the environment'] ?? '')
  assert.ok(client !== null)
  assert.equal(await attempt(broker, 'alice', secrets['a password of a client'] ?? ''), null)
  return { secrets, broker, client }
}

for (const [what, code] of Object.entries(faults)) {
  test(`NATS 2026-05, EMQX #17653, #17654: no secret is left of a crash (${what})`, async () => {
    for (const format of what === 'uncaughtException' ? (['json', 'human'] as const) : (['json'] as const)) {
      using folder = temporaryFolder()
      const preload = `process.once('SIGUSR2', () => { ${code} })`
      const { secrets, broker } = await started(
        folder.path,
        preload,
        '--log-format',
        format === 'json' ? 'auto' : format,
      )
      await broker.kill('SIGUSR2')
      assert.deepEqual(await broker.exited, { exitCode: 1, signal: null })
      absent(secrets, 'the log', broker.stderr)
      if (format === 'json') {
        const last = [...broker.stderr.matchAll(logLine)].at(-1) ?? assert.fail()
        const { level, event, origin } = logLines(last[0])[0] ?? assert.fail()
        assert.match(broker.stderr.replace(logLine, ''), ofReport)
        assert.deepEqual([level, event, origin], ['fatal', 'crashed', what.split(',')[0]])
      } else assert.match(broker.stderr, /^\d\d:\d\d:\d\d fatal an error that nobody caught[^\n]+\n(?: {4}[^\n]+\n)+$/m)
      const reports = readdirSync(folder.path).filter((name) => name.startsWith('report.'))
      assert.equal(reports.length, 1)
      absent(secrets, 'the report', readFileSync(join(folder.path, reports[0] ?? ''), 'utf8'))
    }
  })
}

test('NATS 2026-05, EMQX #17653, #17654: no secret is left of a broker whose store has failed', async () => {
  using folder = temporaryFolder()
  const file = join(folder.path, 'fails')
  const { secrets, broker, client } = await started(folder.path, failingStore(file))
  writeFileSync(file, '')
  client.publish({ topicName: 'a', payload: Buffer.from('x'), qos: 1, packetId: 1, retain: true })
  await client.nextOrClosed('disconnect')
  assert.deepEqual(await broker.exited, { exitCode: 1, signal: null })
  assert.match(broker.stderr, /"event":"storeFailed".*disk I\/O error/)
  absent(secrets, 'the log', broker.stderr)
})
