/**
 * Asking a running broker over MQTT: who listens, who may ask, and what is told to whom.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BrokerOptions, sqlite } from '../../src/index.ts'
import { Slices } from '../../src/server/requests/slices.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startTestBroker } from '../support/test-broker.ts'
import { staying } from '../support/wire-client.ts'
import { Asker } from './asker.ts'

const passwords = { authenticate: () => true } as const
const as = (userName: string, clientIdentifier = userName) => ({ userName, clientIdentifier })

for (const version of [4, 5] as const) {
  test(`a client of version ${version} learns who listens: totals and each Subscription`, async () => {
    await using running = await startTestBroker()
    const away = await running.client(version, staying(version, 'away'))
    await away.subscribe('a/+', { qos: 1 })
    await running.lose(away)
    const here = await running.client(version, { clientIdentifier: 'here' })
    await here.subscribe('a/b', { qos: 2 })
    const monitor = await running.client(version, { clientIdentifier: 'monitor' })
    await monitor.subscribe('#', { qos: 0 })
    await running.broker.publish({ topicName: 'a/b', payload: 'x' })
    const asker = await Asker.open(running, version)
    const { totals, subscribers, cursor } = await asker.ask('a/b')
    const { listenersAreExact: _, ...counts } = totals
    const expected = { subscriptions: 3, online: 1, offline: 1, observers: 1, denied: 0, sharedGroups: 0, listeners: 2 }
    assert.deepEqual([counts, cursor], [expected, null])
    const by = new Map(subscribers.map((row) => [row.clientIdentifier, row]))
    const { subscribedAtMs, sinceMs, backlog, ...plain } = by.get('away') ?? {}
    assert.deepEqual(plain, {
      clientIdentifier: 'away',
      account: '',
      topicFilter: 'a/+',
      sharedGroup: null,
      qos: 1,
      noLocal: false,
      observer: false,
      online: false,
      remoteAddress: null,
      inFlight: 0,
      lastAcknowledgedAtMs: null,
      acl: null,
    })
    assert.ok(Number(subscribedAtMs) <= Number(sinceMs))
    assert.partialDeepStrictEqual(backlog, { messages: 1, bytes: 4 })
    assert.partialDeepStrictEqual(by.get('here'), { online: true, qos: 2, inFlight: 1, remoteAddress: here.address })
    assert.partialDeepStrictEqual(by.get('monitor'), { observer: true, topicFilter: '#' })
  })
}

test('the answer is fresh: at once after SUBSCRIBE, a lost connection, an acknowledgement and UNSUBSCRIBE', async () => {
  await using running = await startTestBroker()
  const asker = await Asker.open(running, 5)
  const state = async () => {
    const [row] = (await asker.ask('t')).subscribers
    return row === undefined ? null : [row.online, row.inFlight, row.lastAcknowledgedAtMs !== null]
  }
  const client = await running.client(5, staying(5, 'c'))
  await client.subscribe('t', { qos: 1 })
  assert.deepEqual(await state(), [true, 0, false])
  await running.broker.publish({ topicName: 't' })
  const message = await client.message()
  assert.deepEqual(await state(), [true, 1, false])
  client.acknowledge('puback', message.packetId)
  await client.quiet()
  assert.deepEqual(await state(), [true, 0, true])
  await running.lose(client)
  assert.deepEqual(await state(), [false, 0, true])
  const again = await running.client(5, staying(5, 'c'))
  await again.unsubscribe('t')
  assert.equal(await state(), null)
})

test('the oldest waiting message says since when', async () => {
  await using running = await startTestBroker()
  const away = await running.client(5, staying(5, 'away'))
  await away.subscribe('t', { qos: 1 })
  await running.lose(away)
  await running.broker.publish({ topicName: 't' })
  running.advanceBy(3600)
  await running.broker.publish({ topicName: 't' })
  const asker = await Asker.open(running, 5)
  const { atMs, subscribers } = await asker.ask('t')
  // The broker says what its own types say.
  const backlog = subscribers[0]?.backlog as { messages: number; oldestAtMs: number }
  assert.equal(backlog.messages, 2)
  const seconds = (atMs - backlog.oldestAtMs) / 1000
  assert.ok(seconds >= 3600 && seconds < 3610, `${seconds} s`)
})

test('pages: every Subscription once, and the last page has no cursor', async () => {
  await using running = await startTestBroker()
  const client = await running.client(5, { clientIdentifier: 'c' })
  for (let group = 0; group < 25; group++) await client.subscribe(`$share/g${group}/t`)
  const asker = await Asker.open(running, 5)
  const found: unknown[] = []
  let answer = await asker.ask({ topic: 't', limit: 10 })
  assert.equal(answer.totals.sharedGroups, 25)
  for (;;) {
    found.push(...answer.subscribers.map((row) => row.sharedGroup))
    if (answer.cursor === null) break
    answer = await asker.ask({ cursor: answer.cursor, limit: 10 })
  }
  assert.deepEqual([found.length, new Set(found).size], [25, 25])
})

test('a cursor works once, for a minute, for the request and the connection it was given to', async () => {
  await using running = await startTestBroker()
  const client = await running.client(5)
  for (const filter of ['t', '+', 't/#']) await client.subscribe(filter)
  const asker = await Asker.open(running, 5)
  const cursorOf = async () => (await asker.ask({ topic: 't', limit: 1 })).cursor
  const isRefused = async (from: Asker, cursor: string | null, name = 'who') =>
    (await from.ask({ cursor }, name)).error?.expected.startsWith('the cursor of the last page') === true
  const first = await cursorOf()
  assert.equal(await isRefused(await Asker.open(running, 5), first), true, 'somebody else')
  assert.equal(await isRefused(asker, first, 'subs'), true, 'another request')
  assert.equal(await isRefused(asker, first), false)
  assert.equal(await isRefused(asker, first), true, 'again')
  const late = await cursorOf()
  running.advanceBy(60)
  assert.equal(await isRefused(asker, late), true, 'too late')
  const many = [await cursorOf()]
  for (let count = 0; count < 8; count++) many.push(await cursorOf())
  running.advanceBy(1)
  assert.deepEqual([await isRefused(asker, many[0] ?? ''), await isRefused(asker, many[8] ?? '')], [true, false])
})

test('without the permission the counts are all that is told, and of everything else that it is missing', async () => {
  await using running = await startTestBroker({ ...passwords, permissions: { observe: ['eyes'], admin: ['boss'] } })
  const client = await running.client(5, as('secret'))
  await client.subscribe('t')
  const stranger = await Asker.open(running, 5, as('stranger'))
  const { atMs: _, ...told } = await stranger.ask('t')
  const totals = { subscriptions: 1, online: 1, offline: 0, observers: 0, denied: 0, sharedGroups: 0, listeners: 1 }
  assert.deepEqual(told, {
    type: 'who',
    topic: 't',
    totals: { ...totals, listenersAreExact: true },
    missingPermission: 'observe',
  })
  for (const [name, payload] of [
    ['who', { filter: '#' }],
    ['clients', ''],
    ['session', 'secret'],
    ['subs', ''],
    ['groups', ''],
    ['topics', ''],
  ] as const) {
    const answer = await stranger.ask(payload, name)
    assert.equal(answer.error?.found, 'no permission to observe', name)
    assert.doesNotMatch(JSON.stringify(answer), /secret/)
  }
  assert.equal(await stranger.client.subscribe('$pabal/events/#'), 0x87)
  for (const account of ['eyes', 'boss']) {
    const asker = await Asker.open(running, 5, as(account))
    assert.equal((await asker.ask('t')).subscribers.length, 1, account)
    assert.equal(await asker.client.subscribe('$pabal/events/#', { qos: 0 }), 0)
  }
})

test('where clients log in an account must be named, and where nobody does this machine will do', async () => {
  const isTold = async (options: BrokerOptions) => {
    await using running = await startTestBroker(options)
    const asker = await Asker.open(running, 5, as(''))
    return (await asker.ask('t')).subscribers !== undefined
  }
  assert.equal(await isTold({}), true)
  assert.equal(await isTold({ ...passwords, permissions: { observe: ['somebody'] } }), false)
})

test('authorize decides who may observe what, with the Topic Name that is asked about', async () => {
  const asked: string[] = []
  await using running = await startTestBroker({
    authorize: ({ action, topic }) => {
      if (action !== 'publish' && action !== 'subscribe') asked.push(`${action} ${topic}`)
      return action === 'subscribe' || (action === 'observe' && topic.startsWith('open/'))
    },
  })
  const asker = await Asker.open(running, 5)
  assert.deepEqual((await asker.ask('open/door')).subscribers, [])
  assert.equal((await asker.ask('closed/door')).missingPermission, 'observe')
  assert.equal((await asker.ask({ filter: 'closed/#' })).error?.found, 'no permission to observe')
  assert.equal((await asker.ask('', 'clients')).error?.found, 'no permission to observe')
  assert.deepEqual(asked, ['observe open/door', 'observe closed/door', 'observe closed/#', 'observe #'])
})

test('an answer goes nowhere the client that asks may not publish', async () => {
  await using running = await startTestBroker({
    authorize: ({ action, topic }) => action !== 'publish' || topic === 'mine',
  })
  const victim = await running.client(5, { clientIdentifier: 'victim' })
  await victim.subscribe('theirs')
  await victim.subscribe('$pabal/who/1/reply')
  const asker = await Asker.open(running, 5)
  const to = (responseTopic: string) => asker.send('t', { topicName: '$pabal/who', properties: { responseTopic } })
  assert.deepEqual([await to('theirs'), await to('$SYS/x'), await to('$pabal/events/x')], [0x87, 0x87, 0x87])
  assert.equal(await to('$pabal/who/1/reply'), 0)
  await asker.answer()
  await asker.client.subscribe('mine', { qos: 1 })
  assert.equal(await to('mine'), 0)
  assert.equal((await asker.answer()).type, 'who')
  await victim.quiet()
})

test('what cannot be answered is answered with what is wrong', async () => {
  await using running = await startTestBroker()
  const asker = await Asker.open(running, 5)
  const fault = async (payload: string | object, name?: string) => {
    const { error } = await asker.ask(payload, name)
    return `${error?.found} | ${error?.advice}`
  }
  assert.equal(await fault('t', 'whom'), '"whom" | did you mean who?')
  assert.equal(await fault({ topc: 't' }), '"topc" | did you mean topic?')
  assert.equal(await fault({ topic: 7 }), '{"topic":7} | correct the field "topic"')
  assert.equal(await fault({ topic: 'a/#' }), '{"topic":"a/#"} | correct the field "topic"')
  assert.equal(await fault({ topic: 't', limit: 0 }), '{"limit":0} | correct the field "limit"')
  assert.match(await fault('{"topic":'), /^"\{\\"topic\\":".* \| correct the JSON$/)
  assert.match(await fault('[1]', 'clients'), /\| write the fields as/)
  assert.match(await fault({ __proto__: null, constructor: 1 }, 'clients'), /^"constructor"/)
  assert.match(await fault('{"__proto__": 1}', 'clients'), /^"__proto__"/)
  assert.match(await fault(''), /^no Topic Name/)
  assert.match(await fault('x'.repeat(200_000)), /^200000 bytes/)
  assert.match(await fault('', '__proto__'), /^"__proto__"/)
})

test('hostile names are text in the JSON', async () => {
  await using running = await startTestBroker({ limits: { topicBytesMax: 65_535, connectBytesMax: 200_000 } })
  const names = ['__proto__', '\u0001\u001b[2J"\\', 'x'.repeat(65_535), 'constructor']
  for (const name of names) {
    const client = await running.client(5, { clientIdentifier: name })
    await client.subscribe('t')
    await client.subscribe(`${name.slice(0, 60_000)}/#`)
  }
  const asker = await Asker.open(running, 5)
  const found = (await asker.ask({ topic: 't', limit: 1000 })).subscribers.map((row) => row.clientIdentifier)
  assert.deepEqual(found.sort(), [...names].sort())
  for (const name of names) {
    const { rows } = await asker.ask({ client: name }, 'session')
    assert.equal(rows[0]?.clientIdentifier, name)
    assert.equal(rows[2]?.topicFilter, `${name.slice(0, 60_000)}/#`)
  }
})

test('a client that takes no packet as large as its answer is told so', async () => {
  await using running = await startTestBroker({ limits: { topicBytesMax: 65_535 } })
  const client = await running.client(5)
  await client.subscribe(`t/${'x'.repeat(5000)}`)
  const asker = await Asker.open(running, 5, { properties: { maximumPacketSize: 2000 } })
  assert.match((await asker.ask('', 'subs')).error?.found ?? '', /^an answer of 5\d\d\d bytes$/)
})

test('a restart of the broker loses neither since when a client is away nor how old what waits is', async () => {
  const directory = temporaryDirectory()
  const durable = () => startTestBroker({ store: sqlite(directory) })
  {
    await using running = await durable()
    const away = await running.client(5, { ...staying(5, 'away'), properties: { sessionExpiryInterval: 9999 } })
    await away.subscribe('t', { qos: 1 })
    await running.lose(away)
    running.advanceBy(600)
    await running.broker.publish({ topicName: 't' })
    running.advanceBy(600)
    await running.broker.publish({ topicName: 't' })
  }
  await using running = await durable()
  running.advanceBy(1200)
  const asker = await Asker.open(running, 5)
  const { atMs, subscribers } = await asker.ask('t')
  const [row] = subscribers
  assert.ok(row !== undefined)
  assert.partialDeepStrictEqual(row, { online: false, inFlight: 0, backlog: { messages: 2 } })
  // The broker says what its own types say.
  const { oldestAtMs } = row.backlog as { oldestAtMs: number }
  const seconds = [atMs - Number(row.sinceMs), atMs - oldestAtMs].map((ms) => Math.round(ms / 10_000) * 10)
  assert.deepEqual(seconds, [1200, 600])
})

test('a client that takes small packets gets small pages', async () => {
  await using running = await startTestBroker()
  const client = await running.client(5)
  for (let group = 0; group < 60; group++) await client.subscribe(`$share/g${group}/t`)
  const asker = await Asker.open(running, 5, { properties: { maximumPacketSize: 8192 } })
  let rows = 0
  for (let answer = await asker.ask({ topic: 't', limit: 1000 }); ; ) {
    rows += answer.subscribers.length
    if (answer.cursor === null) break
    answer = await asker.ask({ cursor: answer.cursor, limit: 1000 })
  }
  assert.equal(rows, 60)
})

test('what 10,000 Topic Filters match is looked for in several turns of the event loop', async (t) => {
  await using running = await startTestBroker({ limits: { subscriptionsPerSessionMax: 20_000 } })
  const levels = Array.from({ length: 14 }, (_, at) => `l${at}`)
  const filterOf = (bits: number) => levels.map((level, at) => ((bits >> at) & 1 ? '+' : level)).join('/')
  const subscriber = await running.client(5, { clientIdentifier: 'subscriber' })
  const options = { qos: 2, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
  for (let bits = 0; bits < 10_000; bits++) {
    const subscriptions = [{ ...options, topicFilter: filterOf(bits) }]
    subscriber.send({ type: 'subscribe', packetId: 77, subscriptions, properties: {} })
  }
  // Another connection's packets wait for none of these.
  for (let bits = 0; bits < 10_000; bits++) await subscriber.next('suback')
  const asker = await Asker.open(running, 5)
  const turn = t.mock.method(Slices.prototype, 'turn')
  await asker.ask('nothing')
  const few = turn.mock.callCount()
  const { totals } = await asker.ask(levels.join('/'))
  assert.equal(totals.subscriptions, 10_000)
  assert.equal(turn.mock.callCount() - few, few + 2)
})
