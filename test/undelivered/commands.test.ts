/**
 * `pabal held` and `pabal dead`: what waits for a listener is seen, looked at, published again and given up.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { pabal, runPabal } from '../support/pabal-command.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'

const topics = [
  { filter: 'order/#', whenNobody: 'hold' },
  { filter: 'mail/#', whenNobody: 'dead-letter', deadLetterTopicName: 'morgue' },
] as const

/** A broker with two held messages and two dead letters. */
async function withUndelivered(): Promise<TestBroker> {
  const running = await startTestBroker({ store: new MemoryStore(true), topics })
  using client = await running.client(5, { clientIdentifier: 'till\u001b[2J' })
  for (const [index, topicName] of ['order/1', 'order/2', 'mail/1', 'mail/2'].entries()) {
    const payload = Buffer.from(`for ${topicName} \u001b[31m`)
    client.publish({ topicName, payload, qos: 1, packetId: index + 1 })
    assert.equal((await client.next('puback')).reasonCode, 0x10)
  }
  return running
}

async function ids(running: TestBroker, kind: 'held' | 'dead'): Promise<number[]> {
  const { messages } = JSON.parse((await pabal(running, kind, '--json')).out)
  return messages.map(({ id }: { id: number }) => id)
}

test('held lists what waits, with who published it, and nothing of a client moves the cursor', async () => {
  await using running = await withUndelivered()
  const { out, faults, code } = await pabal(running, 'held')
  assert.deepEqual([faults, code], ['', 0])
  const [summary, , headings, ...lines] = out.trimEnd().split('\n')
  assert.match(summary ?? '', /^2 messages \(\d+ B\) held$/)
  assert.match(headings ?? '', /^ *ID +TOPIC +QOS +SIZE +HELD FOR +EXPIRES +PUBLISHER +ACCOUNT$/)
  assert.equal(lines.length, 2)
  assert.match(lines[0] ?? '', /order\/1 +1 +\d+ B +\d s +in \d d +"till\\u001b\[2J" +-$/)
  const others = await pabal(running, 'held', '--client', 'nobody', '--json')
  assert.deepEqual(JSON.parse(others.out).messages, [])
  const filtered = await pabal(running, 'held', 'list', '--filter', 'order/2')
  assert.match(filtered.out, /order\/2/)
  assert.doesNotMatch(filtered.out, /order\/1/)
})

test('show says everything about one of them', async () => {
  await using running = await withUndelivered()
  const [held = 0] = await ids(running, 'held')
  const [dead = 0] = await ids(running, 'dead')
  const one = await pabal(running, 'held', 'show', `${held}`)
  assert.match(one.out, /^Topic: +order\/1$/m)
  assert.match(one.out, /^Payload: +\d+ B: "for order\/1 \\u001b\[31m"$/m)
  const other = await pabal(running, 'dead', 'show', `${dead}`)
  assert.match(other.out, /^Topic: +mail\/1$/m)
  assert.match(other.out, /^Waits on: +morgue$/m)
  assert.match(other.out, /^Because: +no-subscribers$/m)
  assert.equal(JSON.parse((await pabal(running, 'dead', 'show', `${dead}`, '--json')).out).topic, 'mail/1')
  const none = await pabal(running, 'held', 'show', `${dead}`)
  assert.equal(none.code, 1)
  assert.match(none.faults, /found +the id \d+\n +expected +the id of a held message\n/)
})

test('requeue delivers once, and refuses to while nobody listens', async () => {
  await using running = await withUndelivered()
  const refused = await pabal(running, 'dead', 'requeue', '--all')
  assert.equal(refused.code, 16)
  assert.match(refused.out, /^0 messages published again on its own Topic Name, 2 messages not\.$/m)
  assert.match(refused.out, /mail\/1: nobody subscribes to its Topic Name$/m)
  using reader = await running.client(5)
  await reader.subscribe('mail/+', { qos: 1 })
  const [id = 0] = await ids(running, 'dead')
  assert.equal((await pabal(running, 'dead', 'requeue', `${id}`)).code, 0)
  const message = await reader.message()
  assert.deepEqual([message.topicName, message.qos, message.properties.userProperties], ['mail/1', 1, undefined])
  assert.equal((await pabal(running, 'dead', 'requeue', `${id}`)).code, 1)
  assert.equal((await pabal(running, 'dead', 'requeue', '--filter', 'mail/#')).code, 0)
  assert.equal((await reader.message()).topicName, 'mail/2')
  await reader.quiet()
  assert.deepEqual(await ids(running, 'dead'), [])
  assert.equal(running.broker.tally.messages.republished, 2)
})

