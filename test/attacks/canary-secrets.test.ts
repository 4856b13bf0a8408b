/**
 * Canaries: a secret that can be known again in every place that takes one. None of them is ever seen in an answer, a log, a number, an
 * event, the effective configuration, a fault of a configuration, or what is printed of a crash.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../admin/api.ts'
import { BrokerProcess, killBrokers } from '../power/broker-process.ts'
import type { WireClient } from '../support/wire-client.ts'
import { logIn } from './admin-login.ts'
import { absent, attempt, prepare } from './canary.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
afterEach(killBrokers)

/** Everything that comes within a moment on `$SYS` and as events. */
async function heardBy(client: WireClient): Promise<string> {
  let heard = ''
  client.send({ type: 'pingreq' })
  for (;;) {
    const packet = await client.nextOf('suback', 'publish', 'pingresp')
    if (packet.type === 'pingresp') return heard
    if (packet.type === 'publish') heard += `${packet.topicName} ${packet.payload.toString()}\n`
  }
}

test('NATS 2026-05, EMQX #17653, #17654: no secret is seen in what the broker answers, logs, counts, tells, or prints when it crashes', async () => {
  using folder = temporaryFolder()
  const { secrets, env } = await prepare(folder.path)
  const preload = join(folder.path, 'preload.mjs')
  writeFileSync(preload, "process.once('SIGUSR2', () => { throw new Error('it crashes') })\n")
  const file = join(folder.path, 'pabal.yaml')
  const words = [`CANARY=${env.CANARY}`, process.execPath, '--import', preload, main, 'start', '--config', file]
  const broker = await new BrokerProcess(['/usr/bin/env', ...words]).ready()
  const watcher = await attempt(broker, 'alice', secrets['a variable of the environment'] ?? '')
  assert.ok(watcher !== null)
  const subscriptions = ['$pabal/events/#', '$SYS/#'].map((topicFilter) => {
    return { topicFilter, qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
  })
  watcher.send({ type: 'subscribe', packetId: 1, subscriptions, properties: {} })
  assert.ok((await attempt(broker, 'bob', secrets['a file'] ?? '')) !== null)
  assert.ok((await attempt(broker, 'carol', secrets['a password behind a hash'] ?? '')) !== null)
  for (const userName of ['alice', 'nobody']) {
    assert.equal(await attempt(broker, userName, secrets['a password of a client'] ?? ''), null)
  }
  const { url, password, headers } = await logIn(broker.stdout)
  const ask = async (method: string, path: string, body: object | null = null): Promise<string> => {
    const text = body === null ? null : JSON.stringify(body)
    const response = await fetch(url + path, { method, headers, body: text, signal: AbortSignal.timeout(5000) })
    // The backup is what is stored, which is for those who may have everything.
    return path.endsWith('/events') || path.endsWith('/backup') ? '' : response.text()
  }
  const wrong = { username: 'admin', password: secrets['a wrong password of an operator'] }
  let answers = await ask('POST', '/api/v1/login', wrong)
  answers += await ask('POST', '/api/v1/password', { current: wrong.password, password: wrong.password })
  const made = await ask('POST', '/api/v1/api_key', { name: 'k', scopes: ['observe'] })
  const apiKey: string = JSON.parse(made).key
  const { paths } = JSON.parse(await ask('GET', '/api/v1/openapi.json'))
  const gets = Object.keys(paths).filter((path) => 'get' in paths[path])
  assert.ok(gets.length > 20)
  for (const path of gets) answers += await ask('GET', path.replace(/\{\w+\}/g, 'of%20bob'))
  for (const path of ['/', '/index.html', '/metrics', '/api/docs']) answers += await ask('GET', path)
  answers += await ask('POST', '/api/v1/config/reload')
  const heard = await heardBy(watcher)
  assert.ok(heard.includes('$pabal/events/') && heard.includes('$SYS/'))
  const cookie = headers.cookie?.split('=')[1] ?? ''
  const shownOnce = {
    'the password of the administrator': password,
    'an API key': apiKey.split('.')[2] ?? '',
    'a login': cookie,
  }
  const all = { ...secrets, ...shownOnce, 'a token of a page': headers['x-csrf-token'] ?? '' }
  absent(secrets, 'an answer', answers)
  absent(shownOnce, 'an answer', answers)
  absent(all, 'an event or $SYS', heard)
  await broker.kill('SIGUSR2')
  assert.match(broker.stderr, /Error: it crashes/)
  absent(all, 'the log or the crash', broker.stderr)
  absent(all, 'the audit log', readFileSync(join(folder.path, 'audit.log'), 'utf8'))
  const { 'the password of the administrator': _, ...others } = all
  absent(others, 'standard output', broker.stdout)
})

test('EMQX #17653, #17654: the token of a program that is asked, and what it is asked about, is seen in no log when it cannot be reached', async () => {
  using folder = temporaryFolder()
  const { secrets } = await prepare(folder.path)
  const start = [process.execPath, main, 'start', '--config', join(folder.path, 'hook.yaml')] as const
  const broker = await new BrokerProcess([...start]).ready()
  assert.equal(await attempt(broker, 'alice', secrets['a password of a client'] ?? ''), null)
  await broker.kill('SIGTERM')
  assert.match(broker.stderr, /"refused"/)
  absent(secrets, 'the log', broker.stderr)
})

test('NATS 2026-05: no secret is seen in the effective configuration, nor in the faults of one', async () => {
  using folder = temporaryFolder()
  const { secrets, env } = await prepare(folder.path)
  const check = (...words: string[]) => {
    const options = { cwd: folder.path, env, encoding: 'utf8', timeout: 20_000 } as const
    const { stdout, stderr, status } = spawnSync(process.execPath, [main, ...words], options)
    return { status, text: stdout + stderr }
  }
  const printed = check('check-config', '--print', 'pabal.yaml')
  assert.deepEqual([printed.status, /authentication\.users\[3\]/.test(printed.text)], [0, true], printed.text)
  const hook = check('check-config', '--print', 'hook.yaml')
  assert.deepEqual([hook.status, /authentication\.http\.token/.test(hook.text)], [0, true], hook.text)
  absent(secrets, 'check-config --print', printed.text + hook.text)
  const canary = 'canary-of-a-fault'
  const faulty = [
    `authentication: {users: [{userName: a, password: ${canary}}]}`,
    `authentication: {users: [{userName: a, password: "\${${canary}}"}]}`,
    `authentication: {users: [{userName: a, passwordHash: $scrypt$${canary}}]}`,
    `authentication: {users: [{userName: a, scram: SCRAM-SHA-256$${canary}}]}`,
    `authentication: {users: [{userName: a, password: [${canary}]}]}`,
    `authentication: {users: [{userName: a, password: {x: ${canary}}}]}`,
    `authentication: {http: {url: 'http://127.0.0.1:9/', token: [${canary}]}}`,
    `authentication: {http: {url: 'https://user:${canary}@host/', token: {a: ${canary}}}}`,
  ]
  for (const text of faulty) {
    writeFileSync(join(folder.path, 'faulty.yaml'), text)
    const { status, text: told } = check('check-config', '--print', 'faulty.yaml')
    assert.ok(status === 1 || text.includes('https://user'), `${text}\n${told}`)
    absent({ 'a secret in a fault': canary }, text, told)
  }
})
