/**
 * `pabal bench` as a user runs it: against Pabal, against mosquitto, and against a broker that loses, doubles and reorders.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import type { Publish } from '../../src/protocol/index.ts'
import { startMosquitto, stopProcess } from '../cli/broker.ts'
import { makeCertificate } from '../cli/certificates.ts'
import { pabal, runPabal, startPabal } from '../support/pabal-command.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startTestBroker } from '../support/test-broker.ts'
import { startFaultyBroker } from './faulty-broker.ts'

const short = ['--seconds', '0', '--quiet', '--json']

/** What `pabal bench WORDS --json` found at a broker, and its exit code. */
async function bench(port: number | string, ...words: string[]) {
  const { out, faults, code } = await runPabal(['bench', ...words, '-h', '127.0.0.1', '-p', String(port), ...short])
  assert.equal(faults, '')
  return { ...JSON.parse(out), code }
}

const portOf = ({ url }: { readonly url: string }) => new URL(url).port

test('pairs at every QoS get every message once and in order', async () => {
  await using broker = await startTestBroker()
  for (const qos of [0, 1, 2]) {
    const words = ['-c', '3', '--subscribers', '2', '-q', String(qos), '-L', '3000']
    const found = await bench(portOf(broker), 'pair', ...words)
    assert.deepEqual([found.code, found.faults], [0, []])
    assert.deepEqual([found.clients, found.sent, found.received], [9, 3000, 6000])
    assert.deepEqual([found.lost, found.duplicates, found.outOfOrder], [0, 0, 0])
    assert.equal(found.acknowledged, qos === 0 ? 0 : 3000)
    assert.ok(found.latencyMs.p50 > 0 && found.latencyMs.p50 <= found.latencyMs.p99)
    assert.ok(found.latencyMs.p99 <= found.latencyMs.max)
  }
})

test('pub sends at its rate and says how long acknowledgements took and who was not there', async () => {
  await using broker = await startTestBroker()
  const found = await bench(portOf(broker), 'pub', '-c', '5', '-im', '20', '-L', '50', '-q', '1', '-t', 'nobody/%i')
  assert.deepEqual([found.code, found.sent, found.acknowledged, found.nobodySubscribes], [0, 50, 50, 50])
  // The fiftieth is sent 49/5 intervals after the first.
  assert.ok(found.seconds >= 0.19, `${found.seconds} s`)
  assert.ok(found.acknowledgementMs.p50 > 0)
})

test('a Topic Name has the number of the client, its Client Identifier and its User Name', async () => {
  await using broker = await startTestBroker()
  using subscriber = await broker.client(5)
  await subscriber.subscribe('#', { qos: 0 })
  const words = ['-c', '2', '-I', 'me%i', '-u', 'who', '-t', '%u/%c/%i', '-m', 'hello', '-L', '2', '-im', '1']
  await bench(portOf(broker), 'pub', ...words)
  const messages = [await subscriber.message(), await subscriber.message()]
  assert.deepEqual(messages.map(({ topicName }) => topicName).sort(), ['who/me0/0', 'who/me1/1'])
  assert.equal(messages[0]?.payload.toString(), 'hello')
})

test('sub measures what pub sends', async (t) => {
  await using broker = await startTestBroker()
  const subscribed = broker.event('connected')
  const receiving = bench(portOf(broker), 'sub', '-c', '2', '-t', 'measured/#', '-q', '1', '-L', '200')
  await subscribed
  const publishing = startPabal(
    [
      'bench',
      'pub',
      '-c',
      '1',
      '-im',
      '5',
      '-q',
      '1',
      '-t',
      'measured/%i',
      '-h',
      '127.0.0.1',
      '-p',
      portOf(broker),
    ].concat(short),
  )
  t.after(() => publishing.kill('SIGKILL'))
  const found = await receiving
  publishing.kill('SIGINT')
  await once(publishing, 'close')
  assert.deepEqual([found.code, found.lost, found.duplicates, found.outOfOrder], [0, 0, 0, 0])
  assert.ok(found.received >= 200)
  assert.ok(found.latencyMs.p99 > 0)
})

test('conn says how long it took to connect', async () => {
  await using broker = await startTestBroker()
  const found = await bench(portOf(broker), 'conn', '-c', '50')
  assert.deepEqual([found.code, found.clients, found.refusedConnections], [0, 50, 0])
  assert.ok(found.connectMs.p50 > 0)
})

