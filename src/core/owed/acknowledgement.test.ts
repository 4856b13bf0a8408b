import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenCore, sent } from '../../../test/support/driven-core.ts'
import type { Connection } from '../connection/connection.ts'
import type { Limits } from '../limits.ts'
import type { TopicRuleOptions } from '../routing/topic-rule.ts'
import type { Turn } from '../turn.ts'

const versions = [4, 5] as const
const qualities = [1, 2] as const
const noSession = { properties: { sessionExpiryInterval: 0 } }

function drivenWith(acknowledge: TopicRuleOptions['acknowledge'], limits: Partial<Limits> = {}): DrivenCore {
  const rule = { filter: 'a', acknowledge, acknowledgeSecondsMax: 30 }
  return new DrivenCore(limits, { topicRules: [rule] })
}

function publishTo(driven: DrivenCore, from: Connection, qos: 1 | 2, packetId = 9, dup = false): Turn {
  return driven.publish(from, { topicName: 'a', qos, packetId, dup })
}

/** `pabal-fate` of the acknowledgements that go to a connection. */
function fates(turn: Turn, to: Connection): (string | undefined)[] {
  return turn.onceDurable.flatMap((outgoing) => {
    if (outgoing.type !== 'packet' || outgoing.connection !== to || !('properties' in outgoing.packet)) return []
    const properties: { userProperties?: readonly (readonly [string, string])[] } = outgoing.packet.properties
    return [properties.userProperties?.find(([name]) => name === 'pabal-fate')?.[1]]
  })
}

function assertNothingOwed({ state }: DrivenCore): void {
  assert.equal(state.owed.size, 0)
  for (const { heldAcknowledgements, owedMessages } of state.sessions.values()) {
    assert.equal(heldAcknowledgements?.size ?? 0, 0)
    assert.equal(owedMessages, 0)
  }
  for (const { heldAcknowledgements } of state.connections) assert.equal(heldAcknowledgements, 0)
}

