import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestBroker } from '../../../test/support/test-broker.ts'
import type { SubscriptionRequest } from '../../protocol/control-packet.ts'
import type { Publish } from '../../protocol/packets/publish.ts'

const everything: SubscriptionRequest = {
  topicFilter: '#',
  qos: 1,
  noLocal: false,
  retainAsPublished: false,
  retainHandling: 0,
}

test('a client that subscribes again and again without acknowledging has a bounded queue', async () => {
  await using broker = await startTestBroker()
  for (let number = 0; number < 200; number += 1) {
    await broker.broker.publish({ topicName: `kept/${number}`, payload: 'x', retain: true })
  }
  using client = await broker.client(5, { properties: { receiveMaximum: 1 } })
  for (let count = 0; count < 50; count += 1) {
    client.send({ type: 'subscribe', packetId: 1, subscriptions: [everything], properties: {} })
  }
  const received: string[] = []
  const take = (packet: Publish) => {
    received.push(packet.topicName)
    return packet.packetId
  }
  let packetId = 0
  // The first message is held back for as long as a SUBACK is: it may come behind the first or behind the last.
  for (let subacks = 0; subacks < 50 || packetId === 0; ) {
    const packet = await client.nextOf('suback', 'publish')
    if (packet.type === 'suback') subacks += 1
    if (packet.type === 'publish') packetId = take(packet)
  }
  if (packetId === 0) packetId = take(await client.next('publish'))
  assert.equal(broker.broker.tally.created, 400, 'the third request waits, and so do those that take its place')
  while (received.length < 600) {
    client.acknowledge('puback', packetId)
    packetId = take(await client.next('publish'))
  }
  client.acknowledge('puback', packetId)
  await client.quiet()
  for (let third = 0; third < 600; third += 200) assert.equal(new Set(received.slice(third, third + 200)).size, 200)
})
