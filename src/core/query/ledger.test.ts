import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenCore } from '../../../test/support/driven-core.ts'
import { ledger, ruleLedgers } from './ledger.ts'

const payload = Buffer.from('x')

test('the ledger has every message and copy, in all and under its rule', () => {
  const driven = new DrivenCore({}, { topicRules: [{ filter: 'a/#' }, { filter: 'b', whenNobody: 'accept' }] })
  const publisher = driven.connect('p')
  const reader = driven.connect('r', { properties: { receiveMaximum: 1, sessionExpiryInterval: 1000 } })
  driven.subscribe(reader, 'a/1')
  for (const [index, topicName] of ['a/1', 'a/1', 'a/2', 'b', 'c'].entries()) {
    driven.publish(publisher, { topicName, payload, qos: 1, packetId: index + 1 })
  }
  const { messages, copies } = ledger(driven.state)
  assert.deepEqual([messages.received, messages.fates.routed, messages.fates.unmatched], [5, 2, 3])
  assert.deepEqual([copies.created, copies.inFlight, copies.queued], [2, 1, 1])
  driven.acknowledge(reader, 'puback', 1)
  const later = ledger(driven.state).copies
  assert.deepEqual([later.fates.acknowledged, later.inFlight, later.queued], [1, 1, 0])
  const rules = [...ruleLedgers(driven.state)].map(
    (rule) => rule && [rule.filter, rule.whenNobody, rule.received, rule.fates.routed, rule.fates.unmatched],
  )
  assert.deepEqual(rules, [
    ['a/#', 'report', 3, 2, 1],
    ['b', 'accept', 1, 0, 1],
    ['#', 'report', 1, 0, 1],
    ['$', 'accept', 0, 0, 0],
  ])
  assert.ok([messages, copies, later, ...ruleLedgers(driven.state)].every((each) => each?.addsUp === true))
})

test('a ledger that does not add up says so', () => {
  const driven = new DrivenCore()
  driven.state.tally.received += 1
  driven.state.tally.created += 1
  const { messages, copies } = ledger(driven.state)
  assert.deepEqual([messages.addsUp, copies.addsUp], [false, false])
})
