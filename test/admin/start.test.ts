/**
 * The HTTP API of `pabal start`, as an operator meets it: on by itself, with a password that is printed once.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type AdminPart, createBroker } from '../../src/index.ts'
import { ReasonCode } from '../../src/protocol/reason-code.ts'
import { openWire, type WireClient } from '../support/wire-client.ts'
import { temporaryFolder } from './api.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const children = new Set<ChildProcess>()
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  children.clear()
})

/** Starts a broker in a directory; resolves to what it has printed when it runs, or when it has ended. */
async function start(directory: string, ...flags: string[]) {
  const words = [main, 'start', '--listen', 'tcp://127.0.0.1:0', ...flags]
  const child = spawn(process.execPath, words, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] })
  children.add(child)
  let printed = ''
  const ended = once(child, 'close')
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
  }
  while (!printed.includes('Stop with Ctrl-C.') && child.exitCode === null) {
    await Promise.race([once(child.stdout, 'data'), ended])
  }
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await ended
  }
  const url = /HTTP API on (\S+)/.exec(printed)?.[1] ?? ''
  const password = /as admin with the password (\S+)/.exec(printed)?.[1] ?? null
  return { printed, url, password, stop }
}

async function logIn(url: string, password: string): Promise<Record<string, string>> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ username: 'admin', password })
  const response = await fetch(`${url}/api/v1/login`, { method: 'POST', headers, body })
  assert.equal(response.status, 200)
  const token = /"csrfToken":"([^"]+)"/.exec(await response.text())?.[1] ?? ''
  return { ...headers, cookie: response.headers.get('set-cookie')?.split(';')[0] ?? '', 'x-csrf-token': token }
}

test('the password is printed at the first start alone, and goes on working', async () => {
  using folder = temporaryFolder()
  const first = await start(folder.path, '--admin', 'http://127.0.0.1:0')
  assert.match(first.url, /^http:\/\/127\.0\.0\.1:\d+$/)
  assert.match(first.password ?? '', /^[\w-]{20}$/)
  await logIn(first.url, first.password ?? '')
  await first.stop()
  const second = await start(folder.path, '--admin', 'http://127.0.0.1:0')
  assert.equal(second.password, null)
  await logIn(second.url, first.password ?? '')
  await second.stop()
  assert.ok(!readFileSync(join(folder.path, 'data', 'admin.json'), 'utf8').includes(first.password ?? ''))
})

test('it is turned off, and is refused where other machines could listen in', async () => {
  using folder = temporaryFolder()
  const off = await start(folder.path, '--admin', 'off')
  assert.deepEqual([off.url, off.printed.includes('HTTP API')], ['', false])
  await off.stop()
  const exposed = await start(folder.path, '--admin', 'http://0.0.0.0:18083')
  assert.match(exposed.printed, /^Pabal cannot start\.[\s\S]*TLS[\s\S]*\?tls=off/)
  const wrong = await start(folder.path, '--admin', '127.0.0.1:18083')
  assert.match(wrong.printed, /--admin 127\.0\.0\.1:18083[\s\S]*expected +http:\/\/HOST:PORT/)
})

test('a port that is chosen and in use stops the start, with what to do', async () => {
  using folder = temporaryFolder()
  await using other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const address = other.address()
  const port = typeof address === 'object' ? address?.port : 0
  const refused = await start(folder.path, '--admin', `http://127.0.0.1:${port}`)
  assert.match(
    refused.printed,
    /Cannot open the HTTP API on .*: another program already listens there[\s\S]*--admin off/,
  )
})

test('what fails when clients have been let in already ends the start, and their connections', async () => {
  let listening = async (url: string): Promise<void> => assert.fail(`not asked: ${url}`)
  const admin: AdminPart = {
    urls: [],
    firstPassword: null,
    start: async () => {},
    opened: async () => {},
    listening: () => listening(broker.urls[0] ?? ''),
    readCertificates: async () => null,
    stop: async () => {},
  }
  const broker = createBroker({ listen: ['tcp://127.0.0.1:0'], admin })
  const clients: WireClient[] = []
  listening = async (url) => {
    const client = await openWire(url, 5)
    clients.push(client)
    await client.connect()
    throw new Error('the disk is full')
  }
  await assert.rejects(broker.start(), /^Error: the disk is full$/)
  await clients[0]?.refused(ReasonCode.AdministrativeAction)
  assert.deepEqual(broker.urls, [])
  listening = async (url) => void clients.push(await openWire(url, 5))
  await broker.start()
  await clients[1]?.connect()
  await broker.stop()
})

test('the configuration is shown with where each value comes from, and read again when it is told to', async () => {
  using folder = temporaryFolder()
  const file = join(folder.path, 'pabal.yaml')
  writeFileSync(file, 'admin:\n  listen: http://127.0.0.1:0\nlimits:\n  connectionsMax: 7\n')
  const broker = await start(folder.path, '--config', file)
  const headers = await logIn(broker.url, broker.password ?? '')
  const entry = async () => {
    const { entries } = JSON.parse(await (await fetch(`${broker.url}/api/v1/config`, { headers })).text())
    return entries.find(({ key }: { key: string }) => key === 'limits.connectionsMax')
  }
  const shown = await entry()
  assert.deepEqual([shown.value, shown.isDefault, shown.source], [7, false, `${file}:4:19`])
  const reload = () => fetch(`${broker.url}/api/v1/config/reload`, { method: 'POST', headers })
  writeFileSync(file, 'admin:\n  listen: http://127.0.0.1:0\nlimits:\n  connectionsMax: 8\n')
  const reloaded = await reload()
  assert.deepEqual(JSON.parse(await reloaded.text()), { applied: ['limits.connectionsMax'], needsRestart: [] })
  assert.equal((await entry()).value, 8)
  writeFileSync(file, 'admin: off\nlimits:\n  connectionsMax: 8\n')
  assert.deepEqual(JSON.parse(await (await reload()).text()), { applied: [], needsRestart: ['admin'] })
  writeFileSync(file, 'limits:\n  connectionsMax: many\n')
  const refused = await reload()
  const { status, faults } = JSON.parse(await refused.text())
  assert.deepEqual([refused.status, status, faults[0].place], [409, 409, `${file}: line 2: limits.connectionsMax`])
  await broker.stop()
})
