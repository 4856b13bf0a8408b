/**
 * `pabal who`, `clients`, `session`, `subs` and `topics`, run as they are from a checkout.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeCertificate } from '../cli/certificates.ts'
import { pabal, runPabal as run, startPabal } from '../support/pabal-command.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startTestBroker } from '../support/test-broker.ts'
import { staying } from '../support/wire-client.ts'

test('who shows totals first and a line for each Subscription; --json the same as JSON', async () => {
  await using running = await startTestBroker()
  const away = await running.client(5, staying(5, 'away'))
  await away.subscribe('orders/+', { qos: 1 })
  await running.lose(away)
  const here = await running.client(5, { clientIdentifier: 'here' })
  await here.subscribe('$share/g/orders/new', { qos: 1 })
  await here.subscribe('#', { qos: 0 })
  await running.broker.publish({ topicName: 'orders/new', payload: 'x' })
  const { out, faults, code } = await pabal(running, 'who', 'orders/new')
  assert.deepEqual([faults, code], ['', 0])
  const [totals, , headings, ...lines] = out.trimEnd().split('\n')
  const said = '2 listeners to orders/new: 3 Subscriptions, 1 online, 1 offline, 1 shared group, 1 observer.'
  assert.equal(totals, said)
  assert.match(headings ?? '', /^CLIENT +ACCOUNT +FILTER +GROUP +QOS +CLIENT IS/)
  assert.match(lines.join('\n'), /^away +- +orders\/\+ +- +1 +offline \d s .* 1 \(11 B, oldest \d s\) +-$/m)
  assert.match(lines.join('\n'), /^here +- +orders\/new +g +1 +online \d s /m)
  assert.match(lines.join('\n'), /^here +- +# .* observer$/m)
  const json = JSON.parse((await pabal(running, 'who', 'orders/new', '--json')).out)
  assert.deepEqual([json.totals.listeners, json.subscribers.length], [2, 3])
})

test('the exit code is 16 when nobody listens, though a monitor gets everything', async () => {
  await using running = await startTestBroker()
  const monitor = await running.client(5)
  await monitor.subscribe('#')
  const { out, code } = await pabal(running, 'who', 'orders/new')
  assert.match(out, /^Nobody listens to orders\/new: 1 Subscription, 0 online, 0 offline, 1 observer\.\n/)
  assert.equal(code, 16)
  assert.equal((await pabal(running, 'who', 'orders/new', '--json')).code, 16)
  assert.equal((await pabal(running, 'who', '--filter', 'orders/#', '--exact')).code, 16)
})

test('names that could move the cursor, or are very long, are made harmless in the table', async () => {
  await using running = await startTestBroker({ limits: { connectBytesMax: 200_000 } })
  for (const clientIdentifier of ['\u001b[2J\u0007bell', '__proto__', 'y'.repeat(65_535)]) {
    const client = await running.client(5, { clientIdentifier })
    await client.subscribe('t')
  }
  const { out } = await pabal(running, 'who', 't')
  assert.doesNotMatch(out, /[^\P{Cc}\n]/u)
  assert.match(out, /^"\\u001b\[2J\\u0007bell" /m)
  assert.match(out, /^__proto__ /m)
  assert.match(out, /^y{80}… \(65,535 characters\) /m)
})

test('long lists come in pages, and a table says when there is more', async () => {
  await using running = await startTestBroker()
  const client = await running.client(5)
  for (let group = 0; group < 1200; group++) await client.subscribe(`$share/g${group}/t`)
  const json = JSON.parse((await pabal(running, 'who', 't', '--json')).out)
  assert.equal(new Set(json.subscribers.map((row: { sharedGroup: string }) => row.sharedGroup)).size, 1200)
  const { out } = await pabal(running, 'who', 't', '--rows', '5')
  assert.equal(out.trimEnd().split('\n').length, 3 + 5 + 2)
  assert.match(out, /\nThere are more than 5 Subscriptions: --rows 50 or --json shows more\.\n$/)
})

test('a list with more pages than the broker answers in a second still comes whole', async () => {
  await using running = await startTestBroker({ limits: { requestsPerSecondMax: 1 } })
  const client = await running.client(5)
  for (let group = 0; group < 1700; group++) await client.subscribe(`$share/g${group}/t`)
  const { out, faults, code } = await pabal(running, 'who', 't', '--json')
  assert.deepEqual([faults, code], ['', 0])
  assert.equal(JSON.parse(out).subscribers.length, 1700)
})

test('a Unix socket, WebSocket and TLS lead to the broker, too', async () => {
  const files = temporaryDirectory()
  makeCertificate(files, 'server', 'DNS:localhost,IP:127.0.0.1')
  const [certificate = '', key = '', socket = ''] = ['server.pem', 'server.key', 's'].map((name) => join(files, name))
  const listen = ['ws://127.0.0.1:0/mqtt', `unix://${socket}`, `tls://127.0.0.1:0?cert=${certificate}&key=${key}`]
  await using running = await startTestBroker({ listen })
  const [ws = '', , tls = ''] = running.broker.urls
  const { port } = new URL(tls.replace('tls:', 'mqtts:'))
  const ways = [
    ['--unix', socket],
    ['-L', ws],
    ['-L', `mqtts://localhost:${port}`, '--cafile', certificate],
    ['-p', port, '--cafile', certificate],
  ]
  for (const way of ways) {
    const { out, faults, code } = await run(['who', 't', ...way])
    assert.deepEqual([out.split(':')[0], faults, code], ['Nobody listens to t', '', 16], way.join(' '))
  }
  const distrusted = await run(['who', 't', '-L', `mqtts://localhost:${port}`])
  assert.match(distrusted.faults, /Cannot connect to localhost:\d+: /)
})

test('clients, session, subs and topics show what there is', async () => {
  await using running = await startTestBroker()
  const client = await running.client(4, { clientIdentifier: 'sensor-7' })
  await client.subscribe('t/+', { qos: 1 })
  await running.broker.publish({ topicName: 't/1', qos: 0 })
  const clients = await pabal(running, 'clients', '--online')
  assert.match(
    clients.out,
    /^2 Sessions, 2 connections\n\nCLIENT .*\n(.*\n)*sensor-7 +- +online \d s +127\.0\.0\.1:\d+ +3\.1\.1 /,
  )
  const session = await pabal(running, 'session', 'sensor-7')
  assert.match(
    session.out,
    /^Sessions of sensor-7:\n\nSession +client is online \d s, .*\n {2}subscribes +t\/\+, QoS 1, \d s ago\n$/,
  )
  const none = await pabal(running, 'session', 'nobody')
  assert.match(none.out, /^Sessions of nobody:\n\nThere is none\. /)
  assert.equal(none.code, 16)
  assert.match((await pabal(running, 'subs')).out, /^2 Subscriptions\n\nCLIENT .*\n(.*\n)*sensor-7 +- +t\/\+ /)
  assert.match(
    (await pabal(running, 'topics')).out,
    /^1 Topic Name seen\n\nTOPIC .*\nt\/1 +1 +\d\.\d\d +\d s +1 +0 +0\n$/,
  )
  await running.broker.publish({ topicName: 'u', qos: 0 })
  assert.match((await pabal(running, 'topics')).out, /^u +1 +\d\.\d\d +\d s +0 +0 +0 +nobody listens$/m)
  const other = await pabal(running, 'topics', '--filter', 'a/#')
  assert.equal(other.out, '2 Topic Names seen\n\nNone of them matches a/#.\n')
  assert.match((await pabal(running, 'clients', '--like', 'SOR-')).out, /\n\nCLIENT .*\nsensor-7 .*\n$/)
  const others = await pabal(running, 'clients', '--account', 'shop')
  assert.match(others.out, /connections\n\nNone of them is one that was asked for\.\n$/)
  const both = await pabal(running, 'clients', '--online', '--offline')
  assert.match(both.faults, /'--online' cannot be used with option '--offline'/)
})

test('--watch asks again until it is stopped', async () => {
  await using running = await startTestBroker()
  const { port } = new URL(running.url)
  const child = startPabal(['who', 't', '--watch', '0.1', '-p', port])
  const ended = once(child, 'close')
  let seen = ''
  for await (const chunk of child.stdout ?? []) {
    seen += String(chunk)
    if (seen.split('Nobody listens to t').length > 3) break
  }
  child.kill('SIGINT')
  assert.equal((await ended)[0], 0)
})

test('who it is may be said in the words of mosquitto and of MQTTX, and where the broker is in its own', async () => {
  const authenticate = ({ userName, password }: { userName: string | null; password: Uint8Array | null }) =>
    userName === 'ann' && Buffer.from(password ?? []).toString() === 'tea'
  await using running = await startTestBroker({ authenticate, permissions: { observe: ['ann'] } })
  const { host, port } = new URL(running.url)
  for (const [user, password] of [
    ['--username', '--password'],
    ['--user', '--pw'],
    ['-u', '-P'],
  ] as const) {
    assert.equal((await run(['clients', '-L', `tcp://${host}`, user, 'ann', password, 'tea'])).code, 0, user)
    const words = ['pub', '-h', '127.0.0.1', '-p', port, '-t', 't', '-m', 'x', user, 'ann', password, 'tea']
    assert.deepEqual(await run(words), { out: '', faults: '', code: 0 })
  }
  const twice = await run(['clients', '-L', running.url, '--user', 'ann', '--username', 'bob'])
  assert.match(twice.faults, /cannot be used with option/)
})

test('without the permission there are the counts and a remark', async () => {
  await using running = await startTestBroker({ authenticate: () => true })
  const client = await running.client(5, { clientIdentifier: 'secret', userName: 'x' })
  await client.subscribe('t')
  const { out, faults, code } = await pabal(running, 'who', 't', '-u', 'stranger', '-P', 'x')
  assert.equal(out, '1 listener to t: 1 Subscription, 1 online, 0 offline.\n')
  assert.match(faults, /needs the permission "observe"/)
  assert.equal(code, 0)
  const clients = await pabal(running, 'clients', '-u', 'stranger')
  assert.match(clients.faults, /^Pabal cannot list the clients\.\n\n.*\n {2}found {5}no permission to observe\n/)
  assert.equal(clients.code, 1)
})

test('what is wrong is told: no broker, no answer, wrong arguments, a wrong Topic Name', async () => {
  const gone = await startTestBroker()
  await gone[Symbol.asyncDispose]()
  const refused = await pabal(gone, 'who', 't')
  assert.match(
    refused.faults,
    /^Pabal cannot say who listens\.\n\nCannot connect to 127\.0\.0\.1:\d+: .*\nNothing listens there;/,
  )
  await using running = await startTestBroker({ authenticate: () => false })
  assert.match((await pabal(running, 'who', 't')).faults, /The broker refused the connection to .*: 0x86 Bad User Name/)
  await using open = await startTestBroker()
  assert.match((await pabal(open, 'who')).faults, /needs a Topic Name, or --filter/)
  assert.match((await pabal(open, 'who', 'a', '--filter', 'b')).faults, /and not both/)
  assert.match(
    (await pabal(open, 'who', 'a/#')).faults,
    /^pabal who: a\/# is a Topic Filter.*: pabal who --filter 'a\/#'$/m,
  )
  const url = await pabal(open, 'who', 't', '-L', 'mqtt://x')
  assert.match(url.faults, /--url says where the broker is: leave --host, --port and --unix out\./)
  for (const faults of [refused, url]) assert.equal(faults.code, 1)
})

test('session shows messages and history, unsubscribes and gives up what waits', async () => {
  await using running = await startTestBroker()
  const slow = await running.client(5, { clientIdentifier: 'slow', properties: { receiveMaximum: 1 } })
  await slow.subscribe('orders/#', { qos: 1 })
  for (const payload of ['1', '2']) await running.broker.publish({ topicName: 'orders/new', payload })
  const inFlight = await pabal(running, 'session', 'slow', '--in-flight')
  assert.match(inFlight.out, /^1 in flight to slow, 0 from it\.\n\nDIRECTION +PACKET ID +QOS +WAITS FOR +TOPIC/)
  assert.match(inFlight.out, /^to the client +1 +1 +PUBACK +orders\/new +11 B +\d s/m)
  const queue = await pabal(running, 'session', 'slow', '--queue')
  assert.match(queue.out, /^Waiting for slow: 1 \(11 B, oldest \d s\)\n/)
  assert.match(queue.out, /^orders\/new +1 +11 B +\d s +never +2$/m)
  const purged = await pabal(running, 'session', 'slow', '--purge')
  assert.deepEqual([purged.out, purged.code], ['1 message (11 B) for slow given up.\n', 0])
  const ended = await pabal(running, 'session', 'slow', '--unsubscribe', 'orders/#')
  assert.equal(ended.out, 'slow is no longer subscribed to orders/#.\n')
  const again = await pabal(running, 'session', 'slow', '--unsubscribe', 'orders/#')
  assert.match(again.faults, /^Pabal cannot change the Session\.\n\n.*no Subscription of "slow" to "orders\/#"/s)
  assert.equal(again.code, 1)
  const { out } = await pabal(running, 'session', 'slow', '--history')
  const [, , , ...lines] = out.trimEnd().split('\n')
  assert.match(
    lines.join('\n'),
    /unsubscribed +orders\/#, by an operator .*\n.*queuePurged +1 message, 11 B .*\n.*subscribed/,
  )
  assert.equal((await pabal(running, 'session', 'nobody', '--history')).code, 16)
  assert.match((await pabal(running, 'session', 'slow', '--purge', '--queue')).faults, /cannot be used with/)
})

test('session --end ends a Session, of the account that is named where several have it, and makes room', async () => {
  const options = { authenticate: () => true, permissions: { admin: ['root'], observe: ['looker'] } }
  await using running = await startTestBroker({ ...options, clientIdentifierScope: 'account' })
  const mallory = await running.client(5, { userName: 'mallory', ...staying(5, 'meter') })
  await running.lose(await running.client(5, { userName: 'alice', ...staying(5, 'meter') }))
  const act = (userName: string, ...flags: string[]) =>
    pabal(running, 'session', 'meter', '--end', '-u', userName, ...flags)
  assert.match((await act('looker')).faults, /needs? the permission "?admin"?|no permission to admin/)
  assert.match((await act('root')).faults, /Sessions of the accounts "mallory", "alice"/)
  const ended = await act('root', '--account', 'mallory')
  assert.deepEqual([ended.out, ended.code], ['The Session of meter of the account mallory has ended.\n', 0])
  await mallory.refused(0x98)
  const { client, account } = JSON.parse((await act('root', '--json')).out)
  assert.deepEqual([client, account], ['meter', 'alice'])
  assert.equal((await act('root')).code, 1)
})