test('release publishes what is held to a listener whose Session ends with its connection', async () => {
  await using running = await withUndelivered()
  using reader = await running.client(5)
  await reader.subscribe('order/1')
  await reader.quiet()
  const { out, code } = await pabal(running, 'held', 'release', '--all')
  assert.equal(code, 16)
  assert.match(out, /^1 message published to those who listen now, 1 message not\.$/m)
  assert.equal((await reader.message()).topicName, 'order/1')
})

test('drop gives up what is named, and nothing else', async () => {
  await using running = await withUndelivered()
  const [id = 0] = await ids(running, 'held')
  assert.equal((await pabal(running, 'held', 'drop', `${id}`)).out, '1 message given up.\n')
  assert.equal((await ids(running, 'held')).length, 1)
  assert.equal((await pabal(running, 'dead', 'drop', '--all')).out, '2 messages given up.\n')
  assert.deepEqual(await ids(running, 'dead'), [])
  assert.equal(running.broker.tally.messages.droppedByOperator, 3)
})

test('whoever names no message, or two ways of naming them, is told how', async () => {
  await using running = await withUndelivered()
  for (const words of [[], ['7', '--all'], ['--all', '--filter', '#']]) {
    const { code, faults } = await pabal(running, 'held', 'drop', ...words)
    assert.equal(code, 1)
    assert.match(faults, /Say which: an ID, --filter FILTER, or --all, and only one of them\./)
  }
  const unknown = await pabal(running, 'held', 'relase', '1')
  assert.match(unknown.faults, /there is no "relase"; there are list, show, release, drop\./)
  assert.match((await pabal(running, 'held', 'show', 'x')).faults, /The ID is "x"; expected a number of the list\./)
})

test('flags may stand before the word that says what to do, also the place of the broker', async () => {
  await using running = await withUndelivered()
  const at = ['-h', '127.0.0.1', '-p', new URL(running.url).port]
  const [id = 0] = await ids(running, 'held')
  assert.match((await runPabal(['held', ...at, 'show', `${id}`])).out, /^Topic: +order\/1$/m)
  // The value of a flag is no such word.
  assert.match((await runPabal(['held', ...at, '--client', 'show', 'list'])).out, /^2 messages \(\d+ B\) held$/m)
  assert.equal((await runPabal(['held', '--filter', 'order/1', ...at, 'drop'])).out, '1 message given up.\n')
  assert.equal(
    (await runPabal(['dead', ...at, '--all', 'drop', '--json'])).out,
    '{"done":2,"refused":0,"refusals":[]}\n',
  )
})

test('a flag that a word has no use for is not passed over', async () => {
  await using running = await withUndelivered()
  const faults = async (...words: string[]) => (await pabal(running, 'held', ...words)).faults.split('\n')[0]
  assert.equal(await faults('show'), 'Pabal cannot show held messages.')
  assert.equal(await faults('show', '1', '--all'), 'pabal held show takes no --all.')
  assert.equal(await faults('drop', '1', '--client', 'x'), 'pabal held drop takes no --client.')
  assert.equal(await faults('list', '--all'), 'pabal held list: it is all of them without --all.')
  assert.equal(await faults('list', '7'), 'pabal held list takes no ID: pabal held show 7 shows one.')
  assert.deepEqual((await ids(running, 'held')).length, 2)
})

test('who may only observe sees what is held and can do nothing with it', async () => {
  const permissions = { observe: ['watcher'], admin: [] }
  const options = { store: new MemoryStore(true), topics, permissions, authenticate: () => true }
  await using running = await startTestBroker(options)
  await running.broker.publish({ topicName: 'order/1', payload: 'x' })
  const as = (name: string) => ['-u', name, '-P', 'x']
  assert.equal((await pabal(running, 'held', ...as('watcher'))).code, 0)
  const refused = await pabal(running, 'held', 'drop', '--all', ...as('watcher'))
  assert.equal(refused.code, 1)
  assert.match(refused.faults, /permission/)
  assert.equal((await pabal(running, 'held', ...as('stranger'))).code, 1)
  assert.equal(running.broker.tally.messages.held, 1)
})

test('who says what a message would meet now, by which rule, and what waits already', async () => {
  await using running = await withUndelivered()
  const { out, code } = await pabal(running, 'who', 'order/1')
  assert.equal(code, 16)
  assert.match(
    out,
    /^Nobody listens to order\/1: .*\nA message now would be held \(rule order\/#\)\. 1 message \(\d+ B\) held\.\n/,
  )
  assert.match((await pabal(running, 'who', 'x')).out, /\nA message now would be reported, and be gone \(rule #\)\.\n/)
  const { nobody } = JSON.parse((await pabal(running, 'who', 'mail/1', '--json')).out)
  assert.deepEqual(nobody, { whenNobody: 'dead-letter', rule: 'mail/#', held: { messages: 0, bytes: 0 } })
})