for (const version of versions) {
  for (const qos of qualities) {
    const type = qos === 1 ? 'puback' : 'pubrec'
    const what = `${type.toUpperCase()} of a ${version === 4 ? '3.1.1' : '5.0'} client`

    test(`${what} waits for the first subscriber that acknowledges`, () => {
      const driven = drivenWith('on-delivery')
      const from = driven.connect('publisher', { version })
      const to = driven.connect('subscriber')
      driven.subscribe(to, 'a', { qos: 1 })
      driven.subscribe(driven.connect('other'), 'a', { qos: 1 })
      assert.deepEqual(sent(publishTo(driven, from, qos), from), [])
      assert.deepEqual(sent(driven.acknowledge(to, 'puback', 1), from), [`${type} 9 0`])
      assertNothingOwed(driven)
    })

    test(`${what} waits for all of them if the rule says so`, () => {
      const driven = drivenWith('on-delivery-to-all')
      const from = driven.connect('publisher', { version })
      const away = driven.connect('away')
      driven.subscribe(away, 'a', { qos: 1 })
      driven.breakOff(away)
      const to = driven.connect('subscriber')
      driven.subscribe(to, 'a', { qos: 2 })
      assert.deepEqual(sent(publishTo(driven, from, qos), from), [])
      if (qos === 1) driven.acknowledge(to, 'puback', 1)
      else {
        driven.acknowledge(to, 'pubrec', 1)
        assert.deepEqual(sent(driven.acknowledge(to, 'pubcomp', 1), from), [])
      }
      const back = driven.connect('away')
      assert.deepEqual(sent(driven.acknowledge(back, 'puback', 1), from), [`${type} 9 0`])
      assertNothingOwed(driven)
    })

    test(`${what} is given when the time is over, and 5.0 is told that the message is queued`, () => {
      const driven = drivenWith('on-delivery')
      const from = driven.connect('publisher', { version })
      const away = driven.connect('away')
      driven.subscribe(away, 'a', { qos: 1 })
      driven.breakOff(away)
      publishTo(driven, from, qos)
      assert.deepEqual(sent(driven.advance(29), from), [])
      const turn = driven.advance(1)
      assert.deepEqual(sent(turn, from), [`${type} 9 0`])
      if (version === 5) assert.deepEqual(fates(turn, from), ['queued'])
      assert.equal(driven.state.owed.counts.acknowledgedQueued, 1)
      assertNothingOwed(driven)
    })

    test(`${what} never says success to 5.0 for a message that nobody has got`, () => {
      const driven = drivenWith('on-delivery')
      const from = driven.connect('publisher', { version })
      const to = driven.connect('subscriber', noSession)
      driven.subscribe(to, 'a', { qos: 1 })
      publishTo(driven, from, qos)
      const turn = driven.breakOff(to)
      assert.deepEqual(sent(turn, from), [`${type} 9 16`])
      if (version === 5) assert.deepEqual(fates(turn, from), ['session-ended'])
      assert.equal(driven.state.owed.counts.acknowledgedFailed, 1)
      assertNothingOwed(driven)
    })

    test(`${what} joins what waits already when the PUBLISH is sent again`, () => {
      const driven = drivenWith('on-delivery')
      const before = driven.connect('publisher', { version })
      const to = driven.connect('subscriber')
      driven.subscribe(to, 'a', { qos: 1 })
      publishTo(driven, before, qos)
      driven.breakOff(before)
      const from = driven.connect('publisher', { version })
      const again = publishTo(driven, from, qos, 9, true)
      assert.deepEqual([...sent(again, from), ...sent(again, to)], [], 'neither acknowledged nor routed again')
      assert.deepEqual(sent(publishTo(driven, from, qos, 9, true), from), [], 'nor the third time')
      assert.deepEqual(sent(driven.acknowledge(to, 'puback', 1), from), [`${type} 9 0`])
      assert.equal(driven.state.tally.received, 1)
      assertNothingOwed(driven)
    })

    test(`${what} that came true while the publisher was away is given when it asks again`, () => {
      const driven = drivenWith('on-delivery')
      const before = driven.connect('publisher', { version })
      const to = driven.connect('subscriber')
      driven.subscribe(to, 'a', { qos: 1 })
      publishTo(driven, before, qos)
      driven.breakOff(before)
      driven.acknowledge(to, 'puback', 1)
      const from = driven.connect('publisher', { version })
      assert.deepEqual(sent(publishTo(driven, from, qos, 9, true), from), [`${type} 9 0`])
      assert.equal(driven.state.tally.received, 1)
      assertNothingOwed(driven)
    })
  }
}

test('half of the window waits, later messages are acknowledged, and other Topic Names never wait', () => {
  const driven = drivenWith('on-delivery', { receiveMaximum: 6 })
  const from = driven.connect('publisher')
  const to = driven.connect('subscriber')
  driven.subscribe(to, 'a', { qos: 1 })
  driven.subscribe(to, 'b', { qos: 1 })
  for (const packetId of [1, 2, 3]) assert.deepEqual(sent(publishTo(driven, from, 1, packetId), from), [])
  const fourth = publishTo(driven, from, 1, 4)
  assert.deepEqual(sent(fourth, from), ['puback 4 0'])
  assert.deepEqual(fates(fourth, from), ['queued'])
  assert.deepEqual(sent(driven.publish(from, { topicName: 'b', qos: 1, packetId: 5 }), from), ['puback 5 0'])
  assert.deepEqual(sent(driven.acknowledge(to, 'puback', 2), from), ['puback 2 0'])
  assert.deepEqual(sent(publishTo(driven, from, 1, 2), from), [], 'there is room again')
})

test('with copies at QoS 0 only there is nothing to wait for', () => {
  const driven = drivenWith('on-delivery')
  const from = driven.connect('publisher')
  driven.subscribe(driven.connect('subscriber'), 'a', { qos: 0 })
  const turn = publishTo(driven, from, 1)
  assert.deepEqual(sent(turn, from), ['puback 9 0'])
  assert.deepEqual(fates(turn, from), ['sent'])
  assertNothingOwed(driven)
})