test('clients beyond what the broker takes are counted and told, with the reason', async () => {
  await using broker = await startTestBroker({ limits: { connectionsMax: 3 } })
  const found = await bench(portOf(broker), 'conn', '-c', '5')
  assert.deepEqual([found.code, found.refusedConnections], [1, 2])
  assert.deepEqual(found.faults, ['2 of 5 clients could not connect: the broker answered CONNECT with server busy'])
})

test('WebSocket and TLS are benched as TCP is', async () => {
  const files = temporaryDirectory()
  makeCertificate(files, 'server', 'DNS:localhost,IP:127.0.0.1')
  const [cert, key] = [join(files, 'server.pem'), join(files, 'server.key')]
  const listen = ['ws://127.0.0.1:0/mqtt', `tls://127.0.0.1:0?cert=${cert}&key=${key}`]
  await using broker = await startTestBroker({ listen })
  const [ws = '', tls = ''] = broker.broker.urls.map((url) => new URL(url).port)
  for (const [port, words] of [
    [ws, ['-l', 'ws']],
    [tls, ['-l', 'mqtts', '--ca', cert]],
  ] as const) {
    const found = await bench(port, 'pair', '-q', '1', '-L', '500', ...words)
    assert.deepEqual([found.code, found.received, found.lost], [0, 500, 0])
  }
  const distrusted = await bench(tls, 'conn', '-c', '1', '-l', 'mqtts')
  assert.equal(distrusted.code, 1)
  assert.match(distrusted.faults[0], /1 of 1 clients could not connect: .*certificate/)
})

// As it comes it drops what exceeds its queue, and publishers of 3.1.1 with more than 20 on their way; the run says so.
test('mosquitto is benched as well, in both versions', async (t) => {
  const mosquitto = await startMosquitto(temporaryDirectory(), 'bench', [
    'allow_anonymous true',
    'max_queued_messages 0',
    'max_inflight_messages 0',
  ])
  t.after(() => stopProcess(mosquitto.process))
  for (const version of ['5', '3.1.1']) {
    const found = await bench(mosquitto.port, 'pair', '-q', '2', '-L', '500', '-V', version)
    assert.deepEqual([found.code, found.received, found.lost, found.duplicates], [0, 500, 0, 0])
  }
})

async function benchFaulty(t: TestContext, qos: number, deliver: (message: Publish, number: number) => Publish[]) {
  const broker = await startFaultyBroker(deliver)
  t.after(() => broker[Symbol.asyncDispose]())
  return bench(broker.port, 'pair', '-V', '3.1.1', '-q', String(qos), '-L', '100', '--window', '10', '--drain', '1')
}

test('a broker that loses is found out', async (t) => {
  const found = await benchFaulty(t, 1, (message, number) => (number % 10 === 3 ? [] : [message]))
  assert.deepEqual([found.code, found.lost, found.received], [1, 10, 90])
  assert.deepEqual(found.faults, ['10 messages were lost'])
})

test('a broker that loses the last message is found out', async (t) => {
  const found = await benchFaulty(t, 0, (message, number) => (number === 99 ? [] : [message]))
  assert.deepEqual([found.code, found.lost], [1, 1])
})

test('a broker that doubles is found out, but at QoS 1 it may', async (t) => {
  const double = (message: Publish, number: number) => (number % 10 === 3 ? [message, message] : [message])
  const atMostOnce = await benchFaulty(t, 0, double)
  assert.deepEqual([atMostOnce.code, atMostOnce.duplicates, atMostOnce.lost], [1, 10, 0])
  assert.deepEqual(atMostOnce.faults, ['10 messages came twice, which QoS 0 does not allow'])
  const atLeastOnce = await benchFaulty(t, 1, double)
  assert.deepEqual([atLeastOnce.code, atLeastOnce.duplicates], [0, 10])
})

test('a broker that reorders is found out', async (t) => {
  let kept: Publish | null = null
  const found = await benchFaulty(t, 0, (message, number) => {
    if (number % 10 === 3) {
      message.own()
      kept = message
      return []
    }
    const late = kept === null ? [] : [kept]
    kept = null
    return [message, ...late]
  })
  assert.deepEqual([found.code, found.outOfOrder, found.lost, found.duplicates], [1, 10, 0, 0])
  assert.deepEqual(found.faults, ['10 messages came out of order'])
})

