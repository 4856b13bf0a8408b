/**
 * `pabal trace` and `pabal ledger`, and the same over MQTT and from code.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { BrokerOptions } from '../../src/index.ts'
import { startTestBroker } from '../support/test-broker.ts'
import { runPabal, startPabal } from './pabal.ts'

const payload = Buffer.from('five!')

/** A broker with a reader of `read/#`, a publisher, and three messages behind it. */
async function started(options: BrokerOptions = {}) {
  const running = await startTestBroker(options)
  const reader = await running.client(5, { clientIdentifier: 'reader' })
  await reader.subscribe('read/#', { qos: 1 })
  const publisher = await running.client(5, { clientIdentifier: 'p"\u202e' })
  let packetId = 0
  const publish = async (topicName: string, qos: 0 | 1 = 1): Promise<void> => {
    packetId += 1
    publisher.publish({ topicName, payload, qos, packetId: qos === 0 ? 0 : packetId })
    if (qos === 1) await publisher.next('puback')
    if (!topicName.startsWith('read/')) return
    const copy = await reader.next('publish')
    if (qos === 1) reader.send({ type: 'puback', packetId: copy.packetId, reasonCode: 0, properties: {} })
    await reader.quiet()
  }
  return {
    running,
    broker: running.broker,
    url: running.url,
    publisher,
    publish,
    [Symbol.asyncDispose]: () => running.broker.stop(),
  }
}

test('pabal trace --once says what became of each message, with nothing of a client that moves the cursor', async () => {
  await using at = await started()
  await at.publish('read/1')
  await at.publish('read/2', 0)
  await at.publish('unread/\u200b')
  const { stdout, stderr, exitCode } = await runPabal(at.url, 'trace', '--topic', '+/+', '--once')
  assert.deepEqual([exitCode, stderr], [0, ''])
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^[\d:.]{12}/, 'TIME').replace(/ after \d+ ms/, ''))
  const whose = String.raw`from "p\"\u{202e}"`
  assert.deepEqual(lines, [
    `TIME       1  routed         read/1  (QoS 1, 11 B, ${whose})  reader acknowledged`,
    `TIME       2  routed         read/2  (QoS 0, 11 B, ${whose})  reader sent at QoS 0`,
    `TIME       3  unmatched      ${String.raw`"unread/\u{200b}"`}  (QoS 1, 13 B, ${whose})`,
  ])
})

test('a held message that finds its listener has an entry for both, and the copy is told of in the second', async () => {
  await using at = await started({ topics: [{ filter: 'later/#', whenNobody: 'hold' }] })
  await at.publish('later/1')
  at.running.advanceBy(5)
  const late = await at.running.client(5, { clientIdentifier: 'late', properties: { sessionExpiryInterval: 60 } })
  await late.subscribe('later/#', { qos: 1 })
  const { packetId } = await late.next('publish')
  late.send({ type: 'puback', packetId, reasonCode: 0, properties: {} })
  await late.quiet()
  const { stdout } = await runPabal(at.url, 'trace', '--topic', 'later/#', '--once')
  assert.match(
    stdout,
    /^.* held .*, rule later\/#\) {2}stored after [\d.]+ ms\n.* routed .*\) {2}after 5 s; late acknowledged.*\n$/,
  )
})

test('pabal trace --json prints the entries of a Topic Filter behind an id', async () => {
  await using at = await started()
  for (const topicName of ['read/1', 'unread', 'read/2', 'read/3']) await at.publish(topicName)
  const { stdout } = await runPabal(at.url, 'trace', '--topic', 'read/#', '--json', '--once', '--since', '1')
  const entries = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    entries.map(({ id, topicName, fate, matched }) => [id, topicName, fate, matched]),
    [
      [3, 'read/2', 'routed', 1],
      [4, 'read/3', 'routed', 1],
    ],
  )
})

test('pabal trace goes on with what comes, and ends when told to', async () => {
  await using at = await started()
  await at.publish('read/1')
  const traced = startPabal(at.url, 'trace', '--topic', '#', '--count', '3')
  await traced.printed(/read\/1/)
  await at.publish('read/2')
  await at.publish('unread')
  const { stdout, exitCode } = await traced.ended
  assert.equal(exitCode, 0)
  assert.match(stdout, /read\/1.*reader acknowledged.*\n.*read\/2.*reader acknowledged.*\n.*unmatched.*unread.*\n$/)
  const stopped = startPabal(at.url, 'trace', '--topic', 'unread')
  await stopped.printed(/unread/)
  stopped.process.kill('SIGINT')
  assert.equal((await stopped.ended).exitCode, 0)
  assert.equal((await runPabal(at.url, 'trace', '--topic', 'nothing', '--for', '0.1')).exitCode, 0)
})

test('pabal trace says how many messages the log did not take, and what it does not remember', async () => {
  await using at = await started({ limits: { fateLogPerSecondMax: 5, fateLogMessagesMax: 3 } })
  for (let number = 0; number < 20; number++) await at.publish(`unread/${number}`, 0)
  await at.publisher.quiet()
  const { stdout, stderr } = await runPabal(at.url, 'trace', '--topic', '#', '--once')
  const { length } = stdout.trimEnd().split('\n')
  assert.equal(length, 3)
  assert.match(stderr, /^The log begins with entry \d+\.\n\d+ messages more not shown: too many came in a second/)
  const later = await runPabal(at.url, 'trace', '--topic', '#', '--once', '--since', '5000')
  assert.match(later.stderr, /The log ends before entry 5,000: the broker has been started again/)
})

