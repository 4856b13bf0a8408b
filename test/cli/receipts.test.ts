/**
 * `pabal pub --receipt` against a broker of ours: what it says and its exit codes.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import { staying } from '../support/wire-client.ts'
import { makeLinks, runLinkIn, runPabal } from './tools.ts'

const links = makeLinks()
let broker: TestBroker
let words: readonly string[]

before(async () => {
  broker = await startTestBroker()
  words = ['pub', '-h', '127.0.0.1', '-p', new URL(broker.url).port, '-m', 'x']
})

after(async () => {
  links.remove()
  await broker[Symbol.asyncDispose]()
})

test('--receipt waits for the first subscriber that acknowledges, and names it to whoever may observe', async () => {
  using client = await broker.client(5, { clientIdentifier: 'evil \u0007\u009b name' })
  await client.subscribe('a', { qos: 1 })
  const running = runPabal([...words, '-t', 'a', '-q', '1', '--receipt'])
  client.acknowledge('puback', (await client.message()).packetId)
  const { stdout, stderr, code } = await running
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /^delivered to 1 of 1 after \d+ ms\n {2}"evil \\u0007\\u\{9b\} name" after \d+ ms\n$/)
})

test('--receipt=all tells what has become of every copy', async () => {
  using reader = await broker.client(5)
  await reader.subscribe('b', { qos: 2 })
  using leaver = await broker.client(5, { clientIdentifier: 'leaver' })
  await leaver.subscribe('b', { qos: 1 })
  const running = runPabal([...words, '-t', 'b', '-q', '2', '--receipt=all'])
  const { packetId } = await reader.message()
  reader.acknowledge('pubrec', packetId)
  await reader.next('pubrel')
  reader.acknowledge('pubcomp', packetId)
  await leaver.message()
  await leaver.leave()
  const { stdout, code } = await running
  assert.equal(code, 0)
  assert.match(stdout, /^delivered to 1 of 2 after \d+ ms; 1 did not get it \(session-ended\)\n/)
  assert.match(stdout, /"leaver" did not get it: session-ended\n$/)
})

test('--receipt ends with 16 when nobody gets the message, and says why', async () => {
  for (const qos of ['0', '1', '2']) {
    const result = await runPabal([...words, '-t', 'nobody', '-q', qos, '--receipt'])
    assert.deepEqual(result, { stdout: 'nobody: no subscriber (unmatched)\n', stderr: '', code: 16 })
  }
})

test('--receipt waits for as many receipts as there are messages', async () => {
  using reader = await broker.client(5)
  await reader.subscribe('c', { qos: 0 })
  const { stdout, code } = await runPabal([...words, '-t', 'c', '-q', '1', '--repeat', '3', '--receipt'])
  assert.equal(stdout, 'sent to 1 at QoS 0, which nobody acknowledges\n'.repeat(3))
  assert.equal(code, 0)
})

test('--receipt ends with 27 when the time is over', async () => {
  using away = await broker.client(5, staying(5, 'away'))
  await away.subscribe('d', { qos: 1 })
  await broker.lose(away)
  const { stdout, code } = await runPabal([...words, '-t', 'd', '-q', '1', '--receipt', '--receipt-timeout', '1'])
  assert.match(stdout, /^no receipt within 1 s: no subscriber has acknowledged yet/)
  assert.equal(code, 27)
})

test("--receipt needs MQTT 5.0, and Debian's names do not know it", async () => {
  const older = await runPabal([...words, '-t', 'a', '--receipt', '-V', '311'])
  assert.equal(older.code, 1)
  assert.match(older.stderr, /--receipt needs MQTT 5\.0/)
  const dropIn = await runLinkIn(links.directory)('pub', [...words.slice(1), '-t', 'a', '--receipt'])
  assert.match(dropIn.stderr, /Unknown option '--receipt'/)
  const wrong = await runPabal([...words, '-t', 'a', '--receipt=some'])
  assert.match(wrong.stderr, /Unknown option '--receipt=some'/)
  const never = await runPabal([...words, '-t', 'a', '--receipt', '--receipt-timeout', '0'])
  assert.match(never.stderr, /give 1 to 86400 seconds/)
})