test('a run ends when no publisher is left, and says what became of the connections', async (t) => {
  const broker = await startFaultyBroker((message, number) => {
    if (number === 50) throw new Error('the broker gives up')
    return [message]
  })
  t.after(() => broker[Symbol.asyncDispose]())
  const found = await bench(broker.port, 'pair', '-V', '3.1.1', '--window', '10', '-q', '1', '--drain', '1')
  // It had acknowledged the one it gave up at.
  assert.deepEqual([found.code, found.lostConnections, found.lost], [1, 1, 1])
  assert.deepEqual(found.faults, ['1 connections were lost: the connection was lost', '1 messages were lost'])
})

test('Ctrl-C ends a run without bound and prints what came out', async (t) => {
  await using broker = await startTestBroker()
  const child = startPabal([
    'bench',
    'pair',
    '-q',
    '1',
    '-im',
    '10',
    '--seconds',
    '0',
    '-h',
    '127.0.0.1',
    '-p',
    portOf(broker),
  ])
  t.after(() => child.kill('SIGKILL'))
  const { stdout, stderr } = child
  assert.ok(stdout !== null && stderr !== null)
  const [out, progress] = [text(stdout), once(stderr, 'data')]
  const [first] = await progress
  assert.match(String(first), /^1 s {2}2 clients {2}sent \d+ \(\d+\/s\) {2}received \d+ \(\d+\/s\)\n/)
  child.kill('SIGINT')
  const [code] = await once(child, 'close')
  assert.equal(code, 0)
  assert.match(
    await out,
    /^received +\d+, \d+ a second\n {2}from sending +p50 [\d.]+ .*\n +lost 0, twice 0, out of order 0\n$/m,
  )
})

test('comma-separated values have the same columns whatever comes out', async () => {
  await using broker = await startTestBroker()
  const columns = async (...words: string[]) => {
    const { out } = await pabal({ url: broker.url }, 'bench', ...words, '--csv', '--quiet', '--seconds', '0')
    const [heading = '', values = ''] = out.split('\n')
    assert.equal(values.split(',').length, heading.split(',').length)
    return heading
  }
  const heading = await columns('pair', '-L', '10')
  assert.match(
    heading,
    /,lost,duplicates,outOfOrder,.*,latencyMs_p50,latencyMs_p90,latencyMs_p99,latencyMs_p999,latencyMs_max,/,
  )
  assert.equal(await columns('conn', '-c', '1'), heading)
  assert.equal(await columns('conn', '-c', '1', '-u', 'a,b'), heading)
})

test('what makes no sense is told, with what to do', async () => {
  const told = async (...words: string[]) => {
    const { faults, code } = await runPabal(['bench', ...words])
    assert.equal(code, 1)
    return faults
  }
  assert.match(await told('pubs'), /^pabal bench: there is no "pubs"\. There are:\n {2}pabal bench pair/)
  assert.match(await told('-p', '1', 'pair'), /what to do comes before the flags, as in: pabal bench pair -p 1883\n/)
  assert.match(await told('pub'), /needs a Topic Name: -t bench\/%i\nAll flags: pabal bench pub --help/)
  assert.match(await told('sub'), /needs a Topic Filter/)
  assert.match(await told('pair', '-s', '8'), /--payload-size is 8; at least 24 are needed/)
  assert.match(await told('pair', '-s', '1XB'), /It is a number of bytes/)
  assert.match(await told('pair', '-m', 'x'), /unknown option '-m'/)
  assert.match(await told('pub', '-t', 'a', '-m', 'x', '-s', '64'), /leave --payload-size out/)
  assert.match(await told('pair', '--json', '--csv'), /exclude each other/)
  assert.match(await told('pair', '-q', '3'), /It is 0, 1 or 2/)
  assert.match(await told('conn', '--ca', 'nothing'), /--ca names a file that cannot be read/)
  assert.match(await told('conn', '-t', 'x'), /unknown option '-t'/)
})

test('a broker that is not there is told, with the reason of the system', async () => {
  const { code, faults, refusedConnections } = await bench(1, 'conn', '-c', '2')
  assert.deepEqual([code, refusedConnections], [1, 2])
  assert.match(faults[0], /^2 of 2 clients could not connect: .*ECONNREFUSED/)
})
