/**
 * What CONNECT says of the Session: MQTT 5.0 sections 3.1.2.4 and 3.1.2.11.2, MQTT 3.1.1 section 3.1.2.4.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { patient, startTestBroker, type TestBroker } from '../support/test-broker.ts'
import type { ConnectFields, WireClient } from '../support/wire-client.ts'

const versions: readonly (4 | 5)[] = [4, 5]
const hour = 3600

/** A Session that stays: Clean Start or CleanSession 0, and in 5.0 an hour to come back. */
function staying(version: 4 | 5): ConnectFields {
  const properties = version === 5 ? { sessionExpiryInterval: hour } : {}
  return { clientIdentifier: `c${version}`, cleanStart: false, properties }
}

/** Connects and says whether a Session was there. */
async function connect(broker: TestBroker, version: 4 | 5, fields: ConnectFields): Promise<[WireClient, boolean]> {
  const client = await broker.open(version)
  const { reasonCode, sessionPresent } = await client.connect(fields)
  assert.equal(reasonCode, 0)
  return [client, sessionPresent]
}

/**
 * Leaves a Session that holds one of everything: a Subscription to `a`, message `1` sent and not acknowledged, `2` waiting
 * since the client is away, and the client's own QoS 2 message 9 without PUBREL.
 */
async function leaveFullSession(broker: TestBroker, version: 4 | 5): Promise<void> {
  using client = await broker.client(version, staying(version))
  assert.equal(await client.subscribe('a', { qos: 1 }), 1)
  client.publish({ topicName: 'elsewhere', qos: 2, packetId: 9 })
  await client.next('pubrec')
  await broker.broker.publish({ topicName: 'a', payload: '1' })
  assert.equal((await client.message()).text, '1')
  await client.leave()
  await broker.broker.publish({ topicName: 'a', payload: '2' })
}

/** Nothing of the full Session is there. */
async function isEmpty(broker: TestBroker, client: WireClient): Promise<void> {
  assert.deepEqual(await broker.broker.publish({ topicName: 'a', payload: '3' }), { reasonCode: 0x10, matched: 0 })
  await client.quiet()
}

/** Sees whether the client's QoS 2 message 9 still waits for its PUBREL: only then is it a repetition. */
async function knowsPacketId9(broker: TestBroker, client: WireClient): Promise<boolean> {
  const before = broker.broker.tally.received
  client.publish({ topicName: 'elsewhere', qos: 2, packetId: 9, dup: true })
  await client.next('pubrec')
  return broker.broker.tally.received === before
}

test('[MQTT-3.1.2-4] [MQTT3-3.1.2-6] Clean Start throws the earlier Session away with all that was in it', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    await leaveFullSession(broker, version)
    const [client, sessionPresent] = await connect(broker, version, { ...staying(version), cleanStart: true })
    using _client = client
    assert.equal(sessionPresent, false)
    await isEmpty(broker, client)
    assert.equal(await knowsPacketId9(broker, client), false)
  }
})

test('[MQTT-3.1.2-4] Clean Start begins a Session that stays if its expiry says so', async () => {
  await using broker = await startTestBroker()
  using first = await broker.client(5, { ...staying(5), cleanStart: true })
  await first.subscribe('a')
  await first.leave()
  const [again, sessionPresent] = await connect(broker, 5, staying(5))
  using _again = again
  assert.equal(sessionPresent, true)
  await broker.broker.publish({ topicName: 'a', payload: 'x' })
  assert.equal((await again.message()).text, 'x')
})

test('[MQTT3-3.1.2-6] a Session of CleanSession 1 lasts as long as its connection and is never used again', async () => {
  await using broker = await startTestBroker()
  for (const isLost of [false, true]) {
    using first = await broker.client(4, { ...staying(4), cleanStart: true })
    await first.subscribe('a')
    if (isLost) await broker.lose(first)
    else await first.leave()
    const [again, sessionPresent] = await connect(broker, 4, staying(4))
    using _again = again
    assert.equal(sessionPresent, false)
    await isEmpty(broker, again)
    await again.leave()
    // Away with the Session of the second connection.
    using last = await broker.client(4, { ...staying(4), cleanStart: true })
    await last.leave()
  }
})

