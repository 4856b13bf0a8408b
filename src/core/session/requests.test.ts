import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenCore, sent } from '../../../test/support/driven-core.ts'
import { expectLedger } from '../../../test/support/ledger.ts'
import type { PublishFields } from '../../protocol/packets/publish.ts'
import type { Connection } from '../connection/connection.ts'

const request: PublishFields = { topicName: '$pabal/who/1', payload: Buffer.from('a/b'), qos: 1, packetId: 1 }
const responseTopic = 'answers/here'

function answer(driven: DrivenCore, turn: ReturnType<DrivenCore['publish']>, text = '{}') {
  const [asked] = turn.requests
  assert.ok(asked !== undefined, 'there is a request')
  return driven.input((core, nowMs, next) => core.answerRequest(asked, Buffer.from(text), nowMs, next))
}

function asker(driven: DrivenCore, version: 4 | 5 = 5): Connection {
  const connection = driven.connect(`asker-${version}`, { version })
  driven.subscribe(connection, '$pabal/who/1/reply', { qos: 1 })
  return connection
}

test('a request is acknowledged, handed out, and its answer comes on the reply of its own Topic Name', () => {
  for (const version of [4, 5] as const) {
    const driven = new DrivenCore()
    const connection = asker(driven, version)
    const turn = driven.publish(connection, request)
    assert.deepEqual(sent(turn, connection), ['puback 1 0'])
    const { name, payload, qos, replyTopicName } = turn.requests[0] ?? {}
    assert.deepEqual([name, String(payload), qos, replyTopicName], ['who', 'a/b', 1, '$pabal/who/1/reply'])
    assert.deepEqual(sent(answer(driven, turn), connection), ['publish $pabal/who/1/reply {} qos 1 1'])
    expectLedger(driven.state)
  }
})

test('a Response Topic takes precedence, and its answer has the Correlation Data', () => {
  const driven = new DrivenCore()
  const connection = driven.connect('asker')
  driven.subscribe(connection, responseTopic, { qos: 1 })
  const properties = { responseTopic, correlationData: Buffer.from('7') }
  const turn = driven.publish(connection, { ...request, topicName: '$pabal/who', properties })
  const answered = answer(driven, turn)
  const [publish] = [...answered.now, ...answered.onceDurable]
  assert.ok(publish?.type === 'publish')
  assert.equal(publish.message.topicName, responseTopic)
  assert.equal(String(publish.message.publish.properties.correlationData), '7')
  assert.equal(publish.message.publish.properties.contentType, 'application/json')
  expectLedger(driven.state)
})

test('a private reply reaches nobody but the Session that asked', () => {
  const driven = new DrivenCore()
  const connection = asker(driven)
  const other = driven.connect('other')
  driven.subscribe(other, '$pabal/who/1/reply', { qos: 1 })
  const answered = answer(driven, driven.publish(connection, request))
  assert.deepEqual(sent(answered, other), [])
  assert.deepEqual(sent(answered, connection), ['publish $pabal/who/1/reply {} qos 1 1'])
})

test('an answer waits in the Session of a client that has gone meanwhile', () => {
  const driven = new DrivenCore()
  const connection = asker(driven)
  const turn = driven.publish(connection, request)
  driven.breakOff(connection)
  answer(driven, turn)
  assert.equal(driven.session('asker-5').outbound.queuedMessages, 1)
  expectLedger(driven.state)
})

test('an answer to a Session that has ended goes nowhere, and is counted', () => {
  const driven = new DrivenCore()
  const connection = driven.connect('asker', { properties: { sessionExpiryInterval: 0 } })
  driven.subscribe(connection, '$pabal/who/1/reply', { qos: 1 })
  const turn = driven.publish(connection, request)
  driven.breakOff(connection)
  answer(driven, turn)
  assert.equal(driven.state.tally.messages.unmatched, 1)
  expectLedger(driven.state)
})

test('a request without a place for its answer is refused and says what to do', () => {
  const driven = new DrivenCore()
  const connection = asker(driven)
  const turn = driven.publish(connection, { ...request, topicName: '$pabal/who' })
  assert.deepEqual([sent(turn, connection), turn.requests.length], [['puback 1 131'], 0])
})

