/**
 * The other things that can be asked, code that asks, and what a publisher is told of its message.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestBroker } from '../support/test-broker.ts'
import { staying } from '../support/wire-client.ts'
import { Asker } from './asker.ts'

test('clients, one Session, Subscriptions and Topic Names are listed', async () => {
  await using running = await startTestBroker()
  const away = await running.client(4, staying(4, 'away'))
  await away.subscribe('sensors/+', { qos: 1 })
  await running.lose(away)
  const properties = { sessionExpiryInterval: 60, receiveMaximum: 7 }
  const here = await running.client(5, { clientIdentifier: 'here', keepAliveSeconds: 90, properties })
  await here.subscribe('$share/g/sensors/#', { qos: 0 })
  for (let count = 0; count < 3; count++) await running.broker.publish({ topicName: 'sensors/1', qos: 0 })
  await running.broker.publish({ topicName: 'other' })
  for (let count = 0; count < 3; count++) await here.message()
  const asker = await Asker.open(running, 5, { clientIdentifier: 'asker' })

  const offline = await asker.ask({ presence: 'offline' }, 'clients')
  assert.partialDeepStrictEqual(offline.clients, [
    { clientIdentifier: 'away', protocolVersion: null, sessionExpirySeconds: null, endsAtMs: null, subscriptions: 1 },
  ])
  const { clients } = await asker.ask('', 'clients')
  assert.deepEqual(clients.map((row) => row.clientIdentifier).sort(), ['asker', 'away', 'here'])

  const { rows } = await asker.ask('here', 'session')
  assert.partialDeepStrictEqual(rows, [
    { kind: 'session', clientIdentifier: 'here', protocolVersion: 5, sessionExpirySeconds: 60, online: true },
    { kind: 'subscription', topicFilter: 'sensors/#', sharedGroup: 'g', qos: 0 },
  ])
  assert.partialDeepStrictEqual(rows, [{ keepAliveSeconds: 90, receiveMaximum: 7, undelivered: 0 }, {}])
  assert.partialDeepStrictEqual(offline.clients, [{ keepAliveSeconds: null, receiveMaximum: null }])
  assert.deepEqual((await asker.ask('nobody', 'session')).rows, [])

  const { subscribers } = await asker.ask('', 'subs')
  const filters = subscribers.map((row) => row.topicFilter).sort()
  assert.deepEqual(filters, ['$pabal/who/1/reply', 'sensors/#', 'sensors/+'])

  assert.deepEqual((await asker.ask('', 'groups')).groups, [
    {
      sharedGroup: 'g',
      topicFilter: 'sensors/#',
      members: 1,
      online: 1,
      inFlight: 0,
      backlog: { messages: 0, bytes: 0 },
    },
  ])

  const { topics } = await asker.ask('sensors/#', 'topics')
  assert.partialDeepStrictEqual(topics, [{ topic: 'sensors/1', messages: 3, totals: { online: 1, offline: 1 } }])
  assert.equal((await asker.ask('', 'topics')).topics.length, 2)
})

test('Sessions are found by a part of the Client Identifier, by account and by presence, all of it together', async () => {
  await using running = await startTestBroker({ authenticate: () => true, permissions: { observe: ['ops'] } })
  const asker = await Asker.open(running, 5, { clientIdentifier: 'asker', userName: 'ops' })
  for (const [userName, clientIdentifier] of [
    ['shop', 'Pump-1'],
    ['shop', 'door.1'],
    ['plant', 'old-pump'],
  ] as const) {
    const client = await running.client(5, { ...staying(5, clientIdentifier), userName })
    if (clientIdentifier === 'old-pump') await running.lose(client)
  }
  const found = async (fields: object) => {
    const { clients, error } = await asker.ask(fields, 'clients')
    return error?.expected ?? clients.map(({ clientIdentifier }) => clientIdentifier)
  }
  assert.deepEqual(await found({ like: 'pump' }), ['Pump-1', 'old-pump'])
  assert.deepEqual(await found({ like: '.1' }), ['door.1'])
  assert.deepEqual(await found({ like: 'PUMP', account: 'plant' }), ['old-pump'])
  assert.deepEqual(await found({ account: 'shop' }), ['Pump-1', 'door.1'])
  assert.deepEqual(await found({ like: 'pump', presence: 'online' }), ['Pump-1'])
  assert.deepEqual(await found({ like: 'nothing' }), [])
  assert.match(`${await found({ like: 'pump', backlogs: 5 })}`, /without "presence", "like" and "account"/)
})

test('a Session says how many messages ended without reaching it', async () => {
  await using running = await startTestBroker()
  const away = await running.client(5, staying(5, 'away'))
  await away.subscribe('t', { qos: 0 })
  await running.broker.publish({ topicName: 't' })
  await away.message()
  await running.lose(away)
  const asker = await Asker.open(running, 5, { clientIdentifier: 'asker' })
  const undelivered = async () => (await asker.ask('away', 'session')).rows[0]?.undelivered
  assert.equal(await undelivered(), 0)
  await running.broker.publish({ topicName: 't' })
  assert.equal(await undelivered(), 1)
})

test('who asks about a Topic Filter: the Subscriptions that overlap with it, or those to it exactly', async () => {
  await using running = await startTestBroker()
  const client = await running.client(5)
  for (const filter of ['a/b', 'a/+', 'c', '$share/g/a/+', '#']) await client.subscribe(filter)
  const asker = await Asker.open(running, 5)
  const filters = async (payload: object) => {
    const { subscribers } = await asker.ask(payload)
    return subscribers.map((row) => `${row.sharedGroup ?? ''} ${row.topicFilter}`).sort()
  }
  assert.deepEqual(await filters({ filter: 'a/#' }), [' #', ' a/+', ' a/b', 'g a/+'])
  assert.deepEqual(await filters({ filter: 'a/+', exact: true }), [' a/+', 'g a/+'])
  assert.deepEqual(await filters({ filter: '$share/x/c' }), [' #', ' c'])
})

test('code asks with subscribers and listeners', async () => {
  await using running = await startTestBroker()
  const { broker } = running
  await broker.subscribe('t/+', { qos: 1 }, () => {})
  const client = await running.client(5, { clientIdentifier: 'c' })
  await client.subscribe('t/1', { noLocal: true })
  const subscribers = await broker.subscribers('t/1')
  assert.deepEqual(subscribers.map((row) => [row.topicFilter, row.qos, row.noLocal]).sort(), [
    ['t/+', 1, false],
    ['t/1', 2, true],
  ])
  assert.equal(broker.listeners('t/1').listeners, 2)
  assert.equal(broker.listeners('t/2').listeners, 1)
  await assert.rejects(broker.subscribers('t/#'), /cannot say who listens to "t\/#": the Topic Name holds "#"/)
})

test('a 5.0 publisher that asks for counts gets them with PUBACK and PUBREC', async () => {
  await using running = await startTestBroker()
  const away = await running.client(5, staying(5, 'away'))
  await away.subscribe('t', { qos: 1 })
  await running.lose(away)
  const here = await running.client(5)
  await here.subscribe('+', { qos: 0 })
  const publisher = await running.client(5)
  const properties = { userProperties: [['pabal-report', 'counts']] } as const
  const counts = [
    ['matched', '2'],
    ['online', '1'],
    ['offline', '1'],
    ['held', '0'],
  ]
  publisher.publish({ topicName: 't', qos: 1, packetId: 1, properties })
  assert.deepEqual((await publisher.next('puback')).properties.userProperties, counts)
  publisher.publish({ topicName: 't', qos: 2, packetId: 2, properties })
  assert.deepEqual((await publisher.next('pubrec')).properties.userProperties, counts)
  publisher.publish({ topicName: 't', qos: 1, packetId: 3 })
  assert.equal((await publisher.next('puback')).properties.userProperties, undefined)
  publisher.publish({ topicName: 'nobody/here', qos: 1, packetId: 4, properties })
  const { reasonCode, properties: told } = await publisher.next('puback')
  assert.deepEqual([reasonCode, told.userProperties?.[0]], [0x10, ['matched', '0']])
})

test('a message that may not be published is refused without counts, and one that nobody wants with them', async () => {
  await using running = await startTestBroker({
    authorize: ({ topic }) => topic !== 'secret',
    topics: [{ filter: 'wanted/#', whenNobody: 'reject' }],
  })
  const publisher = await running.client(5)
  const properties = { userProperties: [['pabal-report', 'counts']] } as const
  publisher.publish({ topicName: 'secret', qos: 1, packetId: 1, properties })
  const secret = await publisher.next('puback')
  assert.deepEqual([secret.reasonCode, secret.properties.userProperties], [0x87, undefined])
  publisher.publish({ topicName: 'wanted/by', qos: 1, packetId: 2, properties })
  const wanted = await publisher.next('puback')
  assert.deepEqual([wanted.reasonCode, wanted.properties.userProperties?.[0]], [0x83, ['matched', '0']])
})

test('a publisher that wants no Problem Information gets no counts, and one of 3.1.1 its PUBACK', async () => {
  await using running = await startTestBroker()
  const publisher = await running.client(5, { properties: { requestProblemInformation: false } })
  const properties = { userProperties: [['pabal-report', 'counts']] } as const
  publisher.publish({ topicName: 't', qos: 1, packetId: 1, properties })
  assert.equal((await publisher.next('puback')).properties.userProperties, undefined)
  const older = await running.client(4)
  older.publish({ topicName: 't', qos: 1, packetId: 1 })
  await older.next('puback')
})

test('what is on its way to a client and what waits for it is told to whoever may observe', async () => {
  const permissions = { observe: ['ops'] }
  await using running = await startTestBroker({ authenticate: () => true, permissions })
  const asker = await Asker.open(running, 5, { clientIdentifier: 'asker', userName: 'ops' })
  const slow = await running.client(5, {
    clientIdentifier: 'slow',
    userName: 'shop',
    properties: { receiveMaximum: 1 },
  })
  await slow.subscribe('t', { qos: 1 })
  for (const payload of ['1', '2']) await running.broker.publish({ topicName: 't', payload })
  const inFlight = await asker.ask('slow', 'inflight')
  assert.partialDeepStrictEqual(inFlight, {
    client: 'slow',
    account: 'shop',
    inFlight: { out: 1, in: 0 },
    cursor: null,
  })
  assert.partialDeepStrictEqual(inFlight.messages, [{ topic: 't', waitsFor: 'PUBACK' }])
  const waiting = await asker.ask({ client: 'slow', payload: true }, 'mqueue')
  assert.partialDeepStrictEqual(waiting.messages, [{ topic: 't', payload: '2' }])
  assert.equal((await asker.ask('nobody', 'mqueue')).error?.found, 'no Session of "nobody"')
  const other = await Asker.open(running, 5, { clientIdentifier: 'other', userName: 'shop' })
  for (const name of ['inflight', 'mqueue']) {
    assert.equal((await other.ask('slow', name)).error?.found, 'no permission to observe')
  }
})