test('[MQTT-3.1.2-5] [MQTT3-3.1.2-4] without Clean Start the stored Session goes on with all that was in it', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    await leaveFullSession(broker, version)
    const [client, sessionPresent] = await connect(broker, version, staying(version))
    using _client = client
    assert.equal(sessionPresent, true)
    const sent = await client.message()
    const waiting = await client.message()
    assert.deepEqual([sent.text, sent.dup, waiting.text, waiting.dup], ['1', true, '2', false])
    await broker.broker.publish({ topicName: 'a', payload: '3' })
    assert.equal((await client.message()).text, '3')
    assert.equal(await knowsPacketId9(broker, client), true)
    await client.leave()
    using last = await broker.client(version, { ...staying(version), cleanStart: true })
    await last.leave(0, version === 5 ? { sessionExpiryInterval: 0 } : {})
  }
})

test('[MQTT-3.1.2-5] [MQTT3-3.1.2-4] a Session goes on where another connection of it is still open', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    using first = await broker.client(version, staying(version))
    await first.subscribe(`a${version}`)
    const [second, sessionPresent] = await connect(broker, version, staying(version))
    using _second = second
    assert.equal(sessionPresent, true)
    await first.refused(0x8e)
    await broker.broker.publish({ topicName: `a${version}`, payload: 'x' })
    assert.equal((await second.message()).text, 'x')
  }
})

test('[MQTT-3.1.2-6] [MQTT3-3.1.2-4] without Clean Start and without a stored Session a new one begins', async () => {
  await using broker = await startTestBroker()
  for (const version of versions) {
    const [client, sessionPresent] = await connect(broker, version, staying(version))
    using _client = client
    assert.equal(sessionPresent, false)
    await client.subscribe('a', { qos: 0 })
    await broker.broker.publish({ topicName: 'a', payload: 'x' })
    assert.equal((await client.message()).text, 'x')
  }
})

test('[MQTT-3.1.2-6] a Session that has ended is not taken up without Clean Start', async () => {
  await using broker = await startTestBroker()
  using first = await broker.client(5, staying(5))
  await first.subscribe('a')
  await first.leave()
  broker.advanceBy(hour + 10)
  const [second, sessionPresent] = await connect(broker, 5, staying(5))
  using _second = second
  assert.equal(sessionPresent, false)
  await isEmpty(broker, second)
})

test('[MQTT3-3.1.2-4] a Session of CleanSession 0 stays, however long its client is away', async () => {
  await using broker = await startTestBroker()
  for (const isLost of [false, true]) {
    using first = await broker.client(4, staying(4))
    await first.subscribe('a')
    if (isLost) await broker.lose(first)
    else await first.leave()
    broker.advanceBy(1000 * 24 * hour)
    const [again, sessionPresent] = await connect(broker, 4, staying(4))
    using _again = again
    assert.equal(sessionPresent, true)
    await again.leave()
  }
})

test('[MQTT3-3.1.2-5] what comes at QoS 1 and 2 while the client is away is stored, in order', async () => {
  await using broker = await startTestBroker()
  using first = await broker.client(4, staying(4))
  await first.subscribe('a/#', { qos: 2 })
  await first.leave()
  using publisher = await broker.client(4)
  publisher.publish({ topicName: 'a/1', payload: Buffer.from('one'), qos: 1, packetId: 1 })
  publisher.publish({ topicName: 'a/2', payload: Buffer.from('two'), qos: 2, packetId: 2 })
  publisher.publish({ topicName: 'b', payload: Buffer.from('other'), qos: 1, packetId: 3 })
  await publisher.next('puback')
  await publisher.next('pubrec')
  await publisher.next('puback')
  using again = await broker.client(4, staying(4))
  const stored = [await again.message(), await again.message()]
  assert.deepEqual(
    stored.map(({ text, qos }) => [text, qos]),
    [
      ['one', 1],
      ['two', 2],
    ],
  )
  await again.quiet()
})

