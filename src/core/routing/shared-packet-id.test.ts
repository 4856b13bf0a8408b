/**
 * A message to many prefers one Packet Identifier for all of its copies, so that they are the same bytes.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenCore, sent } from '../../../test/support/driven-core.ts'

test('Sessions that have had more or less are sent a message to all of them under one Packet Identifier', () => {
  const driven = new DrivenCore()
  const publisher = driven.connect('p')
  const subscribers = ['s1', 's2', 's3'].map((id) => driven.connect(id))
  for (const [index, subscriber] of subscribers.entries()) {
    driven.subscribe(subscriber, 'all')
    driven.subscribe(subscriber, `own/${index}`)
  }
  for (const topicName of ['own/1', 'own/1', 'own/1', 'own/2'])
    driven.publish(publisher, { topicName, qos: 1, packetId: 1 })
  const ids: (readonly string[])[] = []
  for (const text of ['first', 'second']) {
    const turn = driven.publish(publisher, { topicName: 'all', payload: Buffer.from(text), qos: 1, packetId: 1 })
    ids.push(subscribers.map((subscriber) => sent(turn, subscriber).join()))
  }
  // The first to get it does not know yet how far the others have counted.
  assert.deepEqual(ids, [
    ['publish all first qos 1 1', 'publish all first qos 1 4', 'publish all first qos 1 4'],
    ['publish all second qos 1 5', 'publish all second qos 1 5', 'publish all second qos 1 5'],
  ])
})
