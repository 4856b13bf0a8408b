/**
 * Every event reaches the clients that subscribe to it, and says what its page says.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { eventTopicNames } from '../../src/core/event-topics.ts'
import type { BrokerOptions } from '../../src/index.ts'
import type { PublishFields } from '../../src/protocol/index.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import { staying, type WireClient } from '../support/wire-client.ts'

type Fields = Record<string, unknown>

interface Case {
  readonly event: string
  readonly options?: BrokerOptions
  /** Leads to the event. What it returns is kept open. */
  readonly act: (running: TestBroker) => Promise<unknown>
  /** Fields with the values they must have; `anyText` stands for some. */
  readonly expected: Fields
}

const anyText = Symbol('some text')
const payload = Buffer.from('five!')
const named = { account: '', clientIdentifier: 'c' }
const from = { ...named, remoteAddress: anyText }
const message = { ...named, topicName: 'a/b', qos: 1, retain: false, size: 8, rule: '#', reason: null }
const sentCopy = { ...named, clientIdentifier: 'reader', topicName: 'a/b', qos: 1, size: 8 }

async function publishFrom(running: TestBroker, fields: Partial<PublishFields> = {}): Promise<WireClient> {
  const client = await running.client(5, { clientIdentifier: 'c' })
  client.publish({ topicName: 'a/b', payload, qos: 1, packetId: 1, ...fields })
  if (fields.qos === 0) await client.quiet()
  else await client.next('puback')
  return client
}

/** A reader whose Session stays and which is away. */
async function leaveReader(running: TestBroker, version: 4 | 5 = 5): Promise<void> {
  const reader = await running.client(version, staying(version, 'reader'))
  await reader.subscribe('a/b', { qos: 1 })
  await running.lose(reader)
}

