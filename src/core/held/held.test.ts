import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenCore, sent } from '../../../test/support/driven-core.ts'
import type { Turn } from '../turn.ts'
import type { HeldMessage } from './held-messages.ts'
import { giveUp } from './hold.ts'
import { republish } from './operator.ts'

const holds = { topicRules: [{ filter: 'order/#', whenNobody: 'hold' }] } as const

function publishing(driven: DrivenCore, client = 'p') {
  const publisher = driven.connect(client)
  let packetId = 0
  return (topicName: string, text: string, qos: 0 | 1 | 2 = 1): string => {
    packetId += 1
    const fields = { topicName, payload: Buffer.from(text), qos, packetId: qos === 0 ? 0 : packetId }
    const [answer = ''] = sent(driven.publish(publisher, fields), publisher)
    return answer.replace(` ${packetId}`, '')
  }
}

function types(turn: Turn): string[] {
  return turn.records.map(({ type }) => type)
}

function fates(driven: DrivenCore): Record<string, number> {
  return Object.fromEntries(Object.entries(driven.state.tally.messages).filter(([, count]) => count !== 0))
}

function only(driven: DrivenCore): HeldMessage {
  const [message] = driven.state.held.all()
  assert.ok(message !== undefined)
  return message
}

test('what nobody listens for is held, in order, and goes to the first Subscription that may have it', () => {
  const driven = new DrivenCore({}, holds)
  const send = publishing(driven)
  assert.equal(send('order/1', 'a'), 'puback 16')
  assert.equal(send('order/1', 'b', 2), 'pubrec 16')
  assert.deepEqual(fates(driven), { held: 2 })
  const first = driven.connect('first')
  const turn = driven.subscribe(first, 'order/#')
  assert.deepEqual(sent(turn, first), ['suback', 'publish order/1 a qos 1 1', 'publish order/1 b qos 2 2'])
  const second = driven.connect('second')
  assert.deepEqual(sent(driven.subscribe(second, 'order/#'), second), ['suback'])
  assert.deepEqual(fates(driven), { routed: 2 })
  assert.equal(driven.state.held.count, 0)
})

test('the copy and the end of the hold are one record', () => {
  const driven = new DrivenCore({}, holds)
  publishing(driven)('order/1', 'a')
  driven.disconnect(driven.connect('s'))
  const subscriber = driven.connect('s')
  assert.deepEqual(types(driven.subscribe(subscriber, 'order/1')), ['subscribed', 'recipients', 'drained'])
})

test('a monitor gets a held message at once, and does not take it', () => {
  const driven = new DrivenCore({}, holds)
  const monitor = driven.connect('monitor')
  driven.subscribe(monitor, '#')
  const publisher = driven.connect('p')
  const turn = driven.publish(publisher, { topicName: 'order/1', payload: Buffer.from('a'), qos: 1, packetId: 1 })
  assert.deepEqual(sent(turn, monitor), ['publish order/1 a qos 1 1'])
  assert.deepEqual(fates(driven), { held: 1 })
})

test('a Subscription with too low a QoS, or whose Session ends with its connection, does not drain what is held', () => {
  const driven = new DrivenCore({}, holds)
  const send = publishing(driven)
  send('order/1', 'a', 2)
  const low = driven.connect('low')
  assert.deepEqual(sent(driven.subscribe(low, 'order/1', { qos: 1 }), low), ['suback'])
  const brief = driven.connect('brief', { properties: { sessionExpiryInterval: 0 } })
  assert.deepEqual(sent(driven.subscribe(brief, 'order/1'), brief), ['suback'])
  assert.equal(driven.state.held.count, 1)
  assert.equal(send('order/1', 'b', 1), 'puback 0')
  const able = driven.connect('able')
  assert.deepEqual(sent(driven.subscribe(able, 'order/1'), able), ['suback', 'publish order/1 a qos 2 1'])
})

test('a Subscription that is raised to a higher QoS drains what is held', () => {
  const driven = new DrivenCore({}, holds)
  publishing(driven)('order/1', 'a', 2)
  const subscriber = driven.connect('s')
  driven.subscribe(subscriber, 'order/1', { qos: 1 })
  assert.deepEqual(sent(driven.subscribe(subscriber, 'order/1', { qos: 2 }), subscriber), [
    'suback',
    'publish order/1 a qos 2 1',
  ])
})

test('QoS 0 is held as well, and sent to whoever is connected', () => {
  const driven = new DrivenCore({}, holds)
  publishing(driven)('order/1', 'a', 0)
  assert.deepEqual(fates(driven), { held: 1 })
  const brief = driven.connect('brief', { properties: { sessionExpiryInterval: 0 } })
  const turn = driven.subscribe(brief, 'order/1', { qos: 0 })
  assert.deepEqual(sent(turn, brief), ['suback', 'publish order/1 a qos 0'])
  assert.deepEqual(types(turn), ['unheld'])
  assert.deepEqual(fates(driven), { routed: 1 })
})

