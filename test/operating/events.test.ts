/**
 * Every event reaches the clients that subscribe to it, and says what its page says.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { eventTopicNames } from '../../src/core/event-topics.ts'
import { startTestBroker } from '../support/test-broker.ts'
import { staying, type WireClient } from '../support/wire-client.ts'
import { anyId, anyText, cases, type Fields, payload, publishFrom } from './event-cases.ts'

function matches(event: Fields, expected: Fields): boolean {
  const names = Object.keys(expected)
  if (Object.keys(event).length !== names.length) return false
  return names.every((name) => {
    const wanted = expected[name]
    if (wanted === anyId) return Number.isSafeInteger(event[name]) && Number(event[name]) >= 1
    return wanted === anyText ? typeof event[name] === 'string' && event[name] !== '' : event[name] === wanted
  })
}

/** The next event that is as expected; those of the watcher itself and of what led there are passed over. */
async function find(watcher: WireClient, expected: Fields): Promise<void> {
  const seen: string[] = []
  for (;;) {
    const { payload, qos, packetId } = await watcher.next('publish').catch((error) => {
      throw new Error(`${error.message}; came: ${seen.join('\n')}`)
    })
    assert.equal(qos, 1)
    watcher.send({ type: 'puback', packetId, reasonCode: 0, properties: {} })
    seen.push(String(payload))
    const { atMs, ...event }: Fields = JSON.parse(String(payload))
    assert.equal(typeof atMs, 'number')
    if (matches(event, expected)) return
  }
}

for (const { event, options, act, expected } of cases) {
  const reason = typeof expected.reason === 'string' ? ` (${expected.reason})` : ''
  test(`${event}${reason} is published to whoever subscribes to it`, async () => {
    await using running = await startTestBroker(options)
    const watcher = await running.client(5, { clientIdentifier: 'watcher', userName: 'watcher' })
    assert.equal(await watcher.subscribe(`$pabal/events/${event}`, { qos: 1 }), 1)
    await act(running)
    await find(watcher, expected)
  })
}

const page = readFileSync(new URL('../../docs/operating/events.md', import.meta.url), 'utf8')

test('each event has a row in its page, with the fields it has', () => {
  for (const { event, expected } of cases) {
    const [, fields = ''] = new RegExp(`^\\| \`${event}\` \\|.*\\| (.*) \\|$`, 'm').exec(page) ?? []
    for (const name of Object.keys(expected)) {
      if (name !== 'type') assert.ok(fields.includes(`\`${name}\``), `${name} of ${event}`)
    }
  }
  for (const topicName of Object.values(eventTopicNames)) {
    const isSeen = cases.some(({ event }) => topicName === `$pabal/events/${event}`)
    assert.ok(topicName === null || isSeen, `${topicName} has a test`)
    if (topicName !== null) assert.ok(page.includes(`| \`${topicName.slice('$pabal/events/'.length)}\` |`), topicName)
  }
})

test('a client whose text is hostile cannot get it into a Topic Name, and it arrives as text', async () => {
  const hostile = '__proto__"\u202e/+#\\\u200b<script>'
  await using running = await startTestBroker()
  const watcher = await running.client(5)
  await watcher.subscribe('$pabal/events/#', { qos: 1 })
  const client = await running.client(5, { clientIdentifier: hostile })
  client.publish({ topicName: 'a"\\\u202e', payload, qos: 0 })
  const topicNames = new Set<string>()
  for (;;) {
    const { topicName, payload: told, packetId } = await watcher.next('publish')
    watcher.send({ type: 'puback', packetId, reasonCode: 0, properties: {} })
    topicNames.add(topicName)
    const event = JSON.parse(String(told))
    if (event.type !== 'messageUnmatched') continue
    assert.deepEqual([event.clientIdentifier, event.topicName], [hostile, 'a"\\\u202e'])
    break
  }
  for (const topicName of topicNames) assert.ok(Object.values(eventTopicNames).includes(topicName), topicName)
})

test('a flood of messages nobody reads leaves the events bounded, and one says how many were left out', async () => {
  await using running = await startTestBroker({ limits: { messageEventsPerSecondMax: 20 } })
  const watcher = await running.client(5)
  await watcher.subscribe('$pabal/events/message/unmatched', { qos: 1 })
  await watcher.subscribe('$pabal/events/overflow', { qos: 1 })
  const client = await running.client(5)
  const count = 5000
  for (let number = 0; number < count; number++) client.publish({ topicName: `nobody/${number}`, payload, qos: 0 })
  await client.quiet()
  const { made } = running.broker.tally
  assert.ok(made < count / 10, `${made} events`)
  running.advanceBy(1)
  let told = 0
  let leftOut = 0
  while (told + leftOut < count) {
    const { payload: text, packetId } = await watcher.next('publish')
    watcher.send({ type: 'puback', packetId, reasonCode: 0, properties: {} })
    const event = JSON.parse(String(text))
    if (event.type === 'eventsLeftOut') leftOut += event.count
    else told += 1
  }
  assert.equal(told + leftOut, count)
})

test('nothing is made for events while nobody subscribes to one', async () => {
  await using running = await startTestBroker()
  await publishFrom(running)
  assert.equal(running.broker.tally.made, 0)
})

test('code in this process hears of a message, too', async () => {
  await using running = await startTestBroker()
  const heard = running.event('messageUnmatched', ({ topicName }) => topicName === 'a/b')
  await publishFrom(running)
  await heard
})

test('events of a client that is away push nothing else out of its queue, and make no further ones', async () => {
  const limits = { sessionQueueMessagesMax: 3 }
  await using running = await startTestBroker({ limits, whenQueueFull: 'drop-oldest' })
  const watcher = await running.client(5, staying(5, 'watcher'))
  await watcher.subscribe('a/b', { qos: 1 })
  await watcher.subscribe('$pabal/events/message/unmatched', { qos: 1 })
  await watcher.subscribe('$pabal/events/copy/#', { qos: 1 })
  await running.lose(watcher)
  await publishFrom(running)
  const client = await running.client(5)
  for (let number = 0; number < 50; number++) client.publish({ topicName: 'nobody', payload, qos: 0 })
  await client.quiet()
  const { made, copies } = running.broker.tally
  assert.ok(made <= 50 && copies.droppedQueueFull === made - 2, `${made} events, ${copies.droppedQueueFull} dropped`)
  const back = await running.open(5)
  await back.connect(staying(5, 'watcher'))
  assert.equal((await back.next('publish')).topicName, 'a/b')
})

test('code in this process may subscribe to events as clients do', async () => {
  await using running = await startTestBroker({ authenticate: () => true })
  const told = Promise.withResolvers<string>()
  await running.broker.subscribe('$pabal/events/message/#', {}, ({ topicName, payload: text }) => {
    told.resolve(`${topicName} ${JSON.parse(String(text)).topicName}`)
  })
  await publishFrom(running)
  assert.equal(await told.promise, '$pabal/events/message/unmatched a/b')
})
