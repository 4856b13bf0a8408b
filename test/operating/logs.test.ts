/**
 * The log of `pabal start` and its audit log: a real process, real clients, and what they try to write into it.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { logBroker } from '../../src/server/log/broker-log.ts'
import { Log } from '../../src/server/log/log.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { logLines } from '../support/log-lines.ts'
import { pabal } from '../support/pabal-command.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startTestBroker } from '../support/test-broker.ts'
import { openWire } from '../support/wire-client.ts'
import { startedPabal } from './started-pabal.ts'

const evil = 'x\u001b[2J\n{"level":"fatal"}\u2028\u202e\u009b31m'

test('who came, who went and who was refused stands in lines of JSON on standard error', async () => {
  await using broker = await startedPabal()
  const client = await openWire(broker.url, 5)
  await client.connect({ clientIdentifier: 'meter-7' })
  await client.leave()
  const socket = connect(Number(new URL(broker.url).port), '127.0.0.1')
  socket.end('GET / HTTP/1.0\r\n\r\n')
  await once(socket.resume(), 'close')
  await broker.shown(/"event":"refused"/)
  assert.equal(await broker.stop(), 0)
  assert.match(broker.stdout, /^Pabal .*\nListening on .*\n[^{]*Stop with Ctrl-C\.\nStopped\.\n$/)
  const events = broker.lines.map(({ level, event }) => `${level} ${event}`)
  const expected = ['info connected', 'info disconnected', 'warn refused']
  assert.deepEqual(events, ['info started', ...expected, 'info stopping', 'info stopped'])
  const [connected] = broker.about('connected')
  assert.deepEqual([connected?.clientIdentifier, connected?.protocolVersion], ['meter-7', 5])
  const [refused] = broker.about('refused')
  assert.match(String(refused?.remoteAddress), /^127\.0\.0\.1:\d+$/)
  assert.match(String(refused?.reason), /./)
})

test('what a client chose can neither forge a line nor move a cursor, in JSON and for people', async () => {
  for (const format of ['json', 'human']) {
    await using broker = await startedPabal(['--log-level', 'debug', '--log-format', format])
    const client = await openWire(broker.url, 5)
    // Topics may hold no control characters but most others; the Client Identifier holds whatever UTF-8 lets through.
    await client.connect({ clientIdentifier: evil })
    await client.subscribe('filter/\u202e\u2028', { qos: 1 })
    client.publish({
      topicName: 'topic/\u202e\u2028/"},"x":{"',
      payload: Buffer.from('the-payload'),
      qos: 1,
      packetId: 1,
    })
    await client.next('puback')
    await client.leave()
    assert.equal(await broker.stop(), 0)
    assert.doesNotMatch(broker.stderr.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\u2028\u2029]/u)
    assert.doesNotMatch(broker.stderr, /the-payload/)
    if (format === 'human') {
      assert.match(broker.stderr, /^\d\d:\d\d:\d\d info {2}a client was let in {2}clientIdentifier="x\\u001b\[2J\\n/m)
      for (const line of broker.stderr.trimEnd().split('\n')) assert.match(line, /^\d\d:\d\d:\d\d (?:info|debug|warn) /)
      continue
    }
    // Asked for as JSON, standard output says nothing that is none.
    assert.equal(broker.stdout, '')
    assert.equal(broker.about('connected')[0]?.clientIdentifier, evil)
    assert.equal(broker.about('subscribed')[0]?.topicFilter, 'filter/\u202e\u2028')
    assert.equal(broker.about('messageUnmatched')[0]?.topicName, 'topic/\u202e\u2028/"},"x":{"')
    assert.ok(broker.lines.every(({ level }) => level !== 'fatal'))
  }
})

const users = `authentication:
  users:
    - userName: keeper
      passwordFile: keeper.password
      permissions: [observe, admin]
    - userName: guest
      passwordFile: guest.password
topics:
  - filter: later/#
    whenNobody: hold
log:
  audit: logs.audit
  level: debug
`

function withUsers(directory: string): void {
  writeFileSync(join(directory, 'pabal.yaml'), users)
  writeFileSync(join(directory, 'keeper.password'), 'keeper-secret', { mode: 0o600 })
  writeFileSync(join(directory, 'guest.password'), 'guest-secret', { mode: 0o600 })
}

test('the audit log says who did what by requests that change something, and who was not allowed to', async () => {
  await using broker = await startedPabal(['--config', 'pabal.yaml'], withUsers)
  const as = (name: string) => ['-u', name, '-P', `${name}-secret`]
  await pabal(broker, 'pub', ...as('guest'), '-i', evil, '-t', 'later/1', '-m', 'the-payload', '-q', '1')
  assert.equal((await pabal(broker, 'held', 'drop', '--all', ...as('guest'), '-i', 'intruder')).code, 1)
  assert.equal((await pabal(broker, 'held', 'drop', '--filter', 'later/#', ...as('keeper'), '-i', evil)).code, 0)
  assert.equal((await pabal(broker, 'dead', 'requeue', '99', ...as('keeper'))).code, 1)
  // To look is not to change.
  assert.equal((await pabal(broker, 'held', ...as('keeper'))).code, 0)
  assert.equal(await broker.stop(), 0)
  const path = join(broker.directory, 'logs.audit')
  assert.equal(statSync(path).mode & 0o777, 0o600)
  const audit = readFileSync(path, 'utf8')
  assert.doesNotMatch(audit.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\u2028\u2029]/u)
  const [refused, done, missing, ...others] = audit
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(others, [])
  assert.deepEqual(
    [refused.account, refused.clientIdentifier, refused.request, refused.fields, refused.outcome],
    ['guest', 'intruder', 'held-drop', { all: true }, 'refused'],
  )
  assert.match(refused.result, /the permission "admin"/)
  assert.match(refused.remoteAddress, /^127\.0\.0\.1:\d+$/)
  assert.equal(Date.parse(refused.time), refused.atMs)
  assert.deepEqual(
    [done.account, done.clientIdentifier, done.request, done.fields, done.outcome],
    ['keeper', evil, 'held-drop', { filter: 'later/#' }, 'done'],
  )
  assert.deepEqual(done.result, { done: 1, refused: 0, refusals: [] })
  assert.deepEqual([missing.request, missing.fields, missing.outcome], ['dead-requeue', { id: 99 }, 'refused'])
  assert.deepEqual(broker.about('audit'), [])
})

test('no password and no payload is ever logged, also of who is refused', async () => {
  await using broker = await startedPabal(['--config', 'pabal.yaml'], withUsers)
  await pabal(broker, 'pub', '-u', 'keeper', '-P', 'wrong-secret', '-t', 'later/1', '-m', 'the-payload')
  await pabal(broker, 'pub', '-u', 'keeper', '-P', 'keeper-secret', '-t', 'later/1', '-m', 'the-payload')
  assert.equal(await broker.stop(), 0)
  assert.equal(broker.about('refused').length, 1)
  assert.equal(broker.about('messageHeld').length, 1)
  assert.doesNotMatch(broker.stderr + broker.stdout, /secret|the-payload/)
})

test('without a file the audit log stands in the log, at whatever level', async () => {
  await using broker = await startedPabal(['--log-level', 'silent'])
  assert.equal((await pabal(broker, 'held', 'drop', '--all')).code, 0)
  assert.equal(await broker.stop(), 0)
  const [line, ...others] = broker.lines
  assert.deepEqual([line?.event, line?.request, line?.outcome, others], ['audit', 'held-drop', 'done', []])
})

test('a flood of the same is summed up', async () => {
  await using broker = await startedPabal()
  const port = Number(new URL(broker.url).port)
  for (let number = 0; number < 50; number++) {
    const socket = connect(port, '127.0.0.1')
    socket.end('GET / HTTP/1.0\r\n\r\n')
    await once(socket.resume(), 'close')
  }
  assert.equal(await broker.stop(), 0)
  const refused = broker.about('refused')
  assert.equal(refused.length, 6)
  assert.match(refused[5]?.msg ?? '', /^a connection was not let in: 45 more like this within 10 s$/)
  assert.equal(refused[5]?.leftOut, 45)
})

test('a queue that is full is told of, with the client that goes without', async () => {
  const config = 'whenQueueFull: drop-newest\nlimits:\n  sessionQueueMessagesMax: 2\n'
  await using broker = await startedPabal(['--config', 'full.yaml'], (directory) =>
    writeFileSync(join(directory, 'full.yaml'), config),
  )
  const away = await openWire(broker.url, 5)
  await away.connect({ clientIdentifier: 'away', properties: { sessionExpiryInterval: 60 } })
  await away.subscribe('a', { qos: 1 })
  await away.leave()
  const publisher = await openWire(broker.url, 5)
  await publisher.connect()
  for (let packetId = 1; packetId <= 4; packetId++) {
    publisher.publish({ topicName: 'a', payload: Buffer.from('x'), qos: 1, packetId })
    await publisher.next('puback')
  }
  assert.equal(await broker.stop(), 0)
  const dropped = broker.about('copyDropped')
  assert.deepEqual(
    dropped.map(({ level, clientIdentifier, reason, topicName }) => [level, clientIdentifier, reason, topicName]),
    Array.from({ length: 2 }, () => ['warn', 'away', 'queue-full', 'a']),
  )
})

test('a store that takes no messages, and takes them again, is told of once each', async () => {
  const out: string[] = []
  const write = (line: string): void => void out.push(line)
  const sink = { write, writeLast: write, flush: () => Promise.resolve() }
  const store = new MemoryStore(true)
  await using running = await startTestBroker({ store })
  logBroker(running.broker, new Log({ level: 'info' }, false, sink, Date.now))
  for (const hasRoom of [false, false, true, true]) store.onRoom?.(hasRoom)
  const told = logLines(out.join('')).map(({ level, event }) => [level, event])
  assert.deepEqual(told, [
    ['error', 'storeRefuses'],
    ['info', 'storeTakesMessages'],
  ])
})

test('a new configuration is told of, and one that is not taken', async () => {
  await using broker = await startedPabal(['--config', 'a.yaml'], (directory) =>
    writeFileSync(join(directory, 'a.yaml'), 'limits:\n  connectionsMax: 5\n'),
  )
  const change = async (text: string, event: RegExp): Promise<void> => {
    writeFileSync(join(broker.directory, 'a.yaml'), text)
    broker.child.kill('SIGHUP')
    await broker.shown(event)
  }
  await change(
    'limits:\n  connectionsMax: 6\nlog:\n  level: debug\n',
    /"event":"reloaded","applied":\["limits.connectionsMax","log.level"\],"needsRestart":\[\]/,
  )
  await change('limits:\n  conectionsMax: 6\n', /"event":"reloadRefused"/)
  assert.equal(await broker.stop(), 0)
})

test('a wrong flag or key is a fault like any other, and an audit log that cannot be written stops the start', async () => {
  const program = fileURLToPath(new URL('../../bin/pabal', import.meta.url))
  // Not here, where somebody may have data.
  const cwd = temporaryDirectory()
  const refusal = async (...flags: string[]): Promise<string> => {
    const child = spawn(program, ['start', '--listen', 'tcp://127.0.0.1:0', '--durability', 'memory', ...flags], {
      cwd,
    })
    const [faults, [exitCode]] = await Promise.all([text(child.stderr), once(child, 'close')])
    assert.equal(exitCode, 1)
    return faults
  }
  assert.match(await refusal('--log-level', 'wran'), /did you mean warn\?/)
  assert.match(await refusal('--log-format', 'xml'), /one of auto, human, json/)
  await using broker = await startedPabal([], (directory) => {
    writeFileSync(join(directory, 'a.yaml'), 'log:\n  audit: missing/audit.log\n')
    writeFileSync(join(directory, 'b.yaml'), 'log:\n  levle: info\n')
  })
  const unwritable = await refusal('--config', join(broker.directory, 'a.yaml'))
  assert.match(
    unwritable,
    /^Pabal cannot start\.\n\nThe audit log .*missing\/audit\.log cannot be written to: .*\nMake/,
  )
  assert.match(await refusal('--config', join(broker.directory, 'b.yaml')), /did you mean level\?/)
})

test('a log that nobody reads holds up neither clients nor the end', async () => {
  await using broker = await startedPabal(['--log-level', 'debug'])
  broker.child.stderr.pause()
  const client = await openWire(broker.url, 5)
  await client.connect()
  // More than a pipe takes: each of them is a line of its own.
  for (let number = 0; number < 1500; number++) await client.subscribe(`a/${'x'.repeat(200)}/${number % 3}`, { qos: 0 })
  for (let number = 0; number < 600; number++) {
    const other = await openWire(broker.url, 5)
    await other.connect({ clientIdentifier: `${'long'.repeat(50)}${number}` })
    await other.leave()
  }
  broker.child.kill('SIGTERM')
  await once(broker.child, 'exit')
  broker.child.stderr.resume()
  assert.equal(await broker.exited, 0)
})
