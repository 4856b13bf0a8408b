/**
 * Rules with `acknowledge: 'on-delivery'`, as real clients of both versions see them.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BrokerOptions, createBroker } from '../../src/index.ts'
import { startTestBroker, type TestBroker } from '../support/test-broker.ts'
import { openWire, staying, type WireClient } from '../support/wire-client.ts'

const options = {
  topics: [
    { filter: 'first/#', acknowledge: 'on-delivery', acknowledgeSecondsMax: 60 },
    { filter: 'all/#', acknowledge: 'on-delivery-to-all', acknowledgeSecondsMax: 60 },
  ],
} as const satisfies BrokerOptions

async function subscriber(broker: TestBroker, clientIdentifier: string, qos: 0 | 1 | 2 = 2): Promise<WireClient> {
  const client = await broker.client(5, staying(5, clientIdentifier))
  await client.subscribe('first/1', { qos })
  await client.subscribe('all/1', { qos })
  return client
}

/** Takes a message, through to its end. */
async function take(client: WireClient): Promise<void> {
  const { qos, packetId } = await client.message()
  if (qos === 0) return
  client.acknowledge(qos === 1 ? 'puback' : 'pubrec', packetId)
  if (qos === 1) return
  await client.next('pubrel')
  client.acknowledge('pubcomp', packetId)
}

/** The Reason Code and `pabal-fate` of the next acknowledgement. */
async function answer(client: WireClient, type: 'puback' | 'pubrec'): Promise<string> {
  const { reasonCode, properties } = await client.next(type)
  const fate = properties.userProperties?.find(([name]) => name === 'pabal-fate')?.[1]
  return fate === undefined ? String(reasonCode) : `${reasonCode} ${fate}`
}

for (const version of [4, 5] as const) {
  for (const qos of [1, 2] as const) {
    const type = qos === 1 ? 'puback' : 'pubrec'
    const who = `${type.toUpperCase()}, version ${version}`

    test(`${who}: with an online and an offline subscriber the first is enough, or not`, async () => {
      await using broker = await startTestBroker(options)
      using from = await broker.client(version, { clientIdentifier: 'publisher' })
      using online = await subscriber(broker, 'online')
      const offline = await subscriber(broker, 'offline', 1)
      await broker.lose(offline)
      from.publish({ topicName: 'first/1', qos, packetId: 1 })
      await from.quiet()
      await take(online)
      assert.equal(await answer(from, type), '0')
      from.publish({ topicName: 'all/1', qos, packetId: 2 })
      await take(online)
      await online.quiet()
      await from.quiet()
      using returned = await broker.client(5, staying(5, 'offline'))
      await take(returned)
      await from.quiet()
      await take(returned)
      assert.equal(await answer(from, type), '0')
    })

    test(`${who}: a subscriber that does not come back is waited for until the time is over`, async () => {
      await using broker = await startTestBroker(options)
      using from = await broker.client(version)
      await broker.lose(await subscriber(broker, 'offline'))
      from.publish({ topicName: 'first/1', qos, packetId: 1 })
      await from.quiet()
      broker.advanceBy(59)
      await from.quiet()
      broker.advanceBy(1)
      assert.equal(await answer(from, type), version === 5 ? '0 queued' : '0')
      using returned = await broker.client(5, staying(5, 'offline'))
      await take(returned)
      await from.quiet()
    })

    test(`${who}: when every copy is lost it is given, and 5.0 is told`, async () => {
      await using broker = await startTestBroker(options)
      using from = await broker.client(version)
      using leaver = await broker.client(5)
      await leaver.subscribe('first/1', { qos: 1 })
      from.publish({ topicName: 'first/1', qos, packetId: 1 })
      await leaver.message()
      await leaver.leave()
      assert.equal(await answer(from, type), version === 5 ? '16 session-ended' : '0')
    })

    test(`${who}: other Topic Names of the publisher do not wait`, async () => {
      await using broker = await startTestBroker(options)
      using from = await broker.client(version)
      using to = await subscriber(broker, 'subscriber')
      using another = await broker.client(5)
      await another.subscribe('other', { qos: 1 })
      from.publish({ topicName: 'first/1', qos, packetId: 1 })
      from.publish({ topicName: 'other', qos, packetId: 2 })
      assert.equal((await from.next(type)).packetId, 2)
      await take(to)
      assert.equal((await from.next(type)).packetId, 1)
    })

    test(`${who}: a PUBLISH that is sent again joins the one that waits`, async () => {
      await using broker = await startTestBroker(options)
      using before = await broker.client(version, staying(version, 'publisher'))
      using to = await subscriber(broker, 'subscriber')
      before.publish({ topicName: 'first/1', qos, packetId: 1 })
      const { packetId, qos: granted } = await to.message()
      await broker.lose(before)
      using from = await broker.client(version, staying(version, 'publisher'))
      from.publish({ topicName: 'first/1', qos, packetId: 1, dup: true })
      await from.quiet()
      await to.quiet()
      to.acknowledge(granted === 1 ? 'puback' : 'pubrec', packetId)
      if (granted === 2) {
        await to.next('pubrel')
        to.acknowledge('pubcomp', packetId)
      }
      assert.equal(await answer(from, type), '0')
      if (qos === 1) return
      from.acknowledge('pubrel', 1)
      assert.equal((await from.next('pubcomp')).reasonCode, 0)
    })
  }
}

