/**
 * The configuration read again by a running broker: SIGHUP to `pabal start`, and `broker.reload` in code.
 */
import assert from 'node:assert/strict'
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { afterEach, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { makeSelfSigned, type SelfSigned } from '../src/transport/self-signed.test.ts'
import { temporaryDirectory } from './support/temporary-directory.ts'
import { startTestBroker } from './support/test-broker.ts'
import { openWire, type WireClient } from './support/wire-client.ts'

const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))
const directory = temporaryDirectory()
const file = join(directory, 'pabal.yaml')
const running = new Set<Started>()
afterEach(() => {
  for (const { child } of running) child.kill('SIGKILL')
})

/** A `pabal start` with a configuration file that changes. */
class Started {
  readonly child: ChildProcessByStdio<null, Readable, Readable>
  output = ''

  constructor(config: string, environment: Record<string, string> = {}) {
    writeFileSync(file, config)
    this.child = spawn(process.execPath, [main, 'start', '--config', file, '--durability', 'memory'], {
      // Elsewhere than the file: what it names starts from its own directory.
      cwd: tmpdir(),
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    })
    running.add(this)
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        // The log is another's.
        this.output += text.replace(/^\{.*\}\n/gm, '')
      })
    }
    this.child.once('close', () => running.delete(this))
  }

  /** Resolves when the broker has printed it. */
  async printed(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.output)) {
      assert.ok(running.has(this), this.output)
      const heard = new AbortController()
      const options = { signal: heard.signal }
      const more = [this.child.stdout, this.child.stderr].map((stream) => once(stream, 'data', options))
      const first = Promise.race([...more, once(this.child, 'close', options)])
      // Those that are not heard of take their listeners with them.
      await Promise.allSettled([first, first.then(() => heard.abort()), ...more])
    }
  }

  async ready(): Promise<void> {
    await this.printed(/Stop with Ctrl-C\.\n/)
  }

  /** What it says to a SIGHUP, with this as its file. */
  async reload(config: string, said: RegExp): Promise<string> {
    writeFileSync(file, config)
    this.output = this.output.replaceAll(/was read again/g, 'was read before')
    const before = this.output.length
    this.child.kill('SIGHUP')
    await this.printed(said)
    return this.output.slice(before)
  }

  url(scheme: string): string {
    return new RegExp(`Listening on (${scheme}://\\S+)`).exec(this.output)?.[1] ?? ''
  }

  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM')
    const [exitCode] = await once(this.child, 'close')
    return exitCode
  }
}

const listen = 'listeners: [tcp://127.0.0.1:0]\n'
const applied = /was read again\.\n.*\.\n/

async function clientOf(started: Started, fields = {}): Promise<WireClient> {
  const client = await openWire(started.url('tcp'), 5)
  const { reasonCode } = await client.connect(fields)
  assert.equal(reasonCode, 0)
  return client
}

async function publishAnswer(client: WireClient, topicName: string, packetId: number): Promise<number> {
  client.publish({ topicName, qos: 1, packetId, payload: Buffer.from('x') })
  return (await client.next('puback')).reasonCode
}

test('SIGHUP puts other access rules in force, an ACL file read again among them, or leaves the old ones', async () => {
  const acl = join(directory, 'reload.acl')
  const withAcl = `${listen}access: {aclFile: ${acl}}\n`
  writeFileSync(acl, 'topic a\n')
  const started = new Started(withAcl)
  await started.ready()
  const client = await clientOf(started)
  assert.deepEqual([await publishAnswer(client, 'a', 1), await publishAnswer(client, 'b', 2)], [0x10, 0x87])
  writeFileSync(acl, 'topic b\n')
  assert.match(await started.reload(withAcl, applied), /In force now: access\.\n/)
  assert.deepEqual([await publishAnswer(client, 'a', 3), await publishAnswer(client, 'b', 4)], [0x87, 0x10])
  writeFileSync(acl, 'topic b\ntopic wrong c\n')
  const refused = await started.reload(withAcl, /readwrite or deny/)
  assert.match(refused, /reload\.acl:2:7\n {2}found {5}"wrong"/)
  assert.deepEqual([await publishAnswer(client, 'a', 5), await publishAnswer(client, 'b', 6)], [0x87, 0x10])
  await started.reload(`${listen}access: {rules: [{allow: [publish], topics: [c]}]}\n`, applied)
  assert.deepEqual([await publishAnswer(client, 'b', 7), await publishAnswer(client, 'c', 8)], [0x87, 0x10])
  await started.reload(listen, applied)
  assert.equal(await publishAnswer(client, 'b', 9), 0x10)
  assert.equal(await started.stop(), 0)
})