test('pabal trace and pabal ledger need the permission to observe, and say so', async () => {
  await using running = await startTestBroker({ authenticate: () => true })
  for (const args of [['trace', '--topic', 'a', '--once'], ['ledger']]) {
    const [verb = '', ...rest] = args
    const { stderr, exitCode } = await runPabal(running.url, verb, ...rest, '-u', 'somebody', '-P', 'secret')
    assert.equal(exitCode, 1)
    assert.match(stderr, /permission "observe" for "(?:a|#)"/)
  }
})

test('pabal trace without a Topic Filter is about all messages, and --fate about those with that fate', async () => {
  await using at = await started()
  await at.publish('read/1')
  await at.publish('unread/1')
  const names = async (...flags: string[]) => {
    const { stdout } = await runPabal(at.url, 'trace', '--once', '--json', ...flags)
    return stdout.match(/(?<="topicName":")[^"]+/g)
  }
  assert.deepEqual(await names(), ['read/1', 'unread/1'])
  assert.deepEqual(await names('--fate', 'unmatched'), ['unread/1'])
  assert.deepEqual(await names('--fate', 'unmatched, acknowledged'), ['read/1', 'unread/1'])
  const { stderr, exitCode } = await runPabal(at.url, 'trace', '--once', '--fate', 'unmached')
  assert.deepEqual([exitCode, /do +did you mean unmatched\?/.test(stderr)], [1, true])
})

test('the log is there over MQTT 3.1.1, too', async () => {
  await using at = await started()
  await at.publish('unread')
  const client = await at.running.client(4)
  await client.subscribe('$pabal/trace/1/reply')
  const ask = async (fields: object) => {
    client.publish({ topicName: '$pabal/trace/1', payload: Buffer.from(JSON.stringify(fields)) })
    return JSON.parse(String((await client.next('publish')).payload))
  }
  const { entries, firstId, lastId, leftOut } = await ask({ topic: '#' })
  assert.deepEqual([entries.length, entries[0].topicName, firstId, lastId, leftOut], [1, 'unread', 1, 1, 0])
  assert.deepEqual((await ask({ topic: '#', after: 1 })).entries, [])
  assert.match((await ask({ topic: 'a/#/b' })).error.expected, /Topic Filter/)
})

test('pabal ledger shows both equations, and the messages under each rule', async () => {
  await using at = await started()
  await at.publish('read/1')
  await at.publish('unread')
  await at.publish('unread', 0)
  await at.publisher.quiet()
  const { stdout, exitCode } = await runPabal(at.url, 'ledger')
  assert.equal(exitCode, 0)
  const [messages, fates, copies, ends] = stdout.split('\n')
  assert.match(messages ?? '', /^Messages {2}\d+ received( \+ \d+ made by the broker)? = \d+$/)
  assert.match(fates ?? '', /^ {10}\d+ routed \+ 2 unmatched = \d+ {3}adds up$/)
  assert.match(copies ?? '', /^Copies {4}\d+ made for clients$/)
  assert.match(ends ?? '', / acknowledged.* = \d+ {3}adds up$/)
  const [, heading = '', rule = ''] = /\n\n(.*)\n(.*)\n/.exec(stdout) ?? []
  assert.match(heading, /^RULE +WHEN NOBODY LISTENS +RECEIVED/)
  assert.deepEqual(rule.split(/ +/), ['#', 'report', '3', '0', '1', '0', '2', '0', '0', '0', '0', '0', 'yes'])
})

test('pabal ledger --json and the ledger of the library are the same', async () => {
  await using at = await started()
  await at.publish('read/1')
  await at.publish('unread')
  const { stdout } = await runPabal(at.url, 'ledger', '--json')
  const { messages, copies, rules } = JSON.parse(stdout)
  const own = at.broker.ledger()
  assert.deepEqual(rules[0], own.rules[0])
  assert.deepEqual([messages.addsUp, copies.addsUp, own.messages.addsUp, own.copies.addsUp], [true, true, true, true])
  assert.deepEqual(Object.keys(copies.fates), Object.keys(own.copies.fates))
  assert.equal(own.rules[0]?.received, 2)
})

test('the page of fates has every one of them', async () => {
  await using at = await started()
  const page = readFileSync(new URL('../../docs/operating/trace-and-ledger.md', import.meta.url), 'utf8')
  const { messages, copies } = at.broker.ledger()
  for (const fate of [...Object.keys(messages.fates), ...Object.keys(copies.fates)]) {
    assert.ok(page.includes(`| \`${fate}\` |`), fate)
  }
})

test('pabal trace --client has what that client published or got', async () => {
  await using at = await started()
  await at.publish('read/1')
  await at.publish('unread/1')
  const lines = async (client: string) => {
    const { stdout } = await runPabal(at.url, 'trace', '--topic', '#', '--once', '--json', '--client', client)
    return stdout
      .trimEnd()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line).topicName)
  }
  assert.deepEqual(await lines('reader'), ['read/1'])
  assert.deepEqual(await lines('p"\u202e'), ['read/1', 'unread/1'])
  assert.deepEqual(await lines('nobody'), [])
})