const cases: readonly Case[] = [
  {
    event: 'client/connected',
    act: (running) => running.client(5, { clientIdentifier: 'c' }),
    expected: { type: 'connected', ...from, protocolVersion: 5, sessionPresent: false },
  },
  {
    event: 'client/disconnected',
    act: async (running) => running.lose(await running.client(4, { clientIdentifier: 'c' })),
    expected: { type: 'disconnected', ...from, reasonCode: 0x80, reason: anyText },
  },
  {
    event: 'client/refused',
    options: {
      authenticate: ({ clientIdentifier }) => clientIdentifier !== 'c',
      permissions: { observe: ['watcher'] },
    },
    act: async (running) => {
      const client = await running.open(5)
      assert.equal((await client.connect({ clientIdentifier: 'c' })).reasonCode, 0x86)
    },
    expected: {
      type: 'refused',
      clientIdentifier: 'c',
      remoteAddress: anyText,
      reasonCode: 0x86,
      reason: 'User Name or Password is wrong',
    },
  },
  {
    event: 'client/subscribed',
    act: async (running) => {
      const client = await running.client(5, { clientIdentifier: 'c' })
      await client.subscribe('x/+', { qos: 1 })
      return client
    },
    expected: { type: 'subscribed', ...from, topicFilter: 'x/+', qos: 1 },
  },
  {
    event: 'client/unsubscribed',
    act: async (running) => {
      const client = await running.client(5, { clientIdentifier: 'c' })
      await client.subscribe('x/+', { qos: 1 })
      client.send({ type: 'unsubscribe', packetId: 9, topicFilters: ['x/+'], properties: {} })
      return client
    },
    expected: { type: 'unsubscribed', ...from, topicFilter: 'x/+' },
  },
  {
    event: 'session/created',
    act: (running) => running.client(5, staying(5, 'c')),
    expected: { type: 'sessionCreated', ...from, expiryInterval: 0xffff_ffff },
  },
  {
    event: 'session/taken-over',
    act: async (running) => {
      const first = await running.client(5, { clientIdentifier: 'c' })
      const second = await running.client(5, { clientIdentifier: 'c' })
      await first.refused(0x8e)
      return second
    },
    expected: { type: 'sessionTakenOver', ...from, formerRemoteAddress: anyText },
  },
  {
    event: 'session/wake',
    options: { topics: [{ filter: 'a/#', wake: true }] },
    act: async (running) => {
      await leaveReader(running, 4)
      return publishFrom(running)
    },
    expected: {
      type: 'wake',
      ...named,
      clientIdentifier: 'reader',
      topicName: 'a/b',
      backlogMessages: 1,
      backlogBytes: 8,
    },
  },
  {
    event: 'session/ended',
    act: async (running) => running.lose(await running.client(5, { clientIdentifier: 'c' })),
    expected: { type: 'sessionEnded', ...named, reason: 'connection-closed', messages: 0 },
  },
  {
    event: 'session/ended',
    act: async (running) => {
      await leaveReader(running)
      await publishFrom(running)
      return running.client(5, { clientIdentifier: 'reader', cleanStart: true })
    },
    expected: { type: 'sessionEnded', account: '', clientIdentifier: 'reader', reason: 'clean-start', messages: 1 },
  },
  {
    event: 'session/ended',
    act: async (running) => {
      const properties = { sessionExpiryInterval: 60 }
      await running.lose(await running.client(5, { clientIdentifier: 'c', properties }))
      running.advanceBy(61)
    },
    expected: { type: 'sessionEnded', ...named, reason: 'expired', messages: 0 },
  },
  {
    event: 'session/wake',
    options: { topics: [{ filter: 'a/#', wake: true }] },
    act: async (running) => {
      await leaveReader(running)
      return publishFrom(running)
    },
    expected: {
      type: 'wake',
      account: '',
      clientIdentifier: 'reader',
      topicName: 'a/b',
      backlogMessages: 1,
      backlogBytes: 8,
    },
  },
  {
    event: 'message/unmatched',
    act: (running) => publishFrom(running),
    expected: { type: 'messageUnmatched', ...message },
  },
  {
    event: 'message/held',
    options: { topics: [{ filter: 'a/#', whenNobody: 'hold' }] },
    act: (running) => publishFrom(running),
    expected: { type: 'messageHeld', ...message, rule: 'a/#' },
  },
  {
    event: 'message/dead-lettered',
    options: { topics: [{ filter: 'a/#', whenNobody: 'dead-letter' }] },
    act: (running) => publishFrom(running),
    expected: { type: 'messageDeadLettered', ...message, rule: 'a/#' },
  },
  {
    event: 'message/expired',
    options: { topics: [{ filter: 'a/#', whenNobody: 'hold', heldSecondsMax: 10 }] },
    act: async (running) => {
      const client = await publishFrom(running)
      running.advanceBy(11)
      return client
    },
    expected: { type: 'messageExpired', ...message, rule: 'a/#', reason: 'after 11 s' },
  },
  {
    event: 'message/dropped',
    options: { topics: [{ filter: 'a/#', whenNobody: 'hold', heldMessagesMax: 1 }] },
    act: async (running) => {
      await publishFrom(running)
      return publishFrom(running, { qos: 0 })
    },
    expected: { type: 'messageDropped', ...message, qos: 0, rule: 'a/#', reason: anyText },
  },
  {
    event: 'message/dropped',
    options: { topics: [{ filter: 'a/#', whenNobody: 'hold' }] },
    act: async (running) => {
      const client = await publishFrom(running)
      client.publish({ topicName: '$pabal/held-drop/1', payload: Buffer.from('{"all":true}') })
      return client
    },
    expected: { type: 'messageDropped', ...message, rule: 'a/#', reason: 'an operator gave it up after 0 s' },
  },
  {
    event: 'message/refused',
    options: { authorize: ({ action }) => action !== 'publish' },
    act: (running) => publishFrom(running),
    expected: { type: 'messageRefused', ...message, reason: 'publishing to this Topic Name is not allowed' },
  },
  {
    event: 'copy/dropped',
    options: { limits: { sessionQueueMessagesMax: 1 }, whenQueueFull: 'drop-newest' },
    act: async (running) => {
      await leaveReader(running)
      await publishFrom(running)
      return publishFrom(running)
    },
    expected: { type: 'copyDropped', ...sentCopy, reason: 'queue-full' },
  },
  {
    event: 'copy/dropped',
    options: { limits: { sessionQueueMessagesMax: 1 }, whenQueueFull: 'dead-letter' },
    act: async (running) => {
      await leaveReader(running)
      await publishFrom(running)
      return publishFrom(running)
    },
    expected: { type: 'copyDropped', ...sentCopy, reason: 'dead-lettered' },
  },
  {
    event: 'copy/dropped',
    act: async (running) => {
      await leaveReader(running)
      return publishFrom(running, { qos: 0 })
    },
    expected: { type: 'copyDropped', ...sentCopy, qos: 0, reason: 'offline' },
  },
  {
    event: 'copy/dropped',
    act: async (running) => {
      const properties = { maximumPacketSize: 100 }
      const reader = await running.client(5, { clientIdentifier: 'reader', properties })
      await reader.subscribe('a/b', { qos: 1 })
      return [reader, await publishFrom(running, { payload: Buffer.alloc(100) })]
    },
    expected: { type: 'copyDropped', ...sentCopy, size: 103, reason: 'too-large' },
  },
  {
    event: 'copy/dropped',
    act: async (running) => {
      await leaveReader(running)
      const client = await running.client(5, { clientIdentifier: 'c' })
      const properties = { messageExpiryInterval: 10 }
      client.publish({ topicName: 'a/b', payload, qos: 1, packetId: 1, properties })
      await client.next('puback')
      running.advanceBy(11)
      return [client, await running.client(5, staying(5, 'reader'))]
    },
    expected: { type: 'copyDropped', ...sentCopy, reason: 'expired' },
  },
  {
    event: 'overflow',
    options: { limits: { messageEventsPerSecondMax: 0 } },
    act: async (running) => {
      const client = await publishFrom(running)
      running.advanceBy(1)
      return client
    },
    expected: { type: 'eventsLeftOut', count: 1 },
  },
]

function matches(event: Fields, expected: Fields): boolean {
  const names = Object.keys(expected)
  if (Object.keys(event).length !== names.length) return false
  return names.every((name) => {
    const wanted = expected[name]
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