test('SIGHUP puts other rules and limits in force, and says what waits for the next start', async () => {
  const started = new Started(`${listen}topics: [{filter: a, whenNobody: accept}]\n`)
  await started.ready()
  const client = await clientOf(started)
  assert.equal(await publishAnswer(client, 'a', 1), 0)
  const next = `listeners: [tcp://127.0.0.1:0, ws://127.0.0.1:0]
topics: [{filter: a, whenNobody: reject}]
data: elsewhere
limits: {connectionsMax: 1, receiveMaximum: 5}
`
  const said = await started.reload(next, /after the next start.*\n/)
  assert.equal(
    said,
    'The configuration was read again.\nIn force now: listeners, topics, limits.connectionsMax.\n' +
      'In force after the next start: limits.receiveMaximum, data.\n',
  )
  assert.equal(await publishAnswer(client, 'a', 2), 0x83)
  const second = await openWire(started.url('tcp'), 5)
  assert.equal((await second.connect({})).reasonCode, 0x89)
  assert.equal(await started.stop(), 0)
})

test('a bad file leaves the old one in force, and every fault is said', async () => {
  const started = new Started(`${listen}topics: [{filter: a, whenNobody: accept}]\n`)
  await started.ready()
  const client = await clientOf(started)
  const bad = `${listen}topics: [{filter: a, whenNobody: rejct}]\nlimits: {conectionsMax: 1}\nobservers: {filters: []}\n`
  const said = await started.reload(bad, /2 faults in [\s\S]*did you mean connectionsMax\?/)
  assert.match(said, /^The configuration was read again, and what was in force stays in force\.\n\n2 faults in /)
  assert.match(said, /did you mean reject\?/)
  assert.equal(await publishAnswer(client, 'a', 1), 0)
  const open = 'listeners: [tcp://0.0.0.0:0]\ntopics: [{filter: a, whenNobody: reject}]\n'
  assert.match(await started.reload(open, /other machines can reach[\s\S]*do /), /stays in force/)
  rmSync(file)
  started.child.kill('SIGHUP')
  await started.printed(/a file that cannot be read/)
  assert.equal(await publishAnswer(client, 'a', 2), 0)
  assert.match(
    await started.reload(`${listen}topics: [{filter: a, whenNobody: accept}]\n`, applied),
    /Nothing has changed/,
  )
  assert.equal(await started.stop(), 0)
})

const userLines = (...users: string[]) => `${listen}authentication:\n  users:\n    - ${users.join('\n    - ')}\n`

test('users come and go: whoever was changed or removed is disconnected, the others stay', async () => {
  const secrets = { ALICE: 'green tea', BOB: 'black tea', CAROL: 'white tea' }
  const user = (name: string, variable = name.toUpperCase()) => `{userName: ${name}, password: '\${${variable}}'}`
  const started = new Started(userLines(user('alice'), user('bob')), secrets)
  await started.ready()
  const login = (userName: string, password: string) => ({ userName, password: Buffer.from(password) })
  const alice = await clientOf(started, { clientIdentifier: 'a', ...login('alice', 'green tea') })
  const bob = await clientOf(started, { clientIdentifier: 'b', ...login('bob', 'black tea') })
  const said = await started.reload(userLines(user('alice'), user('bob', 'CAROL'), user('carol')), applied)
  assert.match(said, /In force now: authentication\.\n/)
  assert.equal((await bob.next('disconnect')).reasonCode, 0x87)
  assert.equal(await publishAnswer(alice, 'a', 1), 0x10)
  await clientOf(started, { clientIdentifier: 'b', ...login('bob', 'white tea') })
  await clientOf(started, { clientIdentifier: 'c', ...login('carol', 'white tea') })
  const old = await openWire(started.url('tcp'), 5)
  assert.equal((await old.connect({ clientIdentifier: 'x', ...login('bob', 'black tea') })).reasonCode, 0x86)
  assert.doesNotMatch(started.output, /\btea\b/)
  assert.equal(await started.stop(), 0)
})

/** Connects with MQTT 5.0 over TLS, whoever the server says it is. */
async function secureClient(url: string): Promise<{ socket: TLSSocket; name: string | undefined }> {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  return { socket, name: String(socket.getPeerCertificate().subject.CN) }
}

