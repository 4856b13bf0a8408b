/**
 * `pabal check`: the line and the exit code that monitoring reads.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { checkedNumbers } from '../../src/cli/check/thresholds.ts'
import { makeCertificate } from '../cli/certificates.ts'
import { pabal, runPabal } from '../support/pabal-command.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'

const files = temporaryDirectory()
let running: TestBroker
const users: Readonly<Record<string, string>> = { monitor: 'secret', prober: 'secret' }

before(async () => {
  makeCertificate(files, 'server', 'DNS:localhost')
  const identity = `cert=${join(files, 'server.pem')}&key=${join(files, 'server.key')}`
  running = await startTestBroker({
    listen: [
      'tcp://127.0.0.1:0',
      `tls://127.0.0.1:0?${identity}`,
      'ws://127.0.0.1:0/mqtt',
      `unix://${join(files, 'pabal.sock')}`,
    ],
    topics: [{ filter: 'later/#', whenNobody: 'hold' }],
    authenticate: ({ userName, password }) => userName !== null && users[userName] === String(password),
    permissions: { observe: ['monitor'] },
  })
  using client = await running.client(5, { userName: 'monitor', password: Buffer.from('secret') })
  for (let packetId = 1; packetId <= 3; packetId++) {
    client.publish({ topicName: `later/${packetId}`, qos: 1, packetId })
    await client.next('puback')
  }
})

after(async () => {
  await running.broker.stop()
})

const monitor = ['-u', 'monitor', '-P', 'secret']
const check = (...words: string[]) => pabal(running, 'check', ...monitor, ...words)

test('a broker that is well is OK, in one line with performance data', async () => {
  const { out, faults, code } = await check()
  assert.deepEqual([code, faults], [0, ''])
  const facts = '1 clients connected, 1 Sessions, 3 held, 0 dead letters, 0 owed, 0 waiting in queues, 0 in flight'
  const data = 'connections=1;;;0 sessions=1;;;0 held=3;;;0 dead=0;;;0 owed=0;;;0 waiting=0;;;0 in-flight=0;;;0'
  assert.match(out, new RegExp(`^PABAL OK: round trip [\\d.]+ ms, ${facts} \\| rtt=[\\d.]+ms;500;2000;0 ${data}\n$`))
})

test('a number is a warning or critical from its threshold on, and the worst one counts', async () => {
  const cases: [string[], number, RegExp][] = [
    [['--held-warn', '4'], 0, /^PABAL OK: /],
    [['--held-warn', '3'], 1, /^PABAL WARNING: 3 held \(warning from 3\) \| .* held=3;3;;0 /],
    [['--held-warn', '1', '--held-crit', '3'], 2, /^PABAL CRITICAL: 3 held \(critical from 3\) \|/],
    [['--held-warn', '1', '--sessions-crit', '1'], 2, /: 1 Sessions \(critical from 1\), 3 held \(warning from 1\) \|/],
    [['--warn', '0'], 1, /^PABAL WARNING: round trip [\d.]+ ms \(warning from 0\)/],
    [['--crit', '0'], 2, /^PABAL CRITICAL: round trip/],
    [['--in-flight-crit', '0'], 2, /^PABAL CRITICAL: 0 in flight/],
  ]
  for (const [flags, expected, line] of cases) {
    const { out, code } = await check(...flags)
    assert.match(out, line)
    assert.equal(code, expected, flags.join(' '))
  }
})

test('the message really goes round, and leaves no Topic Name behind that nobody listens on', async () => {
  using watcher = await running.client(5, { userName: 'monitor', password: Buffer.from('secret') })
  await watcher.subscribe('$check/#')
  assert.equal((await check()).code, 0)
  assert.equal((await watcher.next('publish')).topicName, '$check/pabal')
  const seen = async () => (await pabal(running, 'topics', ...monitor, '--json')).out
  assert.doesNotMatch(await seen(), /check/)
  assert.equal((await check('--topic', 'own/probe')).code, 0)
  assert.match(await seen(), /"own\/probe"/)
})

test('--json has the same for programs', async () => {
  const { out, code } = await check('--json', '--held-crit', '2')
  const { status, exitCode, problems, roundTripMs, numbers } = JSON.parse(out)
  assert.deepEqual([status, exitCode, code, problems], ['CRITICAL', 2, 2, ['3 held (critical from 2)']])
  assert.ok(roundTripMs > 0)
  assert.match(out, /"roundTripMs":\d+(\.\d{1,3})?,/)
  assert.deepEqual(
    Object.keys(numbers),
    checkedNumbers.map(({ name }) => name),
  )
})

test('it works over TLS, WebSocket and Unix sockets, too', async () => {
  const [, tls = '', ws = ''] = running.broker.urls
  const ways = [
    ['-h', 'localhost', '-p', new URL(tls).port, '--cafile', join(files, 'server.pem')],
    ['-L', `ws://monitor:secret@127.0.0.1:${new URL(ws).port}/mqtt`],
    ['--unix', join(files, 'pabal.sock')],
  ]
  for (const way of ways) {
    const { out, code } = await runPabal(['check', ...monitor, ...way])
    assert.equal(code, 0, out)
  }
})

test('who may not ask for the numbers is told so, and can do without', async () => {
  const prober = ['-u', 'prober', '-P', 'secret']
  const { out, code } = await pabal(running, 'check', ...prober)
  assert.equal(code, 3)
  assert.match(
    out,
    /^PABAL UNKNOWN: The broker refuses this\. found: no permission to observe expected: the .* do: log in /,
  )
  const without = await pabal(running, 'check', ...prober, '--no-numbers')
  assert.equal(without.code, 0)
  assert.match(without.out, /^PABAL OK: round trip [\d.]+ ms \| rtt=[\d.]+ms;500;2000;0\n$/)
})

test('a broker that refuses, is not there or does not answer is critical', async () => {
  const refused = await pabal(running, 'check', '-u', 'monitor', '-P', 'wrong')
  assert.equal(refused.code, 2)
  assert.match(refused.out, /^PABAL CRITICAL: The broker refused the connection .*\n$/)
  await using silent = createServer(() => {}).listen(0, '127.0.0.1')
  await new Promise((resolve) => silent.once('listening', resolve))
  const address = silent.address()
  assert.ok(typeof address === 'object' && address !== null)
  const place = ['-h', '127.0.0.1', '-p', `${address.port}`]
  const unanswered = await runPabal(['check', ...place, '--timeout', '0.3'])
  assert.deepEqual(unanswered, {
    out: `PABAL CRITICAL: 127.0.0.1:${address.port} did not answer within 0.3 seconds. --timeout waits longer.\n`,
    faults: '',
    code: 2,
  })
  silent.close()
  const gone = await runPabal(['check', ...place])
  assert.equal(gone.code, 2)
  assert.match(gone.out, /^PABAL CRITICAL: Cannot connect to .*\n$/)
})

test('flags that make no sense are UNKNOWN, in a line, too', async () => {
  for (const flags of [
    ['--held-warn', 'many'],
    ['--hled-warn', '1'],
    ['--unix', '/a'],
  ]) {
    const { out, code } = await check(...flags)
    assert.equal(code, 3)
    assert.match(out, /^PABAL UNKNOWN: .*\n$/)
  }
})

test('the page about monitoring has every number', () => {
  const page = readFileSync(new URL('../../docs/operating/monitoring.md', import.meta.url), 'utf8')
  for (const { flag } of checkedNumbers) assert.ok(page.includes(`| \`--${flag}-warn\`, \`--${flag}-crit\` |`), flag)
})
