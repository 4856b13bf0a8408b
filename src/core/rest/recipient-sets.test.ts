import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenCore } from '../../../test/support/driven-core.ts'
import { receiptOf } from './recipient-sets.ts'

/** Durable Sessions that subscribe one after the other, and the sets of all that did so far, as if a message came behind each. */
function growing(count: number): DrivenCore {
  const driven = new DrivenCore()
  for (let number = 0; number < count; number++) {
    const client = driven.connect(`client ${number}`)
    driven.subscribe(client, 'news', { qos: 1 })
    driven.state.recipientSets.of([...driven.state.subscriptions.route('news').receivers].map(receiptOf))
  }
  return driven
}

test('sets that nobody waits in are not kept for ever: their members are bounded, whatever the number of sets', () => {
  const { state } = growing(800)
  // All of them together would have 320,400.
  assert.ok(state.recipientSets.members < 65_536 + 800, `${state.recipientSets.members} members`)
})

test('the same members have the same set', () => {
  const { state } = growing(2)
  const receipts = [...state.subscriptions.route('news').receivers].map(receiptOf)
  const set = state.recipientSets.of(receipts)
  assert.equal(set.members.length, 2)
  assert.equal(state.recipientSets.of(receipts), set)
  assert.notEqual(state.recipientSets.of(receipts.slice(1)), set)
})

test('what defines a set is forgotten with it, and written anew when the set is used again', () => {
  const driven = new DrivenCore({}, { isDurable: true })
  const { recipientSets } = driven.state
  let written = 0
  for (let number = 0; number < 500; number++) {
    driven.subscribe(driven.connect(`client ${number}`), 'news', { qos: 1 })
    written += publishToAll(driven, number)
  }
  const recorded = [...recipientSets.recorded].reduce((sum, { members }) => sum + members.length, 0)
  // All of them together would have 125,250.
  assert.ok(recorded < 65_536 + 500, `${recorded} members`)
  // The latest is kept, an old one is not.
  assert.deepEqual([written, publishToAll(driven, 500)], [500, 0])
  for (let number = 10; number < 500; number++) {
    driven.disconnect(
      driven.connect(`client ${number}`, { cleanStart: true, properties: { sessionExpiryInterval: 0 } }),
    )
  }
  assert.deepEqual([publishToAll(driven, 501), publishToAll(driven, 502)], [1, 0])
})

/** One message, which everybody acknowledges; how many sets were written for it. */
function publishToAll(driven: DrivenCore, number: number): number {
  const publisher = driven.connect(`publisher ${number}`, { cleanStart: true })
  const turn = driven.publish(publisher, { topicName: 'news', qos: 1, packetId: 1, payload: Buffer.from('x') })
  for (const { type, ...outgoing } of [...turn.now, ...turn.onceDurable]) {
    if (type === 'publish' && 'packetId' in outgoing) {
      driven.acknowledge(outgoing.connection, 'puback', outgoing.packetId)
    }
  }
  driven.disconnect(publisher)
  return turn.records.filter(({ type }) => type === 'recipients').length
}