test('the publisher that subscribes with No Local is no listener, and does not get its own message back', () => {
  const driven = new DrivenCore({}, holds)
  const publisher = driven.connect('p')
  driven.subscribe(publisher, 'order/#', { noLocal: true })
  const message = { topicName: 'order/1', payload: Buffer.from('a'), qos: 1, packetId: 1 } as const
  assert.deepEqual(sent(driven.publish(publisher, message), publisher), ['puback 1 16'])
  assert.deepEqual(sent(driven.subscribe(publisher, 'order/+', { noLocal: true }), publisher), ['suback'])
  assert.equal(driven.state.held.count, 1)
})

test('one member of a shared group drains what is held', () => {
  const driven = new DrivenCore({}, holds)
  publishing(driven)('order/1', 'a')
  const member = driven.connect('m')
  assert.deepEqual(sent(driven.subscribe(member, '$share/g/order/#'), member), ['suback', 'publish order/1 a qos 1 1'])
  assert.deepEqual(sent(driven.acknowledge(member, 'puback', 1), member), [])
  assert.deepEqual(driven.state.tally.copies.acknowledged, 1)
})

test('over the bound QoS 1 and 2 are refused with 0x97, and QoS 0 is dropped and counted', () => {
  for (const limits of [
    { heldMessagesPerTopicMax: 2 },
    { heldMessagesPerAccountMax: 2 },
    { heldMessagesMax: 2 },
    { heldBytesMax: 1024 },
    { heldBytesPerTopicMax: 1024 },
    { heldBytesPerAccountMax: 1024 },
  ]) {
    const driven = new DrivenCore(limits, holds)
    const send = publishing(driven)
    const text = 'x'.repeat(500)
    assert.deepEqual([send('order/1', text), send('order/1', text)], ['puback 16', 'puback 16'])
    assert.deepEqual([send('order/1', text), send('order/1', text, 2)], ['puback 151', 'pubrec 151'])
    send('order/1', text, 0)
    assert.deepEqual(fates(driven), { held: 2, refused: 2, droppedHoldFull: 1 })
  }
})

test('the rule may set bounds of its own', () => {
  const rule = { filter: 'order/#', whenNobody: 'hold', heldMessagesMax: 1, heldSecondsMax: 5 } as const
  const driven = new DrivenCore({}, { topicRules: [rule] })
  const send = publishing(driven)
  assert.deepEqual(
    [send('order/1', 'a'), send('order/1', 'b'), send('order/2', 'c')],
    ['puback 16', 'puback 151', 'puback 16'],
  )
  driven.advance(4)
  assert.equal(driven.state.held.count, 2)
  assert.deepEqual(types(driven.advance(1)), ['unheld', 'unheld'])
  assert.deepEqual(fates(driven), { refused: 1, expired: 2 })
})

test('Message Expiry Interval goes on while a message is held, and ends the hold', () => {
  const driven = new DrivenCore({}, holds)
  const publisher = driven.connect('p')
  const properties = { messageExpiryInterval: 10 }
  driven.publish(publisher, { topicName: 'order/1', payload: Buffer.from('a'), qos: 1, packetId: 1, properties })
  driven.publish(publisher, { topicName: 'order/2', payload: Buffer.from('b'), qos: 1, packetId: 2, properties })
  driven.advance(9)
  const subscriber = driven.connect('s')
  const turn = driven.subscribe(subscriber, 'order/1')
  const [message] = [...turn.now, ...turn.onceDurable].filter((outgoing) => outgoing.type === 'publish')
  assert.equal(message?.messageExpiryInterval, 1)
  driven.advance(1)
  assert.deepEqual(fates(driven), { routed: 1, expired: 1 })
})

test('a message that comes while its listener has no room waits behind those that are held', () => {
  const limits = { sessionQueueMessagesMax: 1, receiveMaximum: 10 }
  const driven = new DrivenCore(limits, holds)
  const send = publishing(driven)
  for (const text of ['a', 'b', 'c']) send('order/1', text)
  const subscriber = driven.connect('s', { properties: { receiveMaximum: 1 } })
  assert.deepEqual(sent(driven.subscribe(subscriber, 'order/1'), subscriber), ['suback', 'publish order/1 a qos 1 1'])
  assert.equal(send('order/1', 'd'), 'puback 0')
  assert.deepEqual(fates(driven), { routed: 2, held: 2 })
  const received: string[] = []
  for (let packetId = 1; packetId <= 4; packetId++) {
    received.push(...sent(driven.acknowledge(subscriber, 'puback', packetId), subscriber))
    received.push(...sent(driven.advance(1), subscriber))
  }
  assert.deepEqual(received, ['publish order/1 b qos 1 2', 'publish order/1 c qos 1 3', 'publish order/1 d qos 1 4'])
  assert.deepEqual(fates(driven), { routed: 4 })
})

test('RETAIN is applied, and nothing with RETAIN is held', () => {
  const driven = new DrivenCore({}, holds)
  const publisher = driven.connect('p')
  const message = { topicName: 'order/1', payload: Buffer.from('a'), qos: 1, packetId: 1, retain: true } as const
  assert.deepEqual(sent(driven.publish(publisher, message), publisher), ['puback 1 16'])
  assert.deepEqual(fates(driven), { retainedOnly: 1 })
})