test('certificates rotate at SIGHUP for tls:// and wss:// although the file is the same, and a connected client stays', async () => {
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')]
  const use = ({ certFile, keyFile }: SelfSigned) => {
    copyFileSync(certFile, cert)
    copyFileSync(keyFile, key)
  }
  use(makeSelfSigned(directory, 'first'))
  const [query, relative] = [`cert=${cert}&key=${key}`, 'cert=cert.pem&key=key.pem']
  const config = `listeners:\n  - tls://127.0.0.1:0?${relative}\n  - wss://127.0.0.1:0/mqtt?${query}\n`
  const started = new Started(config)
  await started.ready()
  const { socket, name } = await secureClient(started.url('tls'))
  assert.equal(name, 'first')
  socket.write(Buffer.from('101000044d51545405020000000003666f6f', 'hex'))
  const [connack] = await once(socket, 'data')
  assert.equal(connack[0], 0x20)

  writeFileSync(cert, 'no certificate')
  const refused = await started.reload(config, /is no certificate in PEM format[\s\S]*do /)
  assert.match(refused, /stays in force[\s\S]*pabal\.yaml:2:5 {2}listeners\[0\]/)
  assert.equal((await secureClient(started.url('tls'))).name, 'first')

  use(makeSelfSigned(directory, 'second'))
  const said = await started.reload(config, applied)
  assert.match(said, /In force now: certificates of tls:\/\/\S+, certificates of wss:\/\/\S+\.\n/)
  for (const scheme of ['tls', 'wss']) {
    const later = await secureClient(started.url(scheme))
    assert.equal(later.name, 'second')
    later.socket.destroy()
  }
  socket.write(Buffer.from('c000', 'hex'))
  const [pingresp] = await once(socket, 'data')
  assert.deepEqual([...pingresp], [0xd0, 0])
  assert.match(await started.reload(config, applied), /Nothing has changed that can be applied\./)
  socket.destroy()
  assert.equal(await started.stop(), 0)
})

test('in code: everything that can change does, or nothing', async () => {
  await using tested = await startTestBroker({ topics: [{ filter: 'a', whenNobody: 'accept' }] })
  const { broker } = tested
  const client = await tested.client(5)
  const listen = ['tcp://127.0.0.1:0']
  await assert.rejects(
    broker.reload({ listen, topics: [{ filter: 'a/#/b' }], limits: { connectionsMax: 1 } }),
    /a\/#\/b/,
  )
  await assert.rejects(broker.reload({ listen: ['tcp://0.0.0.0:0'], topics: [] }), /Other machines can reach/)
  assert.equal(await publishAnswer(client, 'a', 1), 0)
  const other = { listen, topics: [], whenQueueFull: 'refuse', limits: { topicsSeenMax: 5 }, tracing: true } as const
  const needsRestart = ['tracing', 'limits.topicsSeenMax']
  assert.deepEqual(await broker.reload(other), { applied: ['whenQueueFull', 'topics'], needsRestart })
  assert.equal(await publishAnswer(client, 'a', 2), 0x10)
  assert.deepEqual((await broker.reload({ listen })).applied, ['whenQueueFull'])
})

test('in code: authorize is asked again about what it allowed before', async () => {
  await using tested = await startTestBroker({ authorize: () => true })
  const client = await tested.client(5)
  assert.equal(await publishAnswer(client, 'a', 1), 0x10)
  const result = await tested.broker.reload({ listen: ['tcp://127.0.0.1:0'], authorize: ({ topic }) => topic !== 'a' })
  assert.deepEqual(result.applied, ['authorize'])
  assert.equal(await publishAnswer(client, 'a', 2), 0x87)
})

test('in code: whoever may no longer observe gets no more events, and may not ask for them again', async () => {
  const options = { listen: ['tcp://127.0.0.1:0'], authenticate: () => true }
  await using tested = await startTestBroker({ ...options, permissions: { observe: ['grafana'] } })
  const client = await tested.client(5, { userName: 'grafana' })
  const other = await tested.client(5, { userName: 'ops' })
  assert.equal(await client.subscribe('$pabal/events/client/connected'), 2)
  const { applied } = await tested.broker.reload({ ...options, permissions: { observe: ['ops'] } })
  assert.deepEqual(applied, ['permissions'])
  assert.equal(await other.subscribe('$pabal/events/client/connected'), 2)
  await tested.client(5, { userName: 'somebody' })
  assert.match((await other.message()).topicName, /^\$pabal\/events\/client\/connected/)
  await client.quiet()
  assert.equal(await client.subscribe('$pabal/events/client/connected'), 0x87)
})

test('in code: two reloads at once come into force one after the other', async () => {
  await using tested = await startTestBroker()
  const listen = ['tcp://127.0.0.1:0']
  const first = tested.broker.reload({ listen, limits: { connectionsMax: 7 } })
  const second = tested.broker.reload({ listen, limits: { connectionsMax: 8 } })
  assert.deepEqual(
    [(await first).applied, (await second).applied],
    [['limits.connectionsMax'], ['limits.connectionsMax']],
  )
  const third = await tested.broker.reload({ listen, limits: { connectionsMax: 8 } })
  assert.deepEqual(third, { applied: [], needsRestart: [] })
})
