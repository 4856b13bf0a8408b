/**
 * Canaries in what the broker tells as it happens, and in what goes elsewhere: streams of events and of messages, receipts, traces, the
 * files of the dashboard, the document of the API, and what `pabal doctor` says.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../admin/api.ts'
import { BrokerProcess, killBrokers } from '../power/broker-process.ts'
import { type AdminLogin, logIn } from './admin-login.ts'
import { absent, attempt, prepare } from './canary.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const otel = new URL('../tracing/otel.mjs?whole', import.meta.url).href
afterEach(killBrokers)

/** In its own folder, where spans are written. */
async function startTraced(directory: string, secret: string): Promise<BrokerProcess> {
  const variables = [`CANARY=${secret}`, 'PABAL_TRACING=true']
  const start = [process.execPath, '--import', otel, main, 'start', '--config', 'pabal.yaml']
  return new BrokerProcess(['/usr/bin/env', '-C', directory, ...variables, ...start]).ready()
}

/** All that comes on a stream until the broker ends. */
async function listen({ url, headers }: AdminLogin, path: string) {
  const response = await fetch(url + path, { headers: { ...headers, accept: 'text/event-stream' } })
  assert.equal(response.status, 200, path)
  let heard = ''
  const read = async (): Promise<string> => {
    try {
      for await (const part of response.body ?? []) heard += Buffer.from(part).toString()
    } catch (error) {
      // The broker has ended meanwhile.
      assert.match(String(error), /terminated/)
    }
    return heard
  }
  return { ended: read() }
}

test('NATS 2026-05, EMQX #17653, #17654: no secret is seen in streams, receipts and traces, whatever clients and operators do', async () => {
  using folder = temporaryFolder()
  const { secrets } = await prepare(folder.path)
  const own = secrets['a variable of the environment'] ?? ''
  const broker = await startTraced(folder.path, own)
  const login = await logIn(broker.stdout)
  const events = await listen(login, '/api/v1/events')
  const messages = await listen(login, '/api/v1/subscribe?filter=%23')
  const ask = async (method: string, path: string, body: object | null = null): Promise<string> => {
    const text = body === null ? null : JSON.stringify(body)
    const response = await fetch(login.url + path, { method, headers: login.headers, body: text })
    return response.text()
  }
  const alice = await attempt(broker, 'alice', own)
  assert.ok(alice !== null)
  await alice.subscribe('receipts', { qos: 0 })
  const userProperties: [string, string][] = [
    ['pabal-receipt', 'all'],
    ['pabal-receipt-topic', 'receipts'],
    ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
  ]
  alice.publish({ topicName: 'a', payload: Buffer.from('x'), qos: 1, packetId: 1, properties: { userProperties } })
  const told = [await alice.nextOf('puback', 'publish'), await alice.nextOf('puback', 'publish')]
  const receipt = told.map((each) => (each.type === 'publish' ? each.payload.toString() : '')).join('')
  assert.match(receipt, /"unmatched"|"nobody"/)
  assert.equal(await attempt(broker, 'alice', secrets['a password of a client'] ?? ''), null)
  await ask('POST', '/api/v1/login', { username: 'admin', password: secrets['a wrong password of an operator'] })
  const made = await ask('POST', '/api/v1/api_key', { name: 'k', scopes: ['observe'] })
  const published = await ask('POST', '/api/v1/publish', { topic: 'a', payload: 'x', receipt: true })
  const { receipt_id: id } = JSON.parse(published)
  const seen = await ask('GET', `/api/v1/receipts/${id}`)
  const traced = await ask('GET', '/api/v1/trace?topic=%23')
  assert.match(traced, /"topicName":"a"/)
  await ask('POST', '/api/v1/config/reload', {})
  await alice.leave()
  await broker.kill('SIGTERM')
  const shownOnce = {
    'the password of the administrator': login.password,
    'an API key': JSON.parse(made).key.split('.')[2] ?? '',
    'a login': login.headers.cookie?.split('=')[1] ?? '',
    'a token of a page': login.headers['x-csrf-token'] ?? '',
  }
  const all = { ...secrets, ...shownOnce }
  const [happened, came] = [await events.ended, await messages.ended]
  assert.match(happened, /"type":"refused"/)
  assert.match(came, /"topic":"a"/)
  absent(all, 'an event', happened)
  absent(all, 'a message', came)
  absent(all, 'the trace', traced)
  absent(all, 'a receipt', receipt + published + seen)
  const spans = readFileSync(join(folder.path, 'spans.txt'), 'utf8')
  assert.match(spans, /"name":"receive"/)
  absent(all, 'a span', spans)
})

test('NATS 2026-05: no secret is seen in the dashboard, the document of the API, or what pabal doctor says', async () => {
  using folder = temporaryFolder()
  const { secrets, env } = await prepare(folder.path)
  const broker = await startTraced(folder.path, secrets['a variable of the environment'] ?? '')
  const login = await logIn(broker.stdout)
  let shown = ''
  const paths = ['/', '/api/docs', '/api/v1/openapi.json']
  for (const path of paths) {
    const response = await fetch(login.url + path, { headers: login.headers })
    const text = await response.text()
    if (path === '/') paths.push(...[...text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, each = '']) => each))
    shown += text
  }
  assert.match(shown, /"openapi":"3/)
  absent({ ...secrets, 'the password of the administrator': login.password }, 'a page', shown)
  const words = [main, 'doctor', '--config', 'pabal.yaml']
  const { stdout, stderr } = spawnSync(process.execPath, words, {
    cwd: folder.path,
    env,
    encoding: 'utf8',
    timeout: 20_000,
  })
  assert.match(stdout, /faults?, /)
  absent(secrets, 'pabal doctor', stdout + stderr)
  const json = execFileSync('/bin/sh', ['-c', `"$0" "$@" --json; true`, process.execPath, ...words], {
    cwd: folder.path,
    env,
  })
  absent(secrets, 'pabal doctor --json', json.toString())
})