test('a Response Topic that is reserved, or where the client may not publish, is refused with 0x87 and no answer', () => {
  for (const reserved of ['$SYS/x', '$share/g/x', '$pabal/who', '$pabal/events/x']) {
    const driven = new DrivenCore()
    const connection = asker(driven)
    const turn = driven.publish(connection, { ...request, properties: { responseTopic: reserved } })
    assert.deepEqual([sent(turn, connection), turn.requests.length], [['puback 1 135'], 0], reserved)
  }
  for (const allowed of [true, false]) {
    const driven = new DrivenCore({}, { asksAuthorization: true })
    const connection = driven.connect('asker')
    const { questions } = driven.publish(connection, { ...request, properties: { responseTopic } })
    const [question] = questions
    assert.ok(question?.type === 'authorize-reply')
    assert.equal(question.reply.topicName, responseTopic)
    const answered = { type: 'authorized', allowed: [allowed] } as const
    const turn = driven.input((core, nowMs, next) => core.answered(question, answered, nowMs, next))
    assert.deepEqual(sent(turn, connection), [allowed ? 'puback 1 0' : 'puback 1 135'])
    assert.equal(turn.requests.length, allowed ? 1 : 0)
    expectLedger(driven.state)
  }
})

test('more requests than the limit are refused with 0x97, and later ones are answered again', () => {
  const driven = new DrivenCore({ requestsPerSecondMax: 2 })
  const connection = asker(driven)
  const publish = () => sent(driven.publish(connection, request), connection)
  assert.deepEqual([publish(), publish(), publish()].flat(), ['puback 1 0', 'puback 1 0', 'puback 1 151'])
  driven.nowMs += 500
  assert.deepEqual([publish(), publish()].flat(), ['puback 1 0', 'puback 1 151'])
  expectLedger(driven.state)
})

test('a 3.1.1 client that asks too often stays connected and is answered with an error', () => {
  const driven = new DrivenCore({ requestsPerSecondMax: 1 })
  const connection = asker(driven, 4)
  driven.publish(connection, request)
  const [error = '', puback] = sent(driven.publish(connection, { ...request, packetId: 2 }), connection)
  assert.equal(puback, 'puback 2 0')
  assert.match(error, /^publish \$pabal\/who\/1\/reply \{"type":"who","error":\{"found":"one request more"/)
  assert.equal(connection.isClosed, false)
  expectLedger(driven.state)
})

test('a repeated QoS 2 request is acknowledged again and asked once', () => {
  const driven = new DrivenCore()
  const connection = asker(driven)
  const first = driven.publish(connection, { ...request, qos: 2 })
  const second = driven.publish(connection, { ...request, qos: 2, dup: true })
  assert.deepEqual([sent(first, connection), sent(second, connection)], [['pubrec 1 0'], ['pubrec 1 0']])
  assert.deepEqual([first.requests.length, second.requests.length], [1, 0])
  assert.deepEqual(sent(driven.acknowledge(connection, 'pubrel', 1), connection), ['pubcomp 1 0'])
})

test('of the own Topic Names a client may subscribe to replies, to events with permission, and to nothing else', () => {
  const driven = new DrivenCore()
  const connection = driven.connect('c')
  const code = (topicFilter: string): string[] => sent(driven.subscribe(connection, topicFilter), connection)
  for (const filter of [
    '$pabal/#',
    '$pabal/who',
    '$pabal/+/1/reply',
    '$pabal/who/+/reply',
    '$share/g/$pabal/who/1/reply',
  ]) {
    code(filter)
    assert.equal(driven.session('c').subscriptions.has(filter), false, filter)
  }
  code('$pabal/who/1/reply')
  assert.equal(driven.session('c').subscriptions.has('$pabal/who/1/reply'), true)
  for (const topicFilter of ['$pabal/events/#', '$share/g/$pabal/events/client/+']) {
    const { questions } = driven.subscribe(connection, topicFilter)
    const [question] = questions
    assert.equal(question?.type, 'authorize-subscribe')
    const answered = { type: 'authorized', allowed: [false] } as const
    if (question !== undefined) driven.input((core, nowMs, turn) => core.answered(question, answered, nowMs, turn))
    assert.equal(driven.session('c').subscriptions.has(topicFilter), false)
  }
})