test('[MQTT3-3.1.2-7] a Retained Message outlives the Session that published it', async () => {
  await using broker = await startTestBroker()
  for (const cleanStart of [true, false]) {
    const topicName = `r/${cleanStart}`
    using client = await broker.client(4, { ...staying(4), cleanStart })
    client.publish({ topicName, payload: Buffer.from('kept'), qos: 1, packetId: 1, retain: true })
    await client.next('puback')
    await client.leave()
    using discarder = await broker.client(4, { ...staying(4), cleanStart: true })
    await discarder.leave()
    using subscriber = await broker.client(4)
    await subscriber.subscribe(topicName)
    assert.equal((await subscriber.message()).text, 'kept')
  }
})

test('[MQTT-3.1.2-23] a Session stays for its Session Expiry Interval after the connection closes, and no longer', async () => {
  await using broker = await startTestBroker()
  for (const isLost of [false, true]) {
    using first = await broker.client(5, { ...staying(5), cleanStart: true })
    await first.subscribe('a')
    if (isLost) await broker.lose(first)
    else await first.leave()
    broker.advanceBy(hour - 10)
    assert.equal((await broker.broker.publish({ topicName: 'a' })).matched, 1)
    broker.advanceBy(20)
    assert.equal((await broker.broker.publish({ topicName: 'a' })).matched, 0)
    const [again, sessionPresent] = await connect(broker, 5, staying(5))
    using _again = again
    assert.equal(sessionPresent, false)
  }
})

test('[MQTT-3.1.2-23] a client that comes back too late finds no Session, even if the broker has not looked at its clock', async () => {
  let nowMs = 0
  await using broker = await startTestBroker({}, { clock: () => nowMs })
  using first = await broker.client(5, staying(5))
  await first.leave()
  nowMs += hour * 1000
  const [again, sessionPresent] = await connect(broker, 5, staying(5))
  using _again = again
  assert.equal(sessionPresent, false)
})

test('[MQTT-3.1.2-23] a Session Expiry Interval of 0, or none, ends the Session with its connection', async () => {
  await using broker = await startTestBroker()
  for (const properties of [{}, { sessionExpiryInterval: 0 }]) {
    using first = await broker.client(5, { ...staying(5), properties })
    await first.subscribe('a')
    await broker.lose(first)
    const [again, sessionPresent] = await connect(broker, 5, { ...staying(5), properties })
    using _again = again
    assert.equal(sessionPresent, false)
    await isEmpty(broker, again)
  }
})

test('[MQTT-3.1.2-23] a Session Expiry Interval of 0xFFFFFFFF keeps the Session for ever', async () => {
  await using broker = await startTestBroker()
  const fields = { ...staying(5), properties: { sessionExpiryInterval: 0xffff_ffff } }
  using first = await broker.client(5, fields)
  await broker.lose(first)
  broker.advanceBy(0xffff_ffff + hour)
  const [again, sessionPresent] = await connect(broker, 5, fields)
  using _again = again
  assert.equal(sessionPresent, true)
})

test('[MQTT-3.1.2-23] the Session Expiry Interval of the last CONNECT counts, and not while connected', async () => {
  await using broker = await startTestBroker(patient)
  using first = await broker.client(5, staying(5))
  await first.leave()
  const longer = { ...staying(5), properties: { sessionExpiryInterval: 3 * hour } }
  const [second] = await connect(broker, 5, longer)
  using _second = second
  broker.advanceBy(2 * hour)
  await second.leave()
  broker.advanceBy(2 * hour)
  const [third, sessionPresent] = await connect(broker, 5, longer)
  using _third = third
  assert.equal(sessionPresent, true)
})