test('with QoS 0 copies only, and with half of the window waiting, nothing waits any more', async () => {
  await using broker = await startTestBroker({ ...options, limits: { receiveMaximum: 4 } })
  using from = await broker.client(5)
  using to = await subscriber(broker, 'subscriber', 0)
  from.publish({ topicName: 'first/1', qos: 1, packetId: 1 })
  assert.equal(await answer(from, 'puback'), '0 sent')
  await to.message()
  await to.subscribe('first/1', { qos: 1 })
  for (const packetId of [2, 3, 4]) from.publish({ topicName: 'first/1', qos: 1, packetId })
  const { packetId } = await from.next('puback')
  assert.equal(packetId, 4, 'two wait, the third does not')
  await from.quiet()
  for (const expected of [2, 3]) {
    await take(to)
    assert.equal((await from.next('puback')).packetId, expected)
  }
})

test('a flood of receipt requests stays inside its bounds and is answered with 0x97', async () => {
  const limits = { owedMessagesPerSessionMax: 50, owedMessagesMax: 80, receiveMaximum: 1000 }
  await using broker = await startTestBroker({ limits })
  await broker.lose(await subscriber(broker, 'offline', 1))
  const userProperties: [string, string][] = [['pabal-receipt', 'all']]
  const properties = { responseTopic: '$pabal/receipt/1/reply', userProperties }
  const counts = new Map<number, number>()
  for (const clientIdentifier of ['one', 'two']) {
    using from = await broker.client(5, { clientIdentifier })
    for (let packetId = 1; packetId <= 200; packetId++)
      from.publish({ topicName: 'first/1', qos: 1, packetId, properties })
    for (let left = 200; left > 0; left--) {
      const { reasonCode } = await from.next('puback')
      counts.set(reasonCode, (counts.get(reasonCode) ?? 0) + 1)
    }
  }
  assert.deepEqual([...counts].sort(), [
    [0, 80],
    [0x97, 320],
  ])
})

test('without the permission to observe a receipt has counts only, and it never goes where the asker may not publish', async () => {
  const authorize: BrokerOptions['authorize'] = ({ action, topic, clientIdentifier }) =>
    action === 'subscribe' || (action === 'publish' && topic !== 'secret') || clientIdentifier === 'operator'
  await using broker = await startTestBroker({ authorize })
  using listener = await broker.client(5, { clientIdentifier: 'listener' })
  await listener.subscribe('a', { qos: 1 })
  await listener.subscribe('secret', { qos: 1 })
  for (const clientIdentifier of ['operator', 'stranger']) {
    using from = await broker.client(5, { clientIdentifier })
    await from.subscribe('replies', { qos: 0 })
    const userProperties: [string, string][] = [['pabal-receipt', 'delivered']]
    from.publish({ topicName: 'a', qos: 1, packetId: 1, properties: { responseTopic: 'replies', userProperties } })
    await from.next('puback')
    await take(listener)
    const { text } = await from.message()
    assert.equal(text.includes('listener'), clientIdentifier === 'operator')
    assert.equal(JSON.parse(text).delivered, 1)
    from.publish({ topicName: 'a', qos: 1, packetId: 2, properties: { responseTopic: 'secret', userProperties } })
    const { reasonCode, properties } = await from.next('puback')
    assert.equal(reasonCode, clientIdentifier === 'operator' ? 0 : 0x87)
    if (reasonCode === 0) {
      await take(listener)
      assert.match((await listener.message()).text, /"delivered":1/)
      continue
    }
    assert.match(properties.reasonString ?? '', /publishing to secret, where the receipt is to go, is not allowed/)
    await listener.quiet()
  }
})

test('a host hears that a client is to be woken', async () => {
  const broker = createBroker({ listen: ['tcp://127.0.0.1:0'], topics: [{ filter: 'orders/#', wake: true }] })
  await broker.start()
  const woken: string[] = []
  broker.on('wake', ({ clientIdentifier, topicName, backlogMessages, backlogBytes }) => {
    woken.push(`${clientIdentifier} ${topicName} ${backlogMessages} ${backlogBytes}`)
  })
  using phone = await openWire(broker.urls[0] ?? '', 4)
  await phone.connect({ clientIdentifier: 'phone', cleanStart: false })
  await phone.subscribe('orders/#', { qos: 1 })
  await phone.leave()
  for (const payload of ['1', '2']) await broker.publish({ topicName: 'orders/7', payload, qos: 1 })
  assert.deepEqual(woken, ['phone orders/7 1 9'])
  await broker.stop()
})