test('when nobody listens the policy answers, and nothing waits', () => {
  const driven = drivenWith('on-delivery')
  const from = driven.connect('publisher')
  driven.subscribe(driven.connect('monitor'), '#', { qos: 1 })
  assert.deepEqual(sent(publishTo(driven, from, 1), from), ['puback 9 16'])
  assertNothingOwed(driven)
})

test('a late acknowledgement has the counts that were asked for, and spares whom 0x10 would confuse', () => {
  const rule = { filter: 'a', acknowledge: 'on-delivery', tellsPublisher: false } as const
  const driven = new DrivenCore({}, { topicRules: [rule] })
  const from = driven.connect('publisher')
  const to = driven.connect('subscriber', noSession)
  driven.subscribe(to, 'a', { qos: 1 })
  const properties = { userProperties: [['pabal-report', 'counts']] as [string, string][] }
  driven.publish(from, { topicName: 'a', qos: 1, packetId: 1, properties })
  const [first] = driven.acknowledge(to, 'puback', 1).onceDurable
  assert.ok(first?.type === 'packet' && first.packet.type === 'puback')
  assert.deepEqual(first.packet.properties.userProperties, [
    ['matched', '1'],
    ['online', '1'],
    ['offline', '0'],
    ['held', '0'],
  ])
  publishTo(driven, from, 1, 2)
  const turn = driven.breakOff(to)
  assert.deepEqual([sent(turn, from), fates(turn, from)], [['puback 2 0'], ['session-ended']])
})

test('what is owed to a Session that ends is owed no more', () => {
  const driven = drivenWith('on-delivery')
  const from = driven.connect('publisher', noSession)
  const to = driven.connect('subscriber')
  driven.subscribe(to, 'a', { qos: 1 })
  publishTo(driven, from, 1)
  driven.breakOff(from)
  assertNothingOwed(driven)
  assert.equal(driven.state.live.count, 1, 'the copy itself lives on')
  driven.acknowledge(to, 'puback', 1)
  assert.equal(driven.state.live.count, 0)
})

test('a client that is back and does not ask again gets nothing, and is owed nothing', () => {
  const driven = drivenWith('on-delivery')
  const before = driven.connect('publisher')
  driven.subscribe(driven.connect('subscriber'), 'a', { qos: 1 })
  publishTo(driven, before, 1)
  driven.breakOff(before)
  driven.advance(31)
  assert.equal(driven.state.owed.size, 1, 'it may still come')
  const from = driven.connect('publisher')
  assert.deepEqual(sent(driven.advance(60), from), [])
  assertNothingOwed(driven)
})

test('a new message under the same Packet Identifier is a new message', () => {
  const driven = drivenWith('on-delivery')
  const before = driven.connect('publisher')
  const to = driven.connect('subscriber')
  driven.subscribe(to, 'a', { qos: 1 })
  publishTo(driven, before, 1)
  driven.breakOff(before)
  const from = driven.connect('publisher')
  assert.deepEqual(sent(publishTo(driven, from, 1), to), ['publish a  qos 1 2'])
  assert.deepEqual(sent(driven.acknowledge(to, 'puback', 1), from), [])
  assert.deepEqual(sent(driven.acknowledge(to, 'puback', 2), from), ['puback 9 0'])
  assertNothingOwed(driven)
})

test('a message that waits for acknowledgement can have a receipt, too', () => {
  const driven = drivenWith('on-delivery')
  const from = driven.connect('publisher')
  driven.subscribe(from, 'reply', { qos: 1 })
  const first = driven.connect('first')
  driven.subscribe(first, 'a', { qos: 1 })
  const second = driven.connect('second')
  driven.subscribe(second, 'a', { qos: 1 })
  const properties = { responseTopic: 'reply', userProperties: [['pabal-receipt', 'all']] as [string, string][] }
  driven.publish(from, { topicName: 'a', qos: 1, packetId: 1, properties })
  assert.deepEqual(sent(driven.acknowledge(first, 'puback', 1), from), ['puback 1 0'])
  const [receipt = ''] = sent(driven.acknowledge(second, 'puback', 1), from)
  assert.match(receipt, /"state":"complete".*"delivered":2/)
  assertNothingOwed(driven)
})
