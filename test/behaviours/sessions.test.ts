/**
 * Behaviours brokers get wrong, 25 to 40: Sessions, wills, delivery.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WillMessage } from '../../src/protocol/index.ts'
import { startTestBroker } from '../support/test-broker.ts'

const versions: readonly (4 | 5)[] = [4, 5]
const forever = { sessionExpiryInterval: 0xffff_ffff }

function will(willDelayInterval = 0): WillMessage {
  return { topicName: 'will', payload: Buffer.from('gone'), qos: 1, retain: false, properties: { willDelayInterval } }
}

test('behaviour 25: Session Present is 1 for any stored Session', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    const fields = { clientIdentifier: `kept${version}`, cleanStart: false, properties: version === 5 ? forever : {} }
    using first = await broker.open(version)
    assert.equal((await first.connect(fields)).sessionPresent, false)
    using second = await broker.open(version)
    assert.equal((await second.connect(fields)).sessionPresent, true, 'after a takeover, without Subscriptions')
    await second.subscribe('a')
    second.send({ type: 'disconnect', reasonCode: 0, properties: {} })
    await second.closed()
    using third = await broker.open(version)
    assert.equal((await third.connect(fields)).sessionPresent, true)
  }
})

test('behaviour 26: a taken-over 5.0 client is told 0x8E', async () => {
  await using broker = await startTestBroker()
  using first = await broker.client(5, { clientIdentifier: 'same' })
  using _second = await broker.client(5, { clientIdentifier: 'same' })
  await first.refused(0x8e)
})

test('behaviour 27: takeover publishes the will if nothing of it outlives the change', async () => {
  await using broker = await startTestBroker()
  using watcher = await broker.client(5)
  await watcher.subscribe('will', { qos: 0 })
  const cases = [
    { delay: 0, expiry: 100, cleanStart: false, goesOut: true },
    { delay: 50, expiry: 0, cleanStart: false, goesOut: true },
    { delay: 50, expiry: 100, cleanStart: true, goesOut: true },
    { delay: 50, expiry: 100, cleanStart: false, goesOut: false },
  ]
  for (const [number, { delay, expiry, cleanStart, goesOut }] of cases.entries()) {
    const clientIdentifier = `c${number}`
    const properties = { sessionExpiryInterval: expiry }
    using first = await broker.client(5, { clientIdentifier, properties, will: will(delay) })
    using _second = await broker.client(5, { clientIdentifier, cleanStart, properties })
    await first.refused(0x8e)
    if (goesOut) assert.equal((await watcher.message()).text, 'gone', `case ${number}`)
    else await watcher.quiet()
  }
})

test('behaviour 28: a will whose delay outlasts the Session goes out when the Session ends', async () => {
  await using broker = await startTestBroker()
  using watcher = await broker.client(5)
  await watcher.subscribe('will', { qos: 0 })
  const client = await broker.client(5, {
    clientIdentifier: 'c',
    properties: { sessionExpiryInterval: 1 },
    will: will(100),
  })
  await broker.lose(client)
  await watcher.quiet()
  broker.advanceBy(2)
  assert.equal((await watcher.message()).text, 'gone')
})

test('behaviour 29: coming back within the Will Delay cancels the will', async () => {
  await using broker = await startTestBroker()
  using watcher = await broker.client(5)
  await watcher.subscribe('will', { qos: 0 })
  const fields = { clientIdentifier: 'c', cleanStart: false, properties: { sessionExpiryInterval: 100 } }
  const client = await broker.client(5, { ...fields, will: will(10) })
  await broker.lose(client)
  broker.advanceBy(5)
  using _again = await broker.client(5, fields)
  broker.advanceBy(30)
  await watcher.quiet()
})

test('behaviour 30: DISCONNECT 0x04 publishes the will, others of the client do not', async () => {
  await using broker = await startTestBroker()
  using watcher = await broker.client(5)
  await watcher.subscribe('will', { qos: 0 })
  for (const [version, reasonCode] of [
    [5, 4],
    [5, 0],
    [4, 0],
  ] as const) {
    using client = await broker.client(version, { will: will() })
    client.send({ type: 'disconnect', reasonCode, properties: {} })
    await client.closed()
    if (reasonCode === 4) assert.equal((await watcher.message()).text, 'gone')
    else await watcher.quiet()
  }
})

test('behaviour 31: overlapping Subscriptions give one copy with the highest QoS and all identifiers', async () => {
  await using broker = await startTestBroker()
  using client = await broker.client(5)
  await client.subscribe('a/+', { qos: 1 }, 10)
  await client.subscribe('a/#', { qos: 2 }, 20)
  client.publish({ topicName: 'a/b', payload: Buffer.from('x'), qos: 2, packetId: 9 })
  const packets = [await client.next('publish'), await client.next('pubrec')]
  const [copy] = packets
  assert.ok(copy?.type === 'publish')
  assert.deepEqual([copy.qos, copy.properties.subscriptionIdentifiers?.toSorted()], [2, [10, 20]])
  await client.quiet()
})

test('behaviour 32: a Retained Message sent on SUBSCRIBE has RETAIN 1, the lower QoS, its properties and the identifier', async () => {
  await using broker = await startTestBroker()
  await broker.broker.publish({
    topicName: 'r',
    payload: 'x',
    qos: 2,
    retain: true,
    properties: { contentType: 'text' },
  })
  using client = await broker.client(5)
  await client.subscribe('r', { qos: 1 }, 7)
  const { retain, qos, properties } = await client.message()
  assert.deepEqual([retain, qos, properties], [true, 1, { contentType: 'text', subscriptionIdentifiers: [7] }])
})

test('behaviour 33: Retain Handling decides on first, repeated and re-made Subscriptions', async () => {
  await using broker = await startTestBroker()
  await broker.broker.publish({ topicName: 'r', payload: 'x', qos: 0, retain: true })
  for (const [retainHandling, expected] of [
    [0, [1, 1, 1]],
    [1, [1, 0, 1]],
    [2, [0, 0, 0]],
  ] as const) {
    using client = await broker.client(5, { clientIdentifier: 'c', cleanStart: false, properties: forever })
    const counts: number[] = []
    const subscribe = async () => {
      await client.subscribe('r', { retainHandling })
      client.send({ type: 'pingreq' })
      let count = 0
      while ((await client.nextOf('publish', 'pingresp')).type === 'publish') count += 1
      counts.push(count)
    }
    await subscribe()
    await subscribe()
    client.send({ type: 'unsubscribe', packetId: 5, topicFilters: ['r'], properties: {} })
    await client.next('unsuback')
    await subscribe()
    assert.deepEqual(counts, expected, `Retain Handling ${retainHandling}`)
    client.send({ type: 'unsubscribe', packetId: 6, topicFilters: ['r'], properties: {} })
    await client.next('unsuback')
    assert.equal(await client.subscribe('$share/g/r'), 2)
    await client.quiet()
    using _again = await broker.client(5, { clientIdentifier: 'c', cleanStart: false, properties: forever })
    await _again.quiet()
    client[Symbol.dispose]()
    _again.send({ type: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 0 } })
    await _again.closed()
  }
})

test('behaviour 34: live messages have RETAIN 0 unless Retain As Published', async () => {
  await using broker = await startTestBroker()
  using client = await broker.client(5)
  await client.subscribe('a', { qos: 0 })
  await client.subscribe('b', { qos: 0, retainAsPublished: true })
  await client.subscribe('$share/g/c', { qos: 0 })
  await client.subscribe('$share/g/d', { qos: 0, retainAsPublished: true })
  for (const [topicName, expected] of [
    ['a', false],
    ['b', true],
    ['c', false],
    ['d', true],
  ] as const) {
    await broker.broker.publish({ topicName, payload: 'x', retain: true })
    assert.equal((await client.message()).retain, expected, topicName)
  }
})

test('behaviour 35: the Message Expiry Interval shrinks while a message waits, and ends it', async () => {
  await using broker = await startTestBroker()
  const fields = { clientIdentifier: 'c', cleanStart: false, properties: forever }
  using first = await broker.client(5, fields)
  await first.subscribe('#', { qos: 1 })
  first.send({ type: 'disconnect', reasonCode: 0, properties: {} })
  await first.closed()
  for (const [payload, seconds] of [
    ['now', 0],
    ['soon', 5],
    ['later', 60],
  ] as const) {
    await broker.broker.publish({ topicName: 'm', payload, properties: { messageExpiryInterval: seconds } })
  }
  await broker.broker.publish({
    topicName: 'kept',
    payload: 'x',
    retain: true,
    properties: { messageExpiryInterval: 5 },
  })
  broker.advanceBy(10)
  using second = await broker.client(5, fields)
  const message = await second.message()
  assert.equal(message.text, 'later')
  assert.ok((message.properties.messageExpiryInterval ?? 0) <= 50)
  await second.quiet()
  using third = await broker.client(5)
  await third.subscribe('kept')
  await third.quiet()
})

test('behaviour 36: Receive Maximum holds both ways', async () => {
  await using broker = await startTestBroker({ limits: { receiveMaximum: 2 } })
  using client = await broker.client(5, { properties: { receiveMaximum: 1 } })
  await client.subscribe('a', { qos: 1 })
  for (const payload of ['1', '2']) await broker.broker.publish({ topicName: 'a', payload })
  const one = await client.message()
  await client.quiet()
  client.acknowledge('puback', one.packetId)
  assert.equal((await client.message()).text, '2')
  using greedy = await broker.client(5)
  for (const packetId of [1, 2, 3]) greedy.publish({ topicName: 'x', qos: 2, packetId })
  await greedy.next('pubrec')
  await greedy.next('pubrec')
  await greedy.refused(0x93)
})

test('behaviour 37: Maximum Packet Size holds both ways', async () => {
  await using broker = await startTestBroker({ limits: { packetBytesMax: 100 } })
  using client = await broker.client(5, {
    clientIdentifier: 'c',
    properties: { maximumPacketSize: 20, receiveMaximum: 1 },
  })
  await client.subscribe('a', { qos: 1 })
  await broker.broker.publish({ topicName: 'a', payload: 'x'.repeat(13) })
  await broker.broker.publish({ topicName: 'a', payload: 'x'.repeat(12) })
  const { text } = await client.message()
  assert.equal(text.length, 12, 'a packet of 20 bytes arrives, one of 21 does not and frees its place')
  using large = await broker.client(5)
  large.publish({ topicName: 'x', payload: Buffer.alloc(200) })
  await large.refused(0x95)
})

test('behaviour 38: QoS 2 is delivered once whatever is repeated', async () => {
  await using broker = await startTestBroker()
  using subscriber = await broker.client(5)
  await subscriber.subscribe('a', { qos: 0 })
  using client = await broker.client(5)
  client.publish({ topicName: 'a', qos: 2, packetId: 1 })
  assert.equal((await client.next('pubrec')).reasonCode, 0)
  client.publish({ topicName: 'a', qos: 2, packetId: 1, dup: true })
  assert.equal((await client.next('pubrec')).reasonCode, 0)
  client.acknowledge('pubrel', 1)
  assert.equal((await client.next('pubcomp')).reasonCode, 0)
  client.acknowledge('pubrel', 1, 0)
  assert.equal((await client.next('pubcomp')).reasonCode, 0x92)
  await subscriber.message()
  await subscriber.quiet()
  using refuser = await broker.client(5, { properties: { receiveMaximum: 1 } })
  await refuser.subscribe('b')
  for (const payload of ['1', '2']) await broker.broker.publish({ topicName: 'b', payload, qos: 2 })
  const first = await refuser.message()
  refuser.acknowledge('pubrec', first.packetId, 0x83)
  assert.equal((await refuser.message()).text, '2', 'no PUBREL, and the place is free')
})

test('behaviour 39: a Session that is taken up again resends what is unacknowledged, in order', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    const fields = { clientIdentifier: `c${version}`, cleanStart: false, properties: version === 5 ? forever : {} }
    using first = await broker.client(version, fields)
    await first.subscribe('a')
    for (const [payload, qos] of [
      ['1', 1],
      ['2', 2],
      ['3', 1],
    ] as const) {
      await broker.broker.publish({ topicName: 'a', payload, qos })
    }
    const sent = [await first.message(), await first.message(), await first.message()]
    const second = sent.find((message) => message.qos === 2)
    first.acknowledge('pubrec', second?.packetId ?? 0)
    await first.next('pubrel')
    await first.quiet()
    using again = await broker.client(version, fields)
    const one = await again.message()
    const three = await again.message()
    const released = await again.next('pubrel')
    assert.deepEqual([one.text, one.dup, three.text, three.dup], ['1', true, '3', true])
    assert.deepEqual([one.packetId, three.packetId, released.packetId], [1, 3, 2])
    await again.quiet()
  }
})

test('behaviour 40: matching and Topic Aliases', async () => {
  await using broker = await startTestBroker({ limits: { topicAliasMaximum: 3 } })
  const matches = [
    ['#', '$x/a', false],
    ['+/a', '$x/a', false],
    ['a/#', 'a', true],
    ['+/+', '/a', true],
    ['test/topic/+', 'test/topic/', true],
  ] as const
  for (const [filter, topicName, expected] of matches) {
    using client = await broker.client(5)
    await broker.broker.publish({ topicName, payload: 'kept', retain: true })
    await client.subscribe(filter, { qos: 0, retainHandling: 2 })
    await broker.broker.publish({ topicName, payload: 'x' })
    if (expected) assert.equal((await client.message()).topicName, topicName)
    await client.quiet()
  }
  using client = await broker.client(5)
  await client.subscribe('alias', { qos: 0 })
  client.publish({ topicName: 'alias', payload: Buffer.from('1'), properties: { topicAlias: 1 } })
  client.publish({ topicName: '', payload: Buffer.from('2'), properties: { topicAlias: 1 } })
  assert.deepEqual([(await client.message()).text, (await client.message()).text], ['1', '2'])
  client.publish({ topicName: '', payload: Buffer.from('3'), properties: { topicAlias: 2 } })
  await client.refused(0x82)
  using above = await broker.client(5)
  above.publish({ topicName: 'alias', properties: { topicAlias: 4 } })
  await above.refused(0x94)
  using later = await broker.client(5)
  later.publish({ topicName: '', properties: { topicAlias: 1 } })
  await later.refused(0x82)
})