test('a Will Message is held like any other', () => {
  const driven = new DrivenCore({}, { topicRules: [{ filter: 'will', whenNobody: 'hold' }] })
  const mortal = driven.connect('m', { will: { qos: 1 } })
  driven.breakOff(mortal)
  driven.advance(1001)
  assert.equal(only(driven).fact.clientIdentifier, 'm')
})

test('what nobody listens for becomes a dead letter with what is to be known, and waits for somebody there', () => {
  const rule = { filter: 'a/#', whenNobody: 'dead-letter', deadLetterTopicName: 'morgue' } as const
  const driven = new DrivenCore({}, { topicRules: [rule] })
  assert.equal(publishing(driven)('a/b', 'x'), 'puback 16')
  assert.deepEqual(fates(driven), { deadLettered: 1, held: 1 })
  assert.deepEqual(only(driven).fact, { reason: 'dead', account: '', clientIdentifier: 'p' })
  const keeper = driven.connect('k')
  const turn = driven.subscribe(keeper, 'morgue')
  assert.deepEqual(sent(turn, keeper), ['suback', 'publish morgue x qos 1 1'])
  const [letter] = turn.onceDurable.filter((outgoing) => outgoing.type === 'publish')
  assert.deepEqual(letter?.message.publish.properties.userProperties, [
    ['pabal-topic', 'a/b'],
    ['pabal-publisher', 'p'],
    ['pabal-account', ''],
    ['pabal-at-ms', '1000000'],
    ['pabal-reason', 'no-subscribers'],
  ])
})

test('a full queue of dead letters refuses, too', () => {
  const driven = new DrivenCore(
    { heldMessagesPerTopicMax: 1 },
    { topicRules: [{ filter: '#', whenNobody: 'dead-letter' }] },
  )
  const send = publishing(driven)
  assert.deepEqual([send('a', 'x'), send('b', 'y')], ['puback 16', 'puback 151'])
  assert.deepEqual(fates(driven), { deadLettered: 1, held: 1, refused: 1 })
})

test('a dead letter is published again as the message it was, once, and only if somebody listens', () => {
  const driven = new DrivenCore({}, { topicRules: [{ filter: '#', whenNobody: 'dead-letter' }] })
  publishing(driven)('a', 'x')
  const again = () => {
    const letter = only(driven)
    const body = driven.state.bodies.get(letter.seq)
    assert.ok(body !== undefined)
    let outcome = ''
    const turn = driven.input((core, nowMs, to) => {
      outcome = republish(core.state, letter, body, nowMs, to).type
    })
    return { outcome, turn }
  }
  assert.equal(again().outcome, 'refused')
  const subscriber = driven.connect('s')
  driven.subscribe(subscriber, 'a')
  const { outcome, turn } = again()
  assert.equal(outcome, 'routed')
  assert.deepEqual(sent(turn, subscriber), ['publish a x qos 1 1'])
  const [record] = turn.records.filter(({ type }) => type === 'message')
  assert.ok(record?.type === 'message' && record.replaces > 0)
  const [copy] = turn.now.filter((outgoing) => outgoing.type === 'publish')
  assert.deepEqual(copy?.message.publish.properties.userProperties, undefined)
  assert.equal(driven.state.held.count, 0)
  assert.deepEqual(fates(driven), { deadLettered: 1, republished: 1, routed: 1 })
})

test('an operator releases a held message to a listener that would not have drained it, and gives another up', () => {
  const driven = new DrivenCore({}, holds)
  const send = publishing(driven)
  send('order/1', 'a')
  send('order/2', 'b')
  const brief = driven.connect('brief', { properties: { sessionExpiryInterval: 0 } })
  driven.subscribe(brief, 'order/1')
  const message = only(driven)
  const body = driven.state.bodies.get(message.seq)
  assert.ok(body !== undefined)
  const turn = driven.input((core, nowMs, to) => void republish(core.state, message, body, nowMs, to))
  assert.deepEqual(sent(turn, brief), ['publish order/1 a qos 1 1'])
  driven.input((core, _, to) => giveUp(core.state, [only(driven)], 'droppedByOperator', to))
  assert.equal(driven.state.held.count, 0)
  assert.deepEqual(fates(driven), { routed: 1, republished: 1, droppedByOperator: 1 })
})

test('reject refuses what nobody listens for with the code of the rule, and nothing that somebody does', () => {
  const rule = { filter: 'a', whenNobody: 'reject', rejectReasonCode: 0x87 } as const
  const driven = new DrivenCore({}, { topicRules: [rule] })
  const send = publishing(driven)
  assert.deepEqual([send('a', 'x'), send('a', 'x', 2), send('b', 'x')], ['puback 135', 'pubrec 135', 'puback 16'])
  driven.subscribe(driven.connect('s'), 'a')
  assert.equal(send('a', 'x'), 'puback 0')
  assert.deepEqual(fates(driven), { refused: 2, unmatched: 1, routed: 1 })
})
